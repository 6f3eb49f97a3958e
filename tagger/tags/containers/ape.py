"""APEv2 tags, at the end of WavPack, Monkey's Audio and Musepack files.

Source: https://wiki.hydrogenaud.io/index.php?title=APEv2_specification
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from tagger.tags.containers.id3 import read_tag
from tagger.tags.containers.id3v1 import read_v1
from tagger.tags.containers.lengths import check_length
from tagger.tags.containers.parts import (
    MOST_PARTS,
    Container,
    DamagedError,
    Item,
    Layout,
    Range,
    Source,
)

DIALECT = "ape"
_MARK = b"APETAGEX"
_HAS_HEADER, _IS_HEADER = 1 << 31, 1 << 29


@dataclass(frozen=True, slots=True)
class Ape(Container):
    """Files with an APEv2 tag behind the sound."""

    name: str

    def read(self, source: Source) -> Layout:
        """Its items."""
        start, end = find_tag(source)
        reason = ""
        if start == end and source.peek(end - 9, 9) == b"LYRICS200":
            reason = "a Lyrics3 tag may hide its own"
        elif start < end and source.at(end - 9, 1)[0] & 0x80 and source.at(start, 8) != _MARK:
            reason = "the head of its APE tag is not where its end says"
        return Layout(DIALECT, tuple(_items(source, start, end)), (read_v1(source),), reason)

    def audio(self, source: Source) -> Iterator[Range]:
        """All before the tag, without an ID3v2 tag that some put in front."""
        start, _ = find_tag(source)
        yield min(read_tag(source).size, start), start

    def check_sound(self, source: Source) -> None:
        """Raise DamagedError where the sound ends before its headers say."""
        for start, end in self.audio(source):
            check_length(source, start, end)

    def head(self, source: Source) -> int:
        """All up to an ID3v1 tag behind it."""
        return find_tag(source)[1]


def find_tag(source: Source) -> Range:
    """Where the tag is; an empty range where it would stand."""
    if source.peek(0, 8) == _MARK:
        raise DamagedError("its APE tag stands in front of the sound")
    end = source.size - len(read_v1(source))
    footer = source.peek(end - 32, 32) if end >= 32 else b""
    if footer[:8] != _MARK:
        return end, end
    size, count, flags = struct.unpack("<III", footer[12:24])
    start = end - size
    if size < 32 or start < 0 or count > MOST_PARTS:
        raise DamagedError("its APE tag is damaged")
    if flags & _HAS_HEADER and source.peek(start - 32, 8) == _MARK and start >= 32:
        start -= 32
    return start, end


def texts(item: Item) -> tuple[str, ...]:
    """The values of a text item."""
    _, flags = struct.unpack("<II", item.raw[:8])
    if flags & 6:  # binary, or a link
        return ()
    value = item.raw[item.raw.index(b"\0", 8) + 1 :].decode("utf-8", "replace")
    return tuple(text for part in value.split("\0") if (text := part.strip()))


def check_text(item: Item) -> None:
    """Raise ValueError where an item holds more than `texts` gives."""
    if struct.unpack("<II", item.raw[:8])[1] & 6:
        raise DamagedError("it is no text")
    item.raw[8:].decode("utf-8")


def make_item(key: str, values: tuple[str, ...]) -> Item:
    """A text item."""
    value = "\0".join(values).encode()
    return Item(key.upper(), struct.pack("<II", len(value), 0) + key.encode() + b"\0" + value)


def _items(source: Source, start: int, end: int) -> Iterator[Item]:
    if start == end:
        return
    head = 32 if source.at(start, 8) == _MARK and end - start >= 64 else 0
    (count,) = struct.unpack("<I", source.at(end - 16, 4))
    body = source.at(start + head, end - 32 - start - head)
    at = 0
    for _ in range(count):
        zero = body.find(b"\0", at + 8)
        if zero < 0:
            raise DamagedError("its APE tag is damaged")
        after = zero + 1 + int.from_bytes(body[at : at + 4], "little")
        if after > len(body):
            raise DamagedError("its APE tag is damaged")
        key = body[at + 8 : zero].decode("ascii", "replace")
        yield Item(key.upper(), body[at:after])
        at = after
    if body[at:].strip(b"\0"):
        raise DamagedError("its APE tag holds more than it says")


def build(items: tuple[Item, ...]) -> bytes:
    """A tag of these items."""
    body = b"".join(item.raw for item in items)
    if len(body) + 32 >= 1 << 31:
        raise DamagedError("its APE tag would be too large")

    def end(flags: int) -> bytes:
        sizes = struct.pack("<IIII", 2000, len(body) + 32, len(items), _HAS_HEADER | flags)
        return _MARK + sizes + bytes(8)

    return end(_IS_HEADER) + body + end(0)
