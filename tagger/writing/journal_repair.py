"""Diagnoses a damaged journal and rebuilds it from its intact rows."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tagger.errors import JournalError
from tagger.writing import journal_rows, journal_schema
from tagger.writing.delta import Patch
from tagger.writing.journal import NAME, is_damage, take_lock
from tagger.writing.journal_entries import Run

Row = dict[str, Any]
_SUFFIXES = ("", "-wal", "-shm")
_MOST = 10_000_000  # rows that are asked for one by one, where nothing tells which there are
_BROKEN = (sqlite3.Error, ValueError, LookupError, TypeError)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The faults of a journal, and its intact rows by id."""

    path: Path
    faults: tuple[str, ...] = ()
    runs: dict[int, Row] = field(default_factory=dict)
    files: dict[int, Row] = field(default_factory=dict)
    patches: dict[int, Row] = field(default_factory=dict)
    sealed: bool = True  # journals of version 1 have no checksums


@dataclass(slots=True)
class _Reading:
    """A journal that is being read, row by row."""

    database: sqlite3.Connection
    sealed: bool
    faults: list[str] = field(default_factory=list)

    def check_integrity(self) -> None:
        """Have SQLite check its pages and indexes."""
        try:
            texts = [text for (text,) in self.database.execute("PRAGMA integrity_check(20)")]
        except sqlite3.Error as error:
            texts = [str(error)]
        self.faults += [f"the database: {text}" for text in texts if text != "ok"]

    def sound_rows(self, name: str, key: str = "id") -> dict[int, Row]:
        """All intact rows of a table by id, each queried by itself."""
        sound: dict[int, Row] = {}
        query = f"SELECT * FROM {name} WHERE {key} = ?"  # noqa: S608
        for number in self._numbers(name, key):
            try:
                row = self.database.execute(query, (number,)).fetchone()
                if row is not None:
                    sound[number] = self._checked(name, {"undoes": None, **dict(row)})
            except _BROKEN as error:
                self.faults.append(f"row {number} of {name}: {error}")
        return sound

    def _checked(self, name: str, row: Row) -> Row:
        if name == "runs":
            journal_rows.to_run(row, {}, sealed=self.sealed)
        elif name == "files":
            journal_rows.to_entry(row, sealed=self.sealed)
        else:
            row.pop("undoes")
            Patch.unpack(journal_rows.typed(row["patch"], bytes))
        return row

    def _numbers(self, name: str, key: str) -> Iterable[int]:
        """The numbers of a table's rows; where a part of it is damaged, all that may be there."""
        up, faultless = self._ids(f"SELECT {key} FROM {name} ORDER BY {key}")  # noqa: S608
        if faultless:
            return up
        down, _ = self._ids(f"SELECT {key} FROM {name} ORDER BY {key} DESC")  # noqa: S608
        last, _ = self._ids(f"SELECT seq FROM sqlite_sequence WHERE name = '{name}'")  # noqa: S608
        start, end = up[-1] if up else 0, down[-1] if down else max([0, *last]) + 1
        return [*up, *range(start + 1, min(end, start + _MOST)), *reversed(down)]

    def _ids(self, query: str) -> tuple[list[int], bool]:
        found: list[int] = []
        try:
            for (number,) in self.database.execute(query):
                found.append(journal_rows.typed(number, int))
        except _BROKEN as error:
            self.faults.append(f"{query}: {error}")
            return found, False
        return found, True


def examine(folder: Path) -> Diagnosis:
    """Check every row of a journal; raises JournalError if it cannot be read for other reasons."""
    path = folder / NAME
    try:
        with closing(journal_schema.connect(path)) as database:
            database.text_factory = lambda text: text.decode("utf-8", "replace")
            database.execute("PRAGMA writable_schema = ON")  # reads a file that was cut off, too
            version = journal_schema.version_of(database)
            reading = _Reading(database, sealed=version > 1)
            reading.check_integrity()
            runs, files = reading.sound_rows("runs"), reading.sound_rows("files")
            patches = reading.sound_rows("patches", "file") if version > 1 else {}
            faults = tuple(dict.fromkeys(reading.faults))
            return Diagnosis(path, faults, runs, files, patches, reading.sealed)
    except (sqlite3.Error, OSError, ValueError) as error:
        if is_damage(error):
            return Diagnosis(path, (f"the whole of it: {error}",))
        raise JournalError(f"the journal cannot be used ({error})", folder) from error


def repair(folder: Path) -> tuple[Diagnosis, Path]:
    """Back the journal up and rebuild it from all intact rows; returns the path of the backup too.

    JournalError if another run is writing, or the disk is full; nothing has changed then.
    """
    with closing(take_lock(folder)):
        found = examine(folder)
        new = folder / "journal.new.sqlite"
        try:
            _make(new, found)
            backup = _back_up(found.path)
            if hasattr(os, "sync"):
                os.sync()  # both are on the disk before a name changes
            new.replace(found.path)
        except (sqlite3.Error, OSError) as error:
            raise JournalError(f"the journal cannot be repaired ({error})", folder) from error
        finally:
            new.unlink(missing_ok=True)
    return found, backup


def _make(path: Path, found: Diagnosis) -> None:
    path.unlink(missing_ok=True)
    with closing(journal_schema.connect(path)) as database:
        journal_schema.prepare(database)
        database.execute("BEGIN")
        for run in {row["run"] for row in found.files.values()} - found.runs.keys():
            journal_schema.insert(database, "runs", {"id": run, **_lost(run, found)})
        for table in ("runs", "files", "patches"):
            for row in getattr(found, table).values():
                journal_schema.insert(database, table, row)
        if not found.sealed:
            journal_schema.seal_all(database)
        database.execute("COMMIT")


def _lost(run: int, found: Diagnosis) -> Row:
    """A placeholder for an unreadable run that has intact files."""
    copies = (row["copy"] for row in found.files.values() if row["run"] == run and row["copy"])
    token = os.fsdecode(next(copies, b".musictag-00000000-")).rpartition(".musictag-")[2][:8]
    undone = Counter(
        found.files[row["undoes"]]["run"]
        for row in found.files.values()
        if row["run"] == run and row["undoes"] in found.files
    )
    undoes = undone.most_common(1)[0][0] if undone else None
    return journal_rows.run_row(Run(0, token, "?", "?", "", "salvaged", (), undoes, {}))


def _back_up(path: Path) -> Path:
    """Copy the journal's files to a backup; the journal itself stays until it is replaced."""
    timestamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    backup = path.with_name(f"journal.damaged-{timestamp}.sqlite")
    for suffix in _SUFFIXES:
        with suppress(FileNotFoundError):
            shutil.copy2(path.with_name(path.name + suffix), backup.with_name(backup.name + suffix))
    for suffix in _SUFFIXES[1:]:  # or they would be taken for the new one's
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return backup
