"""A durable record of every change: what was meant before a file is touched, what came of it.

SQLite in WAL mode with synchronous FULL: what is committed is on the disk. One run writes at a
time; a lock that ends with its process sees to that.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import appdirs

from tagger.entries import (
    Entry,
    Fields,
    Run,
    Status,
    dump_fields,
    to_entry,
    to_row,
    to_run,
    with_undone,
)
from tagger.errors import JournalError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, token TEXT NOT NULL, started TEXT NOT NULL,
    ended TEXT, model TEXT NOT NULL, mode TEXT NOT NULL, roots TEXT NOT NULL, undoes INTEGER
);
CREATE TABLE IF NOT EXISTS files (
    id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL REFERENCES runs(id),
    path BLOB NOT NULL, copy BLOB, device INTEGER, inode INTEGER, audio TEXT NOT NULL,
    before TEXT NOT NULL, after TEXT NOT NULL, status TEXT, reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS files_by_run ON files(run);
CREATE INDEX IF NOT EXISTS files_open ON files(id) WHERE status IS NULL;
PRAGMA user_version = 1;
"""
_VERSION = 1


def journal_folder() -> Path:
    """Where the journal is kept."""
    return Path(appdirs.user_data_dir("musictag", appauthor=False))


class Journal:
    """The record of all runs on this machine, open for one process at a time to write."""

    def __init__(self, folder: Path | None = None, *, write: bool = True) -> None:
        self.folder = folder or journal_folder()
        with self._translated():
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = self._take_lock() if write else None
            self._db = sqlite3.connect(self.folder / "journal.sqlite", isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version > _VERSION:
                raise ValueError("it was written by a newer musictag")
            self._db.executescript(_SCHEMA)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the record and let the next run write."""
        self._db.close()
        if self._lock:
            self._lock.close()

    def start(self, model: str, mode: str, roots: Iterable[Path], undoes: int | None = None) -> Run:
        """A new run."""
        token, now = secrets.token_hex(4), _now()
        stored = json.dumps([str(root) for root in roots])
        with self._transaction():
            cursor = self._db.execute(
                "INSERT INTO runs (token, started, model, mode, roots, undoes)"
                " VALUES (?,?,?,?,?,?)",
                (token, now, model, mode, stored, undoes),
            )
        return Run(cursor.lastrowid or 0, token, now, None, model, mode, tuple(roots), undoes, {})

    def end(self, run: Run) -> None:
        """Note that a run came to its end."""
        with self._transaction():
            self._db.execute("UPDATE runs SET ended = ? WHERE id = ?", (_now(), run.id))

    def note(self, run: Run, entries: Iterable[Entry]) -> list[int]:
        """Write entries down, durably, before or after the deed; gives their numbers."""
        with self._transaction():
            return [
                self._db.execute(
                    "INSERT INTO files (run, path, copy, device, inode, audio, before, after,"
                    " status, reason) VALUES (?,?,?,?,?,?,?,?,?,?)",
                    to_row(run.id, entry),
                ).lastrowid
                or 0
                for entry in entries
            ]

    def conclude(self, outcomes: Iterable[tuple[int, Status, str]]) -> None:
        """Write down what came of entries, by their numbers."""
        with self._transaction():
            self._db.executemany(
                "UPDATE files SET status = ?, reason = ? WHERE id = ?",
                [(status, reason, number) for number, status, reason in outcomes],
            )

    def amend(self, number: int, after: Fields) -> None:
        """Write down what a file really holds now, where another program wrote it."""
        with self._transaction():
            self._db.execute(
                "UPDATE files SET after = ? WHERE id = ?", (dump_fields(after), number)
            )

    def runs(self) -> list[Run]:
        """All runs, the oldest first."""
        with self._translated():
            rows = self._db.execute(
                "SELECT id, token, started, ended, model, mode, roots, undoes FROM runs ORDER BY id"
            ).fetchall()
            counts = self._db.execute(
                "SELECT run, coalesce(status, 'open'), count(*) FROM files GROUP BY 1, 2"
            ).fetchall()
        by_run: dict[int, dict[str, int]] = {}
        for run, status, number in counts:
            by_run.setdefault(run, {})[status] = number
        return with_undone([to_run(row, by_run.get(row[0], {})) for row in rows])

    def entries(self, run: int) -> list[Entry]:
        """The files of one run."""
        return self._entries("run = ?", run)

    def open_entries(self) -> list[Entry]:
        """Entries of which nobody noted what became of them: their process died."""
        return self._entries("status IS NULL")

    def _entries(self, condition: str, *values: int) -> list[Entry]:
        columns = "id, path, copy, device, inode, audio, before, after, status, reason"
        with self._translated():
            rows = self._db.execute(
                f"SELECT {columns} FROM files WHERE {condition} ORDER BY id",  # noqa: S608
                values,
            ).fetchall()
        return [to_entry(row) for row in rows]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._translated():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, ValueError, KeyError) as error:
            raise JournalError(f"the journal cannot be used ({error})", self.folder) from error

    def _take_lock(self) -> sqlite3.Connection:
        # The lock of a database ends with the process that holds it, on every system.
        lock = sqlite3.connect(self.folder / "lock.sqlite", timeout=0, isolation_level=None)
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            lock.close()
            if "locked" not in str(error):
                raise
            raise JournalError(
                "another musictag is writing tags; wait until it has ended", self.folder
            ) from error
        return lock


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
