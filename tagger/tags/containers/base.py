"""What all containers have in common: items of tags, a parsed file, reading by place, and limits.

A file is cut into parts and put together again; it is never changed in place. Items that are not
ours travel as the raw bytes they were read as, so that they cannot come back changed.
"""

from __future__ import annotations

import io
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

Range = tuple[int, int]  # bytes of the old file: from, up to
Piece = bytes | Range  # a part of the new file: made anew, or copied from the old one

# A tag that grows, grows by whole blocks of a disk: the sound behind it then keeps its place in
# them, and a file system that shares blocks between files need not copy it.
BLOCK = 4096


# No tag with its pictures is larger; a file that says so would have us take all memory.
LARGEST = 64 << 20
READ_AT_ONCE = 1 << 18  # more leaves the caches of a processor
# Blocks, chunks, atoms, frames or fields: files have hundreds, and a thousand chapters at the most.
# Of zeros one could read without end, and mutagen takes seconds over so many.
MOST_PARTS = 1 << 16

T = TypeVar("T")


class DamagedError(ValueError):
    """A file that is not built as its format says; writing to it could lose something."""


@dataclass(frozen=True, slots=True)
class Item:
    """One tag as it stands in the file: its key, in capitals, and all of its bytes."""

    key: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Layout:
    """The tags of a file, in its order, and all else that it holds beside the sound."""

    dialect: str  # how items are written: id3v2.3, vorbis, mp4, ape, asf
    items: tuple[Item, ...]
    rest: tuple[bytes, ...] = ()  # must be the same after writing
    unwritable: str = ""  # why this file can be read but should not be written


class Source:
    """An open file, read by place; reading past its end is damage and allocates nothing."""

    def __init__(self, file: io.FileIO) -> None:
        self.file = file  # unbuffered: it is also copied from by its descriptor
        self.size = file.seek(0, os.SEEK_END)
        self._descriptor = file.fileno()

    def at(self, start: int, length: int) -> bytes:
        """Exactly `length` bytes from `start`."""
        if start < 0 or length < 0 or start + length > self.size:
            raise DamagedError("it ends before its parts do")
        if length > LARGEST:
            raise DamagedError("a part of it is larger than any tag")
        content = self._read(start, length)
        while len(content) < length:  # a system may return less than it is asked for
            if not (more := self._read(start + len(content), length - len(content))):
                raise DamagedError("it became shorter while it was read")
            content += more
        return content

    def _read(self, start: int, length: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._descriptor, length, start)
        self.file.seek(start)
        return self.file.read(length)

    def peek(self, start: int, length: int) -> bytes:
        """Up to `length` bytes, as many as there are."""
        start = max(start, 0)
        return self.at(start, max(0, min(length, self.size - start)))

    def blocks(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes from one place to another, in pieces that stay in the caches of a processor."""
        for at in range(start, end, READ_AT_ONCE):
            yield self.at(at, min(READ_AT_ONCE, end - at))


@dataclass(frozen=True)
class ParsedFile(ABC):
    """An open file cut into its parts: read once, and passed on while the file is open.

    Only bytes of the sound, and those that are copied, are read from the file again.
    """

    source: Source
    name: str  # of its container, as people call it
    layout: Layout

    @abstractmethod
    def audio(self) -> Iterable[Range]:
        """Where its sound is, free of everything that a change of tags may change."""

    def head(self) -> int:
        """How many bytes from its start hold all that a change of tags may change."""
        return self.source.size

    def check_sound(self) -> None:
        """Raise DamagedError where a tag behind the sound would be taken for more of it."""
        return

    def check_copy(self, copy: ParsedFile) -> None:
        """Raise DamagedError where something of a copy is wrong that is neither tag nor sound."""
        return

    def rest(self, head: Source) -> Iterable[Piece]:
        """What follows the head in a file that has another head."""
        return [(self.head(), self.source.size)]


def limited(parts: Iterable[T], most: int = MOST_PARTS) -> Iterator[T]:
    """All parts of a file; DamagedError where there are more than files have."""
    for number, part in enumerate(parts):
        if number == most:
            raise DamagedError("it has more parts than any file of music")
        yield part


def limited_bytes(parts: Iterable[bytes]) -> tuple[bytes, ...]:
    """Parts that stay in memory; DamagedError where together they are larger than any tags."""
    found, size = list[bytes](), 0
    for part in limited(parts):
        size += len(part)
        if size > LARGEST:
            raise DamagedError("it holds more beside its sound than any file of music")
        found.append(part)
    return tuple(found)


def in_order(items: Iterable[Item]) -> tuple[Item, ...]:
    """Items by their keys; those of one key as they stand. No other order means anything."""
    return tuple(sorted(items, key=lambda item: item.key))


def grown_by_blocks(needed: int, available: int) -> int:
    """Bytes to give to tags that need `needed`, where `available` are there now.

    >>> grown_by_blocks(3000, 4000), grown_by_blocks(4001, 4000), grown_by_blocks(9000, 100)
    (4000, 8096, 12388)
    """
    short = max(0, needed - available)
    return available + -(-short // BLOCK) * BLOCK
