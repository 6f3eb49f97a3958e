"""Which bytes of two files lie in the same blocks of a disk, as Linux tells it.

Bytes that share their blocks are one and the same, and need not be read twice to be compared. Other
systems, and disks that cannot share, tell nothing; then all is read.

Source: the kernel's Documentation/filesystems/fiemap.rst
"""

from __future__ import annotations

import struct
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

_FIEMAP = 0xC020660B
_HEAD = struct.Struct("=QQLLLL")  # start, length, flags, mapped, room, reserved
_EXTENT = struct.Struct("=QQQ16xL12x")  # place in the file, on the disk, length, flags
_ROOM = 256  # extents asked for at once
_SYNC = 0x1  # have the disk decide first where everything goes
_LAST, _SHARED = 0x1, 0x2000
_PLAIN = _LAST | _SHARED | 0x1000  # any other flag: compressed, not on the disk yet, ...


@dataclass(frozen=True, slots=True)
class Extent:
    """Bytes of a file that lie in shared blocks, one behind the other."""

    start: int  # in the file
    end: int
    block: int  # where on the disk the first of them is, in bytes


def shared_extents(descriptor: int) -> list[Extent]:
    """The parts of an open file that it shares with any other; none where that is not known."""
    found: list[Extent] = []
    if sys.platform == "linux":
        with suppress(OSError):
            found = list(_shared(descriptor))
    return found


def unshared(
    one: Sequence[Extent], other: Sequence[Extent], start: int, place: int, length: int
) -> Iterator[tuple[int, int]]:
    """What is left to compare of `length` bytes of a file, from `start`, with another's at `place`.

    In bytes from `start`: from, up to.

    >>> list(unshared([Extent(0, 90, 5000)], [Extent(10, 100, 5000)], 0, 10, 100))
    [(90, 100)]
    """
    at = 0
    for first, last in sorted(_same(one, other, start, place, length)):
        if first > at:
            yield at, first
        at = max(at, last)
    if at < length:
        yield at, length


def _same(
    one: Sequence[Extent], other: Sequence[Extent], start: int, place: int, length: int
) -> Iterator[tuple[int, int]]:
    lying = defaultdict(list)  # where on the disk the other's first byte to compare would be
    for its in other:
        lying[its.block - its.start + place].append(its)
    for mine in one:
        for its in lying[mine.block - mine.start + start]:
            first = max(mine.start - start, its.start - place, 0)
            last = min(mine.end - start, its.end - place, length)
            if first < last:
                yield first, last


def _shared(descriptor: int) -> Iterator[Extent]:
    import fcntl

    at, last = 0, False
    while not last:
        asked = bytearray(_HEAD.pack(at, 2**63 - 1 - at, _SYNC, 0, _ROOM, 0))
        asked += bytes(_ROOM * _EXTENT.size)
        fcntl.ioctl(descriptor, _FIEMAP, asked)
        mapped = _HEAD.unpack_from(asked)[3]
        last = not mapped
        for i in range(mapped):
            place, block, length, flags = _EXTENT.unpack_from(asked, _HEAD.size + i * _EXTENT.size)
            at, last = place + length, bool(flags & _LAST)
            if flags & _SHARED and not flags & ~_PLAIN:
                yield Extent(place, place + length, block)
