"""FLAC: blocks of metadata, one of them of Vorbis comments, then the sound.

Source: https://www.rfc-editor.org/rfc/rfc9639
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tagger.tags.containers.id3 import read_tag
from tagger.tags.containers.parts import Container, DamagedError, Layout, Range, Source, few, kept
from tagger.tags.containers.vorbis import DIALECT, Comments, parse

_STREAM, _PADDING, _COMMENTS = 0, 1, 4


@dataclass(frozen=True, slots=True)
class _Blocks:
    """The metadata: its blocks as (type, content), and where it starts and ends."""

    blocks: tuple[tuple[int, bytes], ...]
    start: int
    end: int

    @property
    def comments(self) -> Comments:
        """The comment block, empty where there is none."""
        for kind, content in self.blocks:
            if kind == _COMMENTS:
                return parse(content)
        return Comments()


@dataclass(frozen=True, slots=True)
class Flac(Container):
    """FLAC in its own container."""

    name: str = "FLAC"

    def read(self, source: Source) -> Layout:
        """Its comments."""
        blocks = _read_blocks(source)
        comments = blocks.comments
        others = (b for b in blocks.blocks if b[0] not in (_PADDING, _COMMENTS))
        rest = tuple(bytes([kind]) + content for kind, content in others)
        front = source.at(0, blocks.start)
        return Layout(DIALECT, comments.items, (front, comments.vendor, comments.tail, *rest))

    def audio(self, source: Source) -> Iterator[Range]:
        """The frames behind the metadata."""
        yield _read_blocks(source).end, source.size

    def head(self, source: Source) -> int:
        """All that stands before the frames."""
        return _read_blocks(source).end

    def comments(self, source: Source) -> Comments:
        """Its comment block; an empty one where there is none."""
        return _read_blocks(source).comments


def _read_blocks(source: Source) -> _Blocks:
    start = read_tag(source).size + 4
    if source.at(start - 4, 4) != b"fLaC":
        raise DamagedError("it is no FLAC file")
    places = list(few(_places(source, start)))
    kinds = [kind for kind, _, _ in places]
    if kinds[0] != _STREAM:
        raise DamagedError("its stream is not described")
    if kinds.count(_COMMENTS) > 1:
        raise DamagedError("it has two sets of comments")
    contents = kept(b"" if k == _PADDING else source.at(at, size) for k, at, size in places)
    _, at, size = places[-1]
    return _Blocks(tuple(zip(kinds, contents, strict=True)), start, at + size)


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
