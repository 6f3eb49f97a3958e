"""FLAC: blocks of metadata, one of them of Vorbis comments, then the sound.

Source: https://www.rfc-editor.org/rfc/rfc9639
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tagger.tags.containers.base import (
    DamagedError,
    Layout,
    ParsedFile,
    Range,
    Source,
    limited,
    limited_bytes,
)
from tagger.tags.containers.id3 import Id3Tag
from tagger.tags.containers.vorbis_comments import DIALECT, Comments, parse

_STREAM, _PADDING, _COMMENTS = 0, 1, 4


@dataclass(frozen=True)
class Flac(ParsedFile):
    """FLAC in its own container."""

    comments: Comments  # empty ones where there is no such block
    end: int  # of the metadata

    def audio(self) -> Iterable[Range]:
        """The frames behind the metadata."""
        return [(self.end, self.source.size)]

    def head(self) -> int:
        """All that stands before the frames."""
        return self.end


def read_flac(source: Source, front: Id3Tag) -> Flac:
    """A FLAC file, which some put behind an ID3v2 tag; DamagedError where its blocks are wrong."""
    start = front.size + 4
    places = list(limited(_places(source, start)))
    kinds = [kind for kind, _, _ in places]
    if kinds[0] != _STREAM:
        raise DamagedError("its stream is not described")
    if kinds.count(_COMMENTS) > 1:
        raise DamagedError("it has two sets of comments")
    contents = limited_bytes(b"" if k == _PADDING else source.at(a, size) for k, a, size in places)
    blocks = list(zip(kinds, contents, strict=True))
    comments = next((parse(content) for kind, content in blocks if kind == _COMMENTS), Comments())
    rest = (bytes([kind]) + c for kind, c in blocks if kind not in (_PADDING, _COMMENTS))
    parts = (source.at(0, start), comments.vendor, comments.tail, *rest)
    _, at, size = places[-1]
    return Flac(source, "FLAC", Layout(DIALECT, comments.items, parts), comments, at + size)


def _places(source: Source, at: int) -> Iterator[tuple[int, int, int]]:
    """Type, place and size of the content of each block."""
    first = at
    while True:
        head = source.at(at, 4)
        kind, size = head[0] & 0x7F, int.from_bytes(head[1:], "big")
        if kind == _STREAM and at > first:  # zeros, as in a download that was never finished
            raise DamagedError("its stream is described twice")
        yield kind, at + 4, size
        at += 4 + size
        if head[0] & 0x80:
            return
