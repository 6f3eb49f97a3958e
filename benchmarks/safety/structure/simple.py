"""FLAC, DSF, files with a tag in front of the sound, and those with one behind it."""

from __future__ import annotations

import struct

_APE_LAST = (b"wvpk", b"MAC ", b"MP+", b"MPCK")
_COMMENT, _PADDING = 4, 1


def parts(content: bytes) -> dict[str, bytes]:
    """The parts of a file of these kinds."""
    start = front_tag(content)
    mark = content[start : start + 4]
    if mark == b"fLaC":
        return {"before fLaC": content[:start], **_flac(content, start + 4)}
    if mark == b"DSD ":
        return _dsf(content)
    if mark.startswith(_APE_LAST):
        return {"front": content[:start], "sound": content[start : _ape_start(content)]}
    return {"sound and what is behind it": content[start:]}


def front_tag(content: bytes) -> int:
    """Where the first ID3v2 tag ends."""
    if content[:3] != b"ID3" or len(content) < 10:
        return 0
    size = 0
    for byte in content[6:10]:
        if byte > 0x7F:
            raise ValueError("the size of the ID3 tag is no such number")
        size = size << 7 | byte
    return 10 + size + (10 if content[3] == 4 and content[5] & 0x10 else 0)


def _flac(content: bytes, at: int) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    last = False
    while not last:
        head = content[at : at + 4]
        if len(head) < 4:
            raise ValueError("the blocks of the FLAC file have no end")
        last, kind, size = bool(head[0] & 0x80), head[0] & 0x7F, int.from_bytes(head[1:], "big")
        body = content[at + 4 : at + 4 + size]
        if len(body) != size:
            raise ValueError("a block of the FLAC file is cut off")
        if kind not in (_COMMENT, _PADDING):
            found[f"block {len(found)} of kind {kind}"] = body
        at += 4 + size
    return {**found, "sound": content[at:]}


def _dsf(content: bytes) -> dict[str, bytes]:
    size, start = struct.unpack("<QQ", content[12:28])
    if size != len(content):
        raise ValueError("the DSF file is not as long as it says")
    end = start or len(content)
    if start and content[start : start + 3] != b"ID3":
        raise ValueError("the DSF file has no tag where it says")
    return {"sound": content[28:end]}


def _ape_start(content: bytes) -> int:
    """Where the tags at the end start."""
    end = len(content) - 128 if content[-128:-125] == b"TAG" else len(content)
    foot = content[end - 32 : end]
    if foot[:8] != b"APETAGEX":
        return end
    size, flags = struct.unpack("<I4xI", foot[12:24])
    return max(0, int(end - size - (32 if flags & 0x80000000 else 0)))
