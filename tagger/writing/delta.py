"""Patches that restore a file as it was from the file as it is now.

Two files with the same sound differ in their frames: all bytes before, between and behind the parts
of the sound. A patch names the old frame's bytes that the new file does not hold, and where the
others lie in it. Pictures, as a rule, are found in both, so a patch takes a few hundred bytes.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from tagger.tags.containers.base import DamagedError, Piece, Range, Source

LARGEST_FRAME = 16 << 20  # larger ones are not looked at: their patch would be too large as well
LARGEST_PATCH = 256 << 10
_MOST_RANGES = 200_000  # of sound, two for each page of Ogg: they stay in memory
_PROBE = 64  # bytes by which a part of the old frame is looked for in the new one
_SEARCHED = 1 << 30  # bytes that may be searched through for one gap
_STEP = struct.Struct("<qqq")  # bytes of its own, then: how far from the last copy, how many
_HEAD = struct.Struct("<16s16s")


@dataclass(frozen=True)
class Frame:
    """All bytes of a file but its sound, and where that lies."""

    gaps: tuple[bytes, ...]  # before, between and behind the ranges
    ranges: tuple[Range, ...]

    @cached_property
    def digest(self) -> bytes:
        """A hash of the frame and of the lengths of the sound in it: 16 bytes."""
        found = hashlib.blake2b(digest_size=16)
        lengths = (end - start for start, end in (*self.ranges, (0, 0)))
        for gap, length in zip(self.gaps, lengths, strict=True):
            found.update(struct.pack("<QQ", len(gap), length))
            found.update(gap)
        return found.digest()

    @property
    def starts(self) -> tuple[int, ...]:
        """Where each gap begins."""
        return (0, *(end for _, end in self.ranges))


@dataclass(frozen=True, slots=True)
class Patch:
    """How to make a file as it was from the file as it is now."""

    was: bytes  # digest of the old frame
    now: bytes  # digest of the frame it can be made from
    recipe: bytes = b""  # compressed; empty where it would be too large

    def pack(self) -> bytes:
        """The patch as bytes."""
        return _HEAD.pack(self.was, self.now) + self.recipe

    @staticmethod
    def unpack(content: bytes) -> Patch:
        """The inverse of `pack`; ValueError where it is too short."""
        if len(content) < _HEAD.size:
            raise ValueError("a patch is cut off")
        was, now = _HEAD.unpack_from(content)
        return Patch(was, now, content[_HEAD.size :])

    def pieces(self, size: int) -> tuple[Piece, ...]:
        """The old file, from bytes and ranges of a file of `size` bytes; DamagedError otherwise."""
        try:
            pieces = tuple(_read(self.recipe))
        except (zlib.error, struct.error, ValueError) as error:
            raise DamagedError("the journal's copy of its old tags is damaged") from error
        ranges = [piece for piece in pieces if not isinstance(piece, bytes)]
        inside = all(0 <= start <= end <= size for start, end in ranges)
        if not inside or sum(end - start for start, end in ranges) > size + LARGEST_FRAME:
            raise DamagedError("the journal's copy of its old tags is damaged")
        return pieces


def read_frame(source: Source, ranges: Iterable[Range]) -> Frame | None:
    """The frame of an open file whose sound lies in `ranges`; None if it is too large."""
    parts = tuple(islice(ranges, _MOST_RANGES + 1))
    if len(parts) > _MOST_RANGES:
        return None
    starts, ends = (0, *(end for _, end in parts)), (*(start for start, _ in parts), source.size)
    lengths = [end - start for start, end in zip(starts, ends, strict=True)]
    if min(lengths) < 0 or sum(lengths) > LARGEST_FRAME:
        return None
    gaps = (source.at(start, length) for start, length in zip(starts, lengths, strict=True))
    return Frame(tuple(gaps), parts)


def make_patch(old: Frame | None, new: Frame | None) -> Patch | None:
    """What makes the old file from the new one; None where one of them is too large."""
    if old is None or new is None or len(old.gaps) != len(new.gaps):
        return None
    recipe = _write(difference(old, new))
    return Patch(old.digest, new.digest, recipe if len(recipe) <= LARGEST_PATCH else b"")


def difference(old: Frame, new: Frame) -> list[Piece]:
    """The old file as bytes of its own and ranges of the new one."""
    pieces: list[Piece] = []
    for i, (gap, other, start) in enumerate(zip(old.gaps, new.gaps, new.starts, strict=True)):
        pieces += _placed(_matched(gap, other), start)
        pieces += new.ranges[i : i + 1]
    return pieces


def _placed(pieces: Iterable[Piece], start: int) -> Iterator[Piece]:
    for piece in pieces:
        yield piece if isinstance(piece, bytes) else (start + piece[0], start + piece[1])


def _matched(old: bytes, new: bytes) -> Iterator[Piece]:
    """Bytes as bytes of their own and ranges of others."""
    first = _common(old, new)
    last = _common_end(old, new, min(len(old), len(new)) - first)
    yield 0, first
    yield from _found(old[first : len(old) - last], new)
    yield len(new) - last, len(new)


def _found(old: bytes, new: bytes) -> Iterator[Piece]:
    done = at = 0
    left = _SEARCHED // max(1, len(new))
    while at + _PROBE <= len(old) and left > 0:
        probe = old[at : at + _PROBE]
        place = -1 if probe == probe[:1] * _PROBE else new.find(probe)  # zeros are no landmark
        if place < 0:
            at, left = at + _PROBE, left - 1
            continue
        before = min(at - done, place)
        back = _common_end(old[at - before : at], new[place - before : place], before)
        size = _common(old, new, at, place)
        yield old[done : at - back]
        yield place - back, place + size
        done = at = at + size
    yield old[done:]


def _common(one: bytes, other: bytes, start: int = 0, place: int = 0) -> int:
    """How many bytes are the same, from a place in each on."""
    low, high = 0, min(len(one) - start, len(other) - place)
    while low < high:
        middle = (low + high + 1) // 2
        if one[start + low : start + middle] == other[place + low : place + middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_end(one: bytes, other: bytes, most: int) -> int:
    """How many bytes before their ends are the same, up to `most`."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[len(one) - middle : len(one) - low] == other[len(other) - middle : len(other) - low]:
            low = middle
        else:
            high = middle - 1
    return low


def _write(pieces: Iterable[Piece]) -> bytes:
    """Pieces as bytes; copies that follow each other become one."""
    steps, own, place = [[0, 0, 0]], bytearray(), 0
    for piece in pieces:
        if isinstance(piece, bytes):
            if not piece:
                continue
            if steps[-1][2]:
                steps.append([0, 0, 0])
            steps[-1][0] += len(piece)
            own += piece
        elif piece[0] < piece[1]:
            if piece[0] != place and steps[-1][2]:
                steps.append([0, 0, 0])
            if not steps[-1][2]:
                steps[-1][1] = piece[0] - place
            steps[-1][2] += piece[1] - piece[0]
            place = piece[1]
    table = b"".join(_STEP.pack(*step) for step in steps)
    return zlib.compress(struct.pack("<Q", len(table)) + table + own, 9)


def _read(recipe: bytes) -> Iterator[Piece]:
    """The inverse of `_write`."""
    reader = zlib.decompressobj()
    content = reader.decompress(recipe, 4 * LARGEST_FRAME)
    if not reader.eof:
        raise ValueError("a recipe is cut off")
    (length,) = struct.unpack_from("<Q", content)
    at, place = 8 + length, 0
    for own, skip, size in _STEP.iter_unpack(content[8:at]):
        if own < 0 or size < 0 or at + own > len(content):
            raise ValueError("a recipe is damaged")
        if own:
            yield content[at : at + own]
        at, place = at + own, place + skip
        if size:
            yield place, place + size
        place += size
