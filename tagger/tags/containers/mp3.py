"""MP3 (and TTA): an ID3v2 tag, the sound, then perhaps an APEv2 and an ID3v1 tag, left alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tagger.tags.containers.ape import find_tag
from tagger.tags.containers.id3 import Id3Tag, make_item, read_tag
from tagger.tags.containers.id3v1 import as_frames, genre_of, is_cut, read_v1
from tagger.tags.containers.parts import Container, Layout, Range, Source


@dataclass(frozen=True, slots=True)
class Mp3(Container):
    """Files whose tag stands in front of the sound."""

    name: str = "MP3"

    def read(self, source: Source) -> Layout:
        """Its ID3v2 frames; where it has none, what its ID3v1 tag says.

        Where only the genre is missing, others show that of the ID3v1 tag, so it counts.
        """
        tag = read_tag(source)
        v1 = read_v1(source)
        items = tag.items if tag.size else as_frames(v1)
        if (genre := genre_of(v1)) and all(item.key != "TCON" for item in items):
            items += (make_item("TCON", (genre,), tag.dialect),)
        start, _ = find_tag(source)
        doubt = "its ID3v1 tag is cut off" if not v1 and is_cut(source) else tag.doubt
        return Layout(tag.dialect, items, (source.at(start, source.size - start),), doubt)

    def audio(self, source: Source) -> Iterator[Range]:
        """Everything between the tags."""
        start, _ = find_tag(source)
        yield min(read_tag(source).size, start), start

    def head(self, source: Source) -> int:
        """The ID3v2 tag."""
        return read_tag(source).size

    def tag(self, source: Source) -> Id3Tag:
        """Its ID3v2 tag."""
        return read_tag(source)
