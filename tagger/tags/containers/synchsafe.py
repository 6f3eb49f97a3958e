"""Numbers of ID3v2 in four bytes of which each gives seven bits, so that none looks like sound."""

from __future__ import annotations

from tagger.tags.containers.parts import DamagedError

LARGEST = (1 << 28) - 1


def decode(content: bytes) -> int:
    """The number in some bytes; their highest bits say nothing.

    >>> decode(bytes([0, 0, 2, 1]))
    257
    """
    number = 0
    for byte in content:
        number = number << 7 | byte & 0x7F
    return number


def encode(number: int) -> bytes:
    """A number as four bytes; DamagedError where it is too large."""
    if number > LARGEST:
        raise DamagedError("a field is too large for an ID3 tag")
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))
