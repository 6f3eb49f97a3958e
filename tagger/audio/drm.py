"""Copy protection: files whose sound is there but locked."""

from __future__ import annotations

import re
from typing import BinaryIO

# Sample entries of a protected MP4: "drms" is Apple's FairPlay, "enca" any scheme of ISO/IEC
# 14496-12 section 8.12. The name stands 12 bytes after "stsd": version and flags, count, size.
_LOCKED_ENTRY = re.compile(rb"stsd.{12}(?:drms|enca)", re.DOTALL)

# The index of an MP4 grows with the track; a day of AAC needs 16 MB.
_MOOV_LIMIT = 16 * 2**20

# Beyond these a file is damaged: a fragmented one of a day has some ten thousand boxes.
_MOST_BOXES = 100_000
_LONGEST_BOX = 1 << 48

# Content Encryption and Extended Content Encryption objects, GUIDs as they lie in the file.
# Source: Advanced Systems Format specification 01.20.05, sections 3.14 and 3.15.
_ASF_MAGIC = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_LOCKS = (
    bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"),
    bytes.fromhex("14e68a292226174cb935dae07ee9289c"),
)


def is_protected(file: BinaryIO, head: bytes) -> bool:
    """Whether the sound is locked by DRM; `head` is how the file begins."""
    if head.startswith(_ASF_MAGIC):
        return any(lock in head for lock in _ASF_LOCKS)
    if head[4:8] == b"ftyp":
        return _LOCKED_ENTRY.search(_moov(file)) is not None
    return False


def _moov(file: BinaryIO) -> bytes:
    """The box that describes the tracks of an MP4, or nothing."""
    file.seek(0)
    for _ in range(_MOST_BOXES):
        if len(header := file.read(8)) < 8:
            break
        size = int.from_bytes(header[:4], "big")
        skip = size - 8
        if size == 1:  # the size did not fit in 32 bits and follows
            skip = int.from_bytes(file.read(8), "big") - 16
        if header[4:] == b"moov":
            return file.read(min(max(skip, 0), _MOOV_LIMIT))
        if not 0 <= skip < _LONGEST_BOX:
            break
        file.seek(skip, 1)
    return b""
