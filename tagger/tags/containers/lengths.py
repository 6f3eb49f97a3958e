"""Whether sound in front of a tag is as long as its own headers say.

Where it is not, a reader takes the tag behind it for the rest of the sound.
Source: https://www.wavpack.com/WavPack5FileFormat.pdf, MACHeader.h of Monkey's Audio's SDK, and
https://trac.musepack.net/musepack/wiki/SV8Specification
"""

from __future__ import annotations

import struct

from tagger.tags.containers.parts import DamagedError, Source

_MOST_PARTS = 1_000_000  # a day of music has a fifth of them
_CUT = "its sound ends before its headers say"


def check_length(source: Source, start: int, end: int) -> None:
    """Raise DamagedError where the sound from `start` up to `end` should be longer."""
    checks = {b"wvpk": _check_wavpack, b"MAC ": _check_monkeys, b"MPCK": _check_musepack}
    if check := checks.get(source.peek(start, 4)):
        check(source, start, end)


def _check_wavpack(source: Source, at: int, end: int) -> None:
    for _ in range(_MOST_PARTS):
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
    for _ in range(_MOST_PARTS):
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
