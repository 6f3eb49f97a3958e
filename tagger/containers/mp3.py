"""MP3 (and TTA): an ID3v2 tag, the sound, then perhaps an APEv2 and an ID3v1 tag, left alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tagger.containers.ape import find_tag
from tagger.containers.id3 import Id3Tag, build_tag, read_tag
from tagger.containers.id3v1 import as_frames, read_v1
from tagger.containers.parts import Item, Layout, Piece, Range, Source, grown


@dataclass(frozen=True, slots=True)
class Mp3:
    """Files whose tag stands in front of the sound."""

    name: str = "MP3"

    def read(self, source: Source) -> Layout:
        """Its ID3v2 frames; where it has none, what its ID3v1 tag says."""
        tag = read_tag(source)
        v1 = read_v1(source)
        items = tag.items if tag.size else as_frames(v1)
        start, _ = find_tag(source)
        return Layout(tag.dialect, items, (source.at(start, source.size - start),), tag.doubt)

    def audio(self, source: Source) -> Iterator[Range]:
        """Everything between the tags."""
        start, _ = find_tag(source)
        yield min(read_tag(source).size, start), start

    def pieces(self, source: Source, items: Iterable[Item]) -> Iterator[Piece]:
        """A tag in the room of the old one where it fits, then the rest."""
        tag = read_tag(source)
        kept = tuple(items)
        needed = len(build_tag(tag, kept))
        yield build_tag(tag if tag.size else Id3Tag(), kept, grown(needed, tag.size))
        yield tag.size, source.size
