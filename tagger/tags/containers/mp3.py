"""MP3 (and TTA): an ID3v2 tag, the sound, then perhaps an APEv2 and an ID3v1 tag, left alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tagger.tags.containers.ape import find_tag
from tagger.tags.containers.base import Layout, ParsedFile, Range, Source
from tagger.tags.containers.id3 import Id3Tag
from tagger.tags.containers.id3_frames import make_item
from tagger.tags.containers.id3v1 import as_frames, genre_of, is_cut, read_v1


@dataclass(frozen=True)
class Mp3(ParsedFile):
    """Files whose tag stands in front of the sound."""

    tag: Id3Tag
    end: int  # of the sound

    def audio(self) -> Iterable[Range]:
        """Everything between the tags."""
        return [(min(self.tag.size, self.end), self.end)]

    def head(self) -> int:
        """The ID3v2 tag."""
        return self.tag.size


def read_mp3(source: Source, tag: Id3Tag, name: str = "MP3") -> Mp3:
    """The ID3v2 frames of a file that begins with this tag; if none, what its ID3v1 tag says.

    Where only the genre is missing, others show that of the ID3v1 tag, so it counts.
    """
    v1 = read_v1(source)
    items = tag.items if tag.size else as_frames(v1)
    if (genre := genre_of(v1)) and all(item.key != "TCON" for item in items):
        items += (make_item("TCON", (genre,), tag.dialect),)
    end, _ = find_tag(source, v1)
    doubt = "its ID3v1 tag is cut off" if not v1 and is_cut(source) else tag.doubt
    layout = Layout(tag.dialect, items, (source.at(end, source.size - end),), doubt)
    return Mp3(source, name, layout, tag, end)
