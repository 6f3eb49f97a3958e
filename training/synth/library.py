"""The MIDI files of the data folder: midi.csv and the members of midi.tar.gz, in memory."""

from __future__ import annotations

import csv
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tagger.errors import DataError

_LARGEST_BYTES = 4_000_000  # the largest file of the collection is far below; a song is below 1 MB


@dataclass(frozen=True, slots=True)
class MidiRow:
    """A row of midi.csv: member of the archive, train or valid, names with at least 8 notes."""

    file: str
    part: str
    instruments: frozenset[str]

    @property
    def stem(self) -> str:
        """The name of the file without folder and ending."""
        return PurePosixPath(self.file).stem


def read_rows(data: Path) -> tuple[MidiRow, ...]:
    """Return the rows of data/midi.csv."""
    path = data / "midi.csv"
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            return tuple(_row(record) for record in csv.DictReader(stream))
    except (OSError, KeyError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"not a readable list of MIDI files ({error!r})", path) from error


def read_members(data: Path, wanted: frozenset[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the wanted members of data/midi.tar.gz; nothing is unpacked to disk."""
    path = data / "midi.tar.gz"
    try:
        with tarfile.open(path, "r|gz") as archive:
            for member in archive:
                if member.name in wanted and member.isfile() and member.size <= _LARGEST_BYTES:
                    stream = archive.extractfile(member)
                    assert stream is not None, "a regular file has content"
                    yield member.name, stream.read()
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise DataError(f"not a readable archive ({error})", path) from error


def _row(record: dict[str, str]) -> MidiRow:
    names = frozenset(filter(None, record["instruments"].split("|")))
    row = MidiRow(record["file"], record["part"], names)
    # The stem becomes part of the names of our files.
    if not row.stem.replace("_", "").replace("-", "").isalnum():
        raise KeyError(f"file {row.file!r}")
    return row
