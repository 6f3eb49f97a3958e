"""Opens a music file and reads its tags; the only module that does."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.errors import TagError
from tagger.vocabulary import Kind

if TYPE_CHECKING:
    from tagger.tags.containers.base import Layout, ParsedFile, Source
    from tagger.writing.delta import Frame


@dataclass(frozen=True, slots=True)
class FileTags:
    """The fields of a file that matter here; empty where a file has none."""

    genres: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    title: str = ""
    artist: str = ""
    album: str = ""
    compilation: bool = False
    provenance: tuple[str, ...] = ()
    # A fingerprint of the sound: by it a plan knows its file again.
    audio: str = field(default="", compare=False)

    def of(self, kind: Kind) -> tuple[str, ...]:
        """The values of one kind of tag, in the file's order."""
        return self.genres if kind == "genre" else self.instruments


@dataclass(frozen=True)
class OpenFile:
    """A file that is open for reading, parsed once."""

    path: Path
    parsed: ParsedFile
    status: os.stat_result  # from before it was read: a change since then shows

    @property
    def source(self) -> Source:
        """Its bytes."""
        return self.parsed.source

    @property
    def layout(self) -> Layout:
        """Its tags."""
        return self.parsed.layout

    @cached_property
    def audio(self) -> str:
        """The fingerprint of its sound."""
        from tagger.tags.fingerprint import fingerprint

        return fingerprint(self.source, self.parsed.audio())

    def frame(self) -> Frame | None:
        """All of its bytes but the sound; None where they are too many."""
        from tagger.writing.delta import read_frame

        return read_frame(self.source, self.parsed.audio())


@contextmanager
def opened(path: Path) -> Iterator[OpenFile]:
    """A file opened and cut into its parts; all that goes wrong with it is a TagError."""
    # Imported here: `musictag --help` need not pay for it.
    from tagger.tags.containers import Source, parse_file

    with translated(path):
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would wait for ever
            raise TagError("its tags cannot be read (not a regular file)", path)
        with path.open("rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            parsed = parse_file(Source(file))
            if parsed is None:
                raise TagError("tags of this kind of file cannot be read", path)
            yield OpenFile(path, parsed, status)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Errors of systems and damaged files, as a TagError with the path."""
    try:
        yield
    except OSError as error:
        raise TagError(f"its tags cannot be read ({error.strerror or error})", path) from error
    except (ValueError, struct.error, LookupError, ArithmeticError, RecursionError) as error:
        raise TagError(f"its tags cannot be read ({error})", path) from error


def read_tags(path: Path) -> FileTags:
    """The tags of a file; a TagError where its container is damaged or not known."""
    from tagger.tags.field_map import values_of

    with opened(path) as file:
        title, artist, album, compilation = (
            "; ".join(values_of(file.layout, name))
            for name in ("title", "artist", "album", "compilation")
        )
        return FileTags(
            genres=values_of(file.layout, "genre"),
            instruments=values_of(file.layout, "instrument"),
            title=title,
            artist=artist,
            album=album,
            compilation=compilation == "1",
            provenance=values_of(file.layout, "provenance"),
            audio=file.audio,
        )
