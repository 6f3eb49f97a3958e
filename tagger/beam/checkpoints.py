"""Checkpoints: rows on the disk while a run goes on, from which another can resume.

Beam puts its output in place when all is done, and a run that is killed before leaves nothing. So
workers also write their rows to a folder beside the output, some at a time; a run that resumes
takes those and classifies only the rest. A retried piece of work may write a row again; that does
no harm, since whoever reads the folder takes one row of a path.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.io.filesystems import FileSystems
from apache_beam.metrics import Metrics

from tagger.beam.classify import NAMESPACE
from tagger.beam.files import File, is_local
from tagger.beam.parquet_rows import Row
from tagger.models.card import ModelCard

ROWS = 100  # in a part: some ten seconds of a core's work


class WritePart(beam.DoFn):
    """Rows -> files of the folder, each whole or not there at all."""

    def __init__(self, folder: str, schema: pa.Schema) -> None:
        self._folder, self._schema = folder, schema

    def start_bundle(self) -> None:
        """Begin with none."""
        self._rows: list[Row] = []

    def process(self, row: Row) -> None:
        """Take a row; write when there are enough."""
        self._rows.append(row)
        if len(self._rows) >= ROWS:
            self._write()

    def finish_bundle(self) -> None:
        """Write the rest."""
        if self._rows:
            self._write()

    def _write(self) -> None:
        # Named by what it holds: work done twice then leaves one file, not two.
        paths = "\0".join(row["path"] for row in self._rows)
        name = hashlib.blake2b(paths.encode(), digest_size=16).hexdigest()
        part = FileSystems.join(self._folder, f"{name}.parquet")
        with FileSystems.create(f"{part}.unfinished") as file:
            pq.write_table(pa.Table.from_pylist(self._rows, self._schema), file)
        _rename(f"{part}.unfinished", part)
        self._rows = []


def prepare(output: str, folder: str) -> list[str]:
    """The parts to go on from, an earlier output among them."""
    if FileSystems.exists(output):
        # Moved aside for the new one, which Beam puts in its place by deleting the old.
        if not FileSystems.exists(folder):
            FileSystems.mkdirs(folder)
        _rename(output, FileSystems.join(folder, "earlier.parquet"))
    return finished_parts(folder)


def finished_parts(folder: str) -> list[str]:
    """The finished parts in a folder."""
    (result,) = FileSystems.match([FileSystems.join(folder, "*.parquet")])
    return sorted(entry.path for entry in result.metadata_list)


def clear(folder: str) -> None:
    """Remove a folder of parts, finished or not."""
    (result,) = FileSystems.match([FileSystems.join(folder, "*")])
    if found := [entry.path for entry in result.metadata_list]:
        FileSystems.delete(found)
    if is_local(folder) and Path(folder).is_dir():  # object stores have no folders to remove
        Path(folder).rmdir()


class Choose(beam.DoFn):
    """What there is of a path -> the file, if it is to be classified; or its finished row."""

    FINISHED = "finished"

    def __init__(self, card: ModelCard, windows: int | None) -> None:
        self._model, self._windows = card.id, windows
        self._reused = Metrics.counter(NAMESPACE, "kept")

    def process(self, given: tuple[str, dict[str, Iterable[object]]]) -> Iterator[object]:
        """One of the two, once, however often a pattern found the file."""
        _, of = given
        files = [item for item in of["files"] if isinstance(item, File)]
        rows = [item for item in of["rows"] if isinstance(item, dict) and self._fits(item, files)]
        if rows:
            self._reused.inc()
            yield beam.pvalue.TaggedOutput(self.FINISHED, max(rows, key=_modified))
        elif files:
            yield files[0]

    def _fits(self, row: Row, files: list[File]) -> bool:
        """Whether a row is what this run would write; a file not asked for today keeps its own."""
        if (row["model"], row["windows"]) != (self._model, self._windows):
            return False
        same = [(file.size, file.modified) == (row["size"], row["modified"]) for file in files]
        return all(same)


def _modified(row: Row) -> float:
    return float(row["modified"])


def _rename(source: str, target: str) -> None:
    if FileSystems.exists(target):
        FileSystems.delete([target])  # some filesystems do not rename onto a file
    FileSystems.rename([source], [target])
