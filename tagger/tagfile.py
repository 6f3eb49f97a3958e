"""The tags a music file holds today: the only place that opens a file for its tags."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tagger.errors import TagError
from tagger.vocabulary import Kind


@dataclass(frozen=True, slots=True)
class FileTags:
    """The fields of a file that matter here; empty where a file has none."""

    genres: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    title: str = ""
    artist: str = ""
    album: str = ""

    def of(self, kind: Kind) -> tuple[str, ...]:
        """The values of one kind of tag, in the file's order."""
        return self.genres if kind == "genre" else self.instruments


def read_tags(path: Path) -> FileTags:
    """The tags of a file; a TagError where its container is damaged or not known."""
    # Imported here: mutagen and mediafile take 50 ms that `musictag --help` need not pay.
    import mediafile
    import mutagen

    from tagger.fields import TaggedFile

    try:
        file = TaggedFile(path)
        return FileTags(
            genres=_texts(file.genres),
            instruments=_texts(file.instruments),
            title=file.title or "",
            artist=file.artist or "",
            album=file.album or "",
        )
    except mediafile.FileTypeError as error:
        raise TagError("tags of this kind of file cannot be read", path) from error
    except (mediafile.UnreadableFileError, mutagen.MutagenError, OSError, ValueError) as error:
        raise TagError("its tags cannot be read", path) from error


def _texts(values: list[str] | None) -> tuple[str, ...]:
    return tuple(text for value in values or () if (text := str(value).strip()))
