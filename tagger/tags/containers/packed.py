"""How much unpacks from a frame of ID3, found out without keeping any of it."""

from __future__ import annotations

import contextlib
import zlib

from tagger.tags.containers.parts import LARGEST

_STARTS = (10, 14, 15)  # behind what the other flags put in front
_STEP = 1 << 22


def unpacked_size(frame: bytes) -> int:
    """Bytes that a packed frame holds, up to a fault; of too many, not all are counted."""
    return max(_inflated(frame[start:]) for start in _STARTS)


def _inflated(packed: bytes) -> int:
    unpacker, size = zlib.decompressobj(), 0
    with contextlib.suppress(zlib.error):
        while size <= LARGEST and (part := unpacker.decompress(packed, _STEP)):
            size += len(part)
            packed = unpacker.unconsumed_tail
    return size
