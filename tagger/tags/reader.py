"""The tags a music file holds today, and the one place where it is opened for them."""

from __future__ import annotations

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
    from tagger.tags.containers.parts import Container, Layout, Source
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
    """A file that is open for reading, and what it holds."""

    path: Path
    source: Source
    container: Container
    layout: Layout

    @cached_property
    def audio(self) -> str:
        """The fingerprint of its sound."""
        from tagger.tags.fingerprint import fingerprint

        return fingerprint(self.source, self.container.audio(self.source))

    def frame(self) -> Frame | None:
        """All of it but the sound, read anew; None where that is too large to look at."""
        from tagger.writing.delta import read_frame

        return read_frame(self.source, self.container.audio(self.source))


@contextmanager
def opened(path: Path) -> Iterator[OpenFile]:
    """A file opened and cut into its parts; all that goes wrong with it is a TagError."""
    # Imported here: `musictag --help` need not pay for it.
    from tagger.tags.containers import Source, identify

    with translated(path):
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would wait for ever
            raise TagError("its tags cannot be read (not a regular file)", path)
        with path.open("rb", buffering=0) as file:
            source = Source(file)
            container = identify(source)
            if container is None:
                raise TagError("tags of this kind of file cannot be read", path)
            yield OpenFile(path, source, container, container.read(source))


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
