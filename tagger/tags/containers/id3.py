"""ID3v2 tags, cut into frames and put together in the version they have.

Source: https://id3.org/id3v2.3.0, https://id3.org/id3v2.4.0-structure, https://id3.org/id3v2-00

Frames that are not ours keep their bytes, so none is translated from one version to another. Two
things go, as in every tag editor: the extended header, whose checksum would no longer be true,
and unsynchronisation of whole tags before 2.4, which no decoder of this century needs.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tagger.tags.containers.base import LARGEST, MOST_PARTS, DamagedError, Item, Source
from tagger.tags.containers.id3_frames import (
    LARGEST_SYNCHSAFE,
    UNSYNCHRONISED,
    body_of,
    decode_synchsafe,
    encode_synchsafe,
    key_of,
    unpacked_size,
    version_of,
)

_NAME = re.compile(rb"[A-Z0-9]{4}|[A-Z0-9]{3}[\0 ]")  # iTunes put names of 2.2 into tags of 2.3
_STRAY = "something stands behind the frames of its ID3 tag"
_AMBIGUOUS_SIZES = "the sizes of its ID3 frames can be read in two ways"
# Frames times bytes: mutagen copies the rest of the tag for each frame, 10 GB a second.
_MOST_COPIED = 20 << 30


@dataclass(frozen=True, slots=True)
class Id3Tag:
    """A whole tag: version 2 to 4, its frames, and the bytes it takes in the file."""

    version: int = 4
    items: tuple[Item, ...] = ()
    size: int = 0
    flags: int = 0  # of the header, as far as we write them again
    doubt: str = ""  # why it can be read but should not be written

    @property
    def dialect(self) -> str:
        """The dialect in which the frames are written."""
        return f"id3v2.{self.version}" + (UNSYNCHRONISED if self.flags else "")


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a walk from frame to frame found, and why some of it should not be written."""

    items: tuple[Item, ...]
    doubt: str
    unpacked: int = 0  # bytes that its packed frames hold


def read_tag(source: Source, start: int = 0) -> Id3Tag:
    """The tag at a place of a file; an empty one of size 0 where there is none."""
    head = source.peek(start, 10)
    if len(head) < 10 or head[:3] != b"ID3":
        return Id3Tag()
    version, flags = head[3], head[5]
    if version not in (2, 3, 4) or max(head[6:]) > 0x7F:
        raise DamagedError("its ID3 tag is of no known version")
    length = decode_synchsafe(head[6:])
    body = source.at(start + 10, length)
    footer = 10 if version == 4 and flags & 0x10 else 0
    if version < 4 and flags & 0x80:
        body = body.replace(b"\xff\0", b"\xff")
    if flags & 0x40:
        body = body[_extended(body, version) :]
    unsynchronised = flags & 0x80 if version == 4 else 0
    unknown = flags & (0, 0, 0, 0x1F, 0x0F)[version]
    found = _read_frames(body, f"id3v2.{version}" + (UNSYNCHRONISED if unsynchronised else ""))
    doubt = "its ID3 tag has flags that nobody knows" if unknown else found.doubt
    return Id3Tag(version, found.items, 10 + length + footer, unsynchronised, doubt)


def build_tag(tag: Id3Tag, items: Iterable[Item], size: int = 0) -> bytes:
    """A tag of these frames, in the version of `tag`, filled up to `size` bytes."""
    frames = b"".join(item.raw for item in items)
    length = max(len(frames), size - 10)
    if length > LARGEST_SYNCHSAFE:
        raise DamagedError("its ID3 tag would be larger than such a tag can be")
    head = b"ID3" + bytes([tag.version, 0, tag.flags]) + encode_synchsafe(length)
    return head + frames.ljust(length, b"\0")


def _read_frames(body: bytes, dialect: str, *, inside: bool = False) -> _Reading:
    """All frames. Sizes of version 2.4 are read in both ways, since old iTunes wrote plain ones."""
    if version_of(dialect) < 4:
        return _walk(body, dialect, plain=True, inside=inside)
    readings: list[_Reading] = []
    for plain in (False, True):
        with contextlib.suppress(DamagedError):
            readings.append(_walk(body, dialect, plain=plain, inside=inside))
        if readings and max((len(item.raw) for item in readings[0].items), default=0) < 128:
            break  # short sizes are the same in both
    if not readings:
        raise DamagedError("its ID3 tag is damaged")
    return readings[0] if len(readings) == 1 else _weighed(*readings)


def _weighed(safe: _Reading, plain: _Reading) -> _Reading:
    """The better of two readings, by known frames as in mutagen's determine_bpi.

    Where that does not tell for sure which one it is, the tag is shown but not to be written.
    """
    if safe.items == plain.items:
        return safe
    more = _n_known(plain) - _n_known(safe)
    best = plain if more > 0 else safe
    if not safe.doubt:
        # Sizes that are read too large may swallow the last frames and end in the padding, or stop
        # short of it; but where both readings find the same last frame, either may be true.
        swallowed = plain.doubt or safe.items[-1] != plain.items[-1]
        return safe if swallowed else replace(best, doubt=_AMBIGUOUS_SIZES)
    if plain.doubt or more > 0:
        return best
    return replace(safe, doubt=_AMBIGUOUS_SIZES)


def _n_known(reading: _Reading) -> int:
    from mutagen.id3 import Frames

    return sum(item.key.partition(":")[0] in Frames for item in reading.items)


def _walk(body: bytes, dialect: str, *, plain: bool, inside: bool = False) -> _Reading:
    """All frames up to the padding; an error where they do not fit one behind the other."""
    version = version_of(dialect)
    head, items, at, unpacked = (6 if version == 2 else 10), [], 0, 0
    while at + head <= len(body) and body[at]:
        name = body[at : at + (3 if version == 2 else 4)]
        number = body[at + len(name) : at + (6 if version == 2 else 8)]
        if not _NAME.fullmatch(name.ljust(4, b"\0")) or (not plain and max(number) > 0x7F):
            raise DamagedError("its ID3 tag is damaged")
        size = int.from_bytes(number, "big") if plain else decode_synchsafe(number)
        raw = body[at : at + head + size]
        if len(raw) < head + size:
            raise DamagedError("its ID3 tag is damaged")
        if plain and version == 4:
            raw = name + encode_synchsafe(size) + raw[8:]
        items.append(Item(key_of(name, raw, dialect), raw))
        unpacked += 0 if unpacked > LARGEST else _unpacked(raw, dialect, inside=inside)
        at += head + size
        if len(items) > MOST_PARTS:
            raise DamagedError("its ID3 tag has more frames than any file of music")
    return _Reading(tuple(items), _doubt(body, at, len(items), unpacked), unpacked)


def _doubt(body: bytes, end: int, count: int, unpacked: int) -> str:
    """Why frames that end there should not be written; nothing where they may be."""
    if unpacked > LARGEST:
        return "packed frames of its ID3 tag are too large, or cannot be read"
    if count * len(body) > _MOST_COPIED:
        return "it has too many ID3 frames for so large a tag"
    # Behind a zero there is padding; what else stands there would be lost.
    return "" if body[end:] == bytes(len(body) - end) else _STRAY


def _unpacked(raw: bytes, dialect: str, *, inside: bool) -> int:
    """How many bytes a packed frame holds, or those in a chapter; too many are not all counted."""
    version = version_of(dialect)
    if version == 2:
        return 0
    packed = raw[9] & (0x80 if version == 3 else 0x08)
    if raw[:4] in (b"CHAP", b"CTOC"):  # where one is packed, frames in it may be packed again
        # Chapters in chapters would be read again and again, and nobody writes them.
        return LARGEST + 1 if packed or inside else _in_chapter(raw, dialect)
    return unpacked_size(raw) if packed else 0


def _in_chapter(raw: bytes, dialect: str) -> int:
    """How many bytes the packed frames of a chapter hold; too many where they cannot be read."""
    try:
        body = body_of(raw, dialect)
        start = body.index(b"\0") + 1
        if raw[:4] == b"CHAP":
            start += 16
        else:
            number, start = body[start + 1], start + 2
            for _ in range(number):
                start = body.index(b"\0", start) + 1
        return _read_frames(body[start:], dialect, inside=True).unpacked
    except (ValueError, IndexError):
        return LARGEST + 1


def _extended(body: bytes, version: int) -> int:
    if version == 2 or len(body) < 4:
        raise DamagedError("its ID3 tag is packed in a way nobody uses")
    if _NAME.fullmatch(body[:4]):  # some set the flag and write no such header
        return 0
    length = 4 + int.from_bytes(body[:4], "big") if version == 3 else decode_synchsafe(body[:4])
    if length > len(body):
        raise DamagedError("its ID3 tag is damaged")
    return length
