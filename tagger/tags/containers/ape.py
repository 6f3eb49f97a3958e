"""APEv2 tags, at the end of WavPack, Monkey's Audio and Musepack files.

Source: https://wiki.hydrogenaud.io/index.php?title=APEv2_specification; for the lengths of sound,
https://www.wavpack.com/WavPack5FileFormat.pdf, MACHeader.h of Monkey's Audio's SDK, and
https://trac.musepack.net/musepack/wiki/SV8Specification
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tagger.tags.containers.base import (
    MOST_PARTS,
    DamagedError,
    Item,
    Layout,
    ParsedFile,
    Range,
    Source,
)
from tagger.tags.containers.id3 import Id3Tag
from tagger.tags.containers.id3v1 import read_v1

DIALECT = "ape"
_MARK = b"APETAGEX"
_HAS_HEADER, _IS_HEADER = 1 << 31, 1 << 29
_MOST_BLOCKS = 1_000_000  # of sound; a day of music has a fifth of them
_CUT = "its sound ends before its headers say"


@dataclass(frozen=True)
class Ape(ParsedFile):
    """Files with an APEv2 tag behind the sound."""

    sound: Range
    tag: Range  # empty where there is none, at the place where it would stand

    def audio(self) -> Iterable[Range]:
        """All before the tag, without an ID3v2 tag that some put in front."""
        return [self.sound]

    def check_sound(self) -> None:
        """Raise DamagedError where the sound ends before its headers say."""
        check_length(self.source, *self.sound)

    def head(self) -> int:
        """All up to an ID3v1 tag behind it."""
        return self.tag[1]


def read_ape(source: Source, front: Id3Tag, name: str) -> Ape:
    """A file with an APEv2 tag, which some put behind an ID3v2 tag."""
    v1 = read_v1(source)
    start, end = find_tag(source, v1)
    reason = ""
    if start == end and source.peek(end - 9, 9) == b"LYRICS200":
        reason = "a Lyrics3 tag may hide its own"
    elif start < end and source.at(end - 9, 1)[0] & 0x80 and source.at(start, 8) != _MARK:
        reason = "the head of its APE tag is not where its end says"
    layout = Layout(DIALECT, tuple(_items(source, start, end)), (v1,), reason)
    return Ape(source, name, layout, (min(front.size, start), start), (start, end))


def find_tag(source: Source, v1: bytes) -> Range:
    """Where the tag is, before an ID3v1 tag; an empty range where it would stand."""
    if source.peek(0, 8) == _MARK:
        raise DamagedError("its APE tag stands in front of the sound")
    end = source.size - len(v1)
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


def make_items(key: str, values: tuple[str, ...]) -> tuple[Item, ...]:
    """One text item with all values."""
    value = "\0".join(values).encode()
    raw = struct.pack("<II", len(value), 0) + key.encode() + b"\0" + value
    return (Item(key.upper(), raw),)


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


def check_length(source: Source, start: int, end: int) -> None:
    """Raise DamagedError where the sound from `start` up to `end` should be longer.

    A reader would then take the tag behind it for the rest of the sound.
    """
    checks = {b"wvpk": _check_wavpack, b"MAC ": _check_monkeys, b"MPCK": _check_musepack}
    if check := checks.get(source.peek(start, 4)):
        check(source, start, end)


def _check_wavpack(source: Source, at: int, end: int) -> None:
    for _ in range(_MOST_BLOCKS):
        head = source.at(at, min(8, end - at))
        if 0 < end - at < 32:  # bytes of a head, which the tag would complete
            raise DamagedError(_CUT)
        if head[:4] != b"wvpk":
            return  # no block: a reader goes no further, or looks for the next one
        size = 8 + int.from_bytes(head[4:], "little")
        if size < 32:
            raise DamagedError("a block of its sound is damaged")
        at += size
        if at > end:
            raise DamagedError(_CUT)
    raise DamagedError("it has too many blocks")


def _check_monkeys(source: Source, start: int, end: int) -> None:
    head = source.at(start, min(36, end - start))
    if len(head) < 36:
        raise DamagedError(_CUT)
    if int.from_bytes(head[4:6], "little") < 3980:  # tells of no sizes
        return
    *sizes, frames, more_frames, last = struct.unpack("<7I", head[8:])
    if start + sum(sizes) + frames + (more_frames << 32) + last > end:
        raise DamagedError(_CUT)


def _check_musepack(source: Source, start: int, end: int) -> None:
    at = start + 4
    for _ in range(_MOST_BLOCKS):
        head = source.at(at, min(12, end - at))
        if len(head) < 3:
            raise DamagedError(_CUT)
        if not head[:2].isalpha() or head[:2] == b"SE":  # the end of the stream
            return
        size = 0
        for number in head[2:]:
            size = size << 7 | number & 0x7F
            if number < 0x80:
                break
        at += max(size, 3)
        if at > end:
            raise DamagedError(_CUT)
    raise DamagedError("it has too many packets")
