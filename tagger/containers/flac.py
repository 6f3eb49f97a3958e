"""FLAC: blocks of metadata, one of them of Vorbis comments, then the sound.

Source: https://www.rfc-editor.org/rfc/rfc9639
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tagger.containers.id3 import read_tag
from tagger.containers.parts import Container, DamagedError, Layout, Range, Source
from tagger.containers.vorbis import DIALECT, Comments, parse

_PADDING, _COMMENTS = 1, 4


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
    blocks, at, last = [], start, 0
    while not last:
        head = source.at(at, 4)
        last, size = head[0] & 0x80, int.from_bytes(head[1:], "big")
        blocks.append((head[0] & 0x7F, source.at(at + 4, size)))
        at += 4 + size
    if blocks[0][0] != 0:
        raise DamagedError("its stream is not described")
    if sum(kind == _COMMENTS for kind, _ in blocks) > 1:
        raise DamagedError("it has two sets of comments")
    return _Blocks(tuple(blocks), start, at)
