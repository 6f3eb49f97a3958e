"""FLAC: blocks of metadata, one of them of Vorbis comments, then the sound.

Source: https://www.rfc-editor.org/rfc/rfc9639
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tagger.containers.id3 import read_tag
from tagger.containers.parts import DamagedError, Item, Layout, Piece, Range, Source, grown
from tagger.containers.vorbis import DIALECT, Comments, build, parse

_PADDING, _COMMENTS = 1, 4
_LARGEST = (1 << 24) - 1  # bytes of a block


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
class Flac:
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

    def pieces(self, source: Source, items: Iterable[Item]) -> Iterator[Piece]:
        """The blocks in their order; what padding there was is used up, then made anew."""
        old = _read_blocks(source)
        new = _COMMENTS, build(old.comments, items)
        kept = [block for block in old.blocks if block[0] != _PADDING]
        places = [i for i, (kind, _) in enumerate(kept) if kind == _COMMENTS]
        if places:
            kept[places[0]] = new
        else:
            kept.insert(1, new)  # behind the stream's description, which must be first
        needed = sum(4 + len(content) for _, content in kept)
        room = grown(needed + 4, old.end - old.start)
        kept += _padding(room - needed)
        yield 0, old.start
        yield b"".join(_block(*block, last=block is kept[-1]) for block in kept)
        yield old.end, source.size


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


def _block(kind: int, content: bytes, *, last: bool) -> bytes:
    if len(content) > _LARGEST:
        raise DamagedError("its comments would be larger than FLAC allows")
    return bytes([kind | (0x80 if last else 0)]) + len(content).to_bytes(3, "big") + content


def _padding(room: int) -> Iterator[tuple[int, bytes]]:
    """Blocks of padding that take `room` bytes with their headers."""
    while room >= 4:
        size = min(room - 4, _LARGEST)
        if 0 < room - 4 - size < 4:
            size -= 4
        yield _PADDING, bytes(size)
        room -= 4 + size
