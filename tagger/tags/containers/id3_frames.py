"""One frame of an ID3v2 tag: its key, its text, and a new one made from text.

Source: https://id3.org/id3v2.3.0, https://id3.org/id3v2.4.0-structure, https://id3.org/id3v2-00
"""

from __future__ import annotations

import contextlib
import zlib

from tagger.tags.containers.base import LARGEST, DamagedError, Item

CODECS = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}  # by a frame's first byte
JOINT = "; "  # between values before version 2.4, which has no sign for it
UNSYNCHRONISED = " unsynchronised"  # 2.4: all frames are, whatever their own flags say
LARGEST_SYNCHSAFE = (1 << 28) - 1
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")  # of UTF-16
# Names of version 2.2 -> those of 2.3 and 2.4, for the frames that we look at.
_OLD_NAMES = {"TCO": "TCON", "TXX": "TXXX", "TT2": "TIT2", "TP1": "TPE1", "TAL": "TALB",
              "TP2": "TPE2", "TCP": "TCMP"}  # fmt: skip
_NEW_NAMES = {new: old for old, new in _OLD_NAMES.items()}
_PACKED_STARTS = (10, 14, 15)  # behind what the other flags put in front
_UNPACKED_AT_ONCE = 1 << 22


def version_of(dialect: str) -> int:
    """The version, 2 to 4, of a dialect such as "id3v2.4"."""
    return int(dialect[6])


def key_of(name: bytes, raw: bytes, dialect: str) -> str:
    """The key of a frame by its name, in that of version 2.4; of TXXX with its description."""
    text = name.rstrip(b"\0 ").decode("ascii")
    text = _OLD_NAMES.get(text, text)
    if text != "TXXX":
        return text
    try:
        body = body_of(raw, dialect)
    except DamagedError:
        return text
    description = _decode(body[1:], CODECS.get(body[0], "latin-1")) if body else ""
    return f"TXXX:{description.split(chr(0))[0].upper()}"


def body_of(raw: bytes, dialect: str) -> bytes:
    """A frame without its header and whatever its flags put in front; DamagedError if packed."""
    version = version_of(dialect)
    if version == 2:
        return raw[6:]
    flags, body = raw[9], raw[10:]
    if flags & (0xC0 if version == 3 else 0x0C):
        raise DamagedError("a field of its ID3 tag is packed or encrypted")
    if flags & (0x20 if version == 3 else 0x40):
        body = body[1:]
    if version == 4 and flags & 0x01:
        body = body[4:]
    if version == 4 and (flags & 0x02 or dialect.endswith(UNSYNCHRONISED)):
        body = body.replace(b"\xff\0", b"\xff")
    return body


def texts(item: Item, dialect: str) -> tuple[str, ...]:
    """The values of a text frame."""
    body = body_of(item.raw, dialect)
    if not body:
        return ()
    parts = _decode(body[1:], CODECS.get(body[0], "latin-1")).split("\0")
    if item.key.startswith("TXXX:"):
        # The description ends with the first zero; the value may have a byte order mark again.
        parts = [part.removeprefix("\ufeff").removeprefix("\ufffe") for part in parts[1:]]
    if version_of(dialect) < 4:
        parts = [value for part in parts for value in _split(part, item.key)]
    if item.key == "TCON":
        parts = _genre_names(parts)
    return tuple(value for part in parts if (value := part.strip()))


def _split(text: str, key: str) -> list[str]:
    """The values in one text; programs that use mediafile or mutagen join them with "/"."""
    if key == "TXXX:INSTRUMENT":
        text = text.replace("/", JOINT)
    return text.split(JOINT)


def check_text(item: Item, dialect: str) -> None:
    """Raise ValueError where a text frame holds more than `texts` returns."""
    if not (body := body_of(item.raw, dialect)):
        return
    if body[0] not in CODECS:
        raise DamagedError("its encoding is unknown")
    text, codec = body[1:], CODECS[body[0]]
    if body[0] in (1, 2) and len(text) % 2 and text[-1] == 0:  # some end it with one zero
        text = text[:-1]
    text.decode(_with_byte_order(text, codec))


def make_item(key: str, values: tuple[str, ...], dialect: str) -> Item:
    """A text frame; where the version has no several values, they are joined."""
    version = version_of(dialect)
    name, _, description = key.partition(":")
    text = ("\0" if version == 4 else JOINT).join(values)
    encoding = 3 if version == 4 else 0 if is_latin(description + text) else 1
    codec = CODECS[encoding]
    end = b"\0\0" if encoding == 1 else b"\0"  # as mutagen ends all its texts
    body = bytes([encoding])
    if description:
        body += description.encode(codec) + end
    return Item(key, _frame(name, body + text.encode(codec) + end, version))


def is_latin(text: str) -> bool:
    """Whether a text can be written in Latin-1."""
    return all(ord(sign) < 256 for sign in text)


def unpacked_size(frame: bytes) -> int:
    """Bytes that a packed frame holds, up to a fault; of too many, not all are counted."""
    return max(_inflated_size(frame[start:]) for start in _PACKED_STARTS)


def decode_synchsafe(content: bytes) -> int:
    """The number in some bytes of which each gives seven bits.

    >>> decode_synchsafe(bytes([0, 0, 2, 1]))
    257
    """
    number = 0
    for byte in content:
        number = number << 7 | byte & 0x7F
    return number


def encode_synchsafe(number: int) -> bytes:
    """A number as four bytes of seven bits, so that none looks like sound.

    DamagedError where it is too large.
    """
    if number > LARGEST_SYNCHSAFE:
        raise DamagedError("a field is too large for an ID3 tag")
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def _frame(name: str, body: bytes, version: int) -> bytes:
    if version == 2:
        return _NEW_NAMES[name].encode("ascii") + len(body).to_bytes(3, "big") + body
    size = len(body).to_bytes(4, "big") if version == 3 else encode_synchsafe(len(body))
    return name.encode("ascii") + size + b"\0\0" + body


def _decode(content: bytes, codec: str) -> str:
    """The text; bytes that cannot be decoded are replaced."""
    return content.decode(_with_byte_order(content, codec), "replace")


def _with_byte_order(content: bytes, codec: str) -> str:
    unmarked = codec == "utf-16" and content[:2] not in _BYTE_ORDER_MARKS
    return "utf-16-le" if unmarked else codec


def _genre_names(values: list[str]) -> list[str]:
    """Names for numbers such as "17" and "(17)"."""
    from mutagen.id3 import TCON  # 30 ms that other commands need not pay

    return list(TCON(encoding=3, text=values).genres)  # type: ignore[no-untyped-call]


def _inflated_size(packed: bytes) -> int:
    unpacker, size = zlib.decompressobj(), 0
    with contextlib.suppress(zlib.error):
        while size <= LARGEST and (part := unpacker.decompress(packed, _UNPACKED_AT_ONCE)):
            size += len(part)
            packed = unpacker.unconsumed_tail
    return size
