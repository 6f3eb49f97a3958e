"""Identifies and compares the audio data of files, without their tags."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from tagger.tags.containers.base import READ_AT_ONCE, Range, Source
from tagger.writing.shared_blocks import Extent, unshared

# A fingerprint hashes so much of the start, the middle and the end, and the length. All of a
# library is fingerprinted when moved files are looked for; reading it whole would take an hour.
SAMPLE = 64 * 1024


def fingerprint(source: Source, ranges: Iterable[Range]) -> str:
    """A name for the sound that outlives renaming and retagging: 32 hexadecimal digits."""
    parts = list(ranges)
    length = sum(end - start for start, end in parts)
    found = hashlib.blake2b(length.to_bytes(8, "big"), digest_size=16)
    for at in sorted({0, max(0, (length - SAMPLE) // 2), max(0, length - SAMPLE)}):
        for block in _blocks(source, parts, at, SAMPLE):
            found.update(block)
    return found.hexdigest()


def same_audio(
    one: Source,
    its: Iterable[Range],
    other: Source,
    theirs: Iterable[Range],
    shared: tuple[Sequence[Extent], Sequence[Extent]] = ((), ()),
) -> bool:
    """Whether two files hold the same sound, byte by byte.

    Compared rather than hashed: it is faster, and no two different sounds compare equal. `shared`:
    which parts of each lie in blocks of the disk that others share; what lies in the same blocks is
    not read.
    """
    # Not put into lists: an Ogg file of ten hours has a million ranges.
    for (start, end), (place, stop) in zip_longest(its, theirs, fillvalue=(0, 0)):
        if end - start != stop - place:
            return False
        extents = shared if end - start > READ_AT_ONCE else ((), ())  # short ones are read sooner
        for first, last in unshared(*extents, start, place, end - start):
            if not _same_bytes(one, start + first, other, place + first, last - first):
                return False
    return True


def _same_bytes(one: Source, start: int, other: Source, place: int, length: int) -> bool:
    left, right = one.blocks(start, start + length), other.blocks(place, place + length)
    return all(its == theirs for its, theirs in zip(left, right, strict=True))


def _blocks(source: Source, ranges: list[Range], at: int, length: int) -> Iterator[bytes]:
    """`length` bytes from place `at` of the ranges put one behind the other."""
    for start, end in ranges:
        size = end - start
        if at < size and length > 0:
            taken = min(size - at, length)
            yield source.at(start + at, taken)
            length -= taken
        at = max(0, at - size)
