"""The parts of a file that no change of tags may change, found by small readers of our own.

Each gives names and bytes, or raises ValueError for a file that is not built as it should be.
"""

from __future__ import annotations

from benchmarks.safety.structure import chunks, mp4, objects, ogg, simple

Parts = dict[str, bytes]


def parts_of(content: bytes) -> Parts:
    """The parts of any file; none of a kind that is not known here."""
    mark = content[:4]
    if mark == b"OggS":
        return ogg.parts(content)
    if mark in (b"RIFF", b"RF64", b"BW64", b"FORM"):
        return chunks.parts(content)
    if content[4:8] == b"ftyp":
        return mp4.parts(content)
    if content.startswith(objects.HEADER):
        return objects.parts(content)
    return simple.parts(content)
