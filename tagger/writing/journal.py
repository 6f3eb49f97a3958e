"""The durable record of every change, written before a file is touched and after.

SQLite in WAL mode with synchronous FULL: what is committed is on the disk. One run writes at a
time; a lock that ends with its process sees to that.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock

import appdirs

from tagger.errors import JournalError
from tagger.writing import journal_rows, journal_schema
from tagger.writing.delta import Patch
from tagger.writing.journal_entries import (
    Entry,
    Fields,
    Reversal,
    Run,
    Status,
    currently_undone,
    with_undone_counts,
)

NAME = "journal.sqlite"
HINT = "; to see what is wrong and what can be saved: musictag journal check"
_REVERSALS = """SELECT one.id, one.run, one.undoes, other.run AS of_run
    FROM files AS one JOIN files AS other ON other.id = one.undoes
    WHERE one.status IN ('changed', 'unchanged') AND other.status = 'changed'"""


def journal_folder() -> Path:
    """The folder of the journal."""
    return Path(appdirs.user_data_dir("musictag", appauthor=False))


class Journal:
    """The record of all runs on this machine, open for one process at a time to write."""

    def __init__(self, folder: Path | None = None, *, write: bool = True) -> None:
        self.folder = folder or journal_folder()
        self.writes = write
        self._turn = RLock()
        with self._translated(), ExitStack() as opened:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if write:
                opened.callback(take_lock(self.folder).close)
            self._db = journal_schema.connect(self.folder / NAME)
            opened.callback(self._db.close)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            if write:
                journal_schema.prepare(self._db)
            elif journal_schema.version_of(self._db) < journal_schema.VERSION:
                raise ValueError("another musictag is bringing it up to date")
            self._opened = opened.pop_all()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the record and let the next run write."""
        self._opened.close()

    def start(self, model: str, mode: str, roots: Iterable[Path], undoes: int | None = None) -> Run:
        """A new run."""
        token, now = secrets.token_hex(4), _now()
        run = Run(0, token, now, None, model, mode, tuple(roots), undoes, {})
        with self._transaction():
            return replace(
                run, id=journal_schema.insert(self._db, "runs", journal_rows.run_row(run))
            )

    def end(self, run: Run) -> None:
        """Record that a run finished."""
        with self._transaction():
            self._db.execute("UPDATE runs SET ended = ? WHERE id = ?", (_now(), run.id))

    def record(self, run: Run, entries: Iterable[Entry]) -> list[int]:
        """Store entries durably; returns their ids."""
        with self._transaction():
            return [
                journal_schema.insert(self._db, "files", journal_rows.file_row(run.id, entry))
                for entry in entries
            ]

    def save_patches(self, patches: Iterable[tuple[int, Patch]]) -> None:
        """Store the patches that restore the old files, by entry id."""
        packed = [(number, patch.pack()) for number, patch in patches]
        if packed:
            with self._transaction():
                self._db.executemany("INSERT OR REPLACE INTO patches VALUES (?,?)", packed)

    def conclude(self, outcomes: Iterable[tuple[int, Status, str]]) -> None:
        """Store the outcomes of entries, by entry id."""
        with self._transaction():
            self._db.executemany(
                "UPDATE files SET status = ?, reason = ? WHERE id = ?",
                [(status, reason, number) for number, status, reason in outcomes],
            )

    def amend(self, number: int, after: Fields) -> None:
        """Store what a file actually holds now that another program wrote it."""
        with self._transaction():
            row = self._db.execute("SELECT * FROM files WHERE id = ?", (number,)).fetchone()
            journal_rows.to_entry(row)
            new = {**dict(row), "after": journal_rows.dump_fields(after)}
            self._db.execute(
                "UPDATE files SET after = ?, sum = ? WHERE id = ?",
                (new["after"], journal_rows.file_sum(new), number),
            )

    def patch(self, number: int) -> Patch | None:
        """The patch that restores the old file of an entry; None if damaged or never stored."""
        with self._translated():
            query = "SELECT patch FROM patches WHERE file = ?"
            row = self._db.execute(query, (number,)).fetchone()
        try:
            return Patch.unpack(row["patch"]) if row else None
        except (ValueError, TypeError):  # only the fields are restored then
            return None

    def runs(self) -> list[Run]:
        """All runs, the oldest first."""
        with self._translated():
            found = self._db.execute("SELECT * FROM runs ORDER BY id").fetchall()
            counts = self._db.execute(
                "SELECT run, coalesce(status, 'open'), count(*) FROM files GROUP BY 1, 2"
            ).fetchall()
            by_run: dict[int, dict[str, int]] = {}
            for run, status, number in counts:
                by_run.setdefault(run, {})[status] = number
            runs = [journal_rows.to_run(row, by_run.get(row["id"], {})) for row in found]
            return with_undone_counts(runs, self._reversals())

    def undone_entries(self, run: int) -> set[int]:
        """The ids of the entries of a run that are undone."""
        with self._translated():
            return {n for of_run, n in currently_undone(self._reversals()) if of_run == run}

    def entries(self, run: int) -> list[Entry]:
        """The files of one run."""
        return self._entries("run = ?", run)

    def open_entries(self) -> list[Entry]:
        """Entries without an outcome: their process died."""
        return self._entries("status IS NULL")

    def _reversals(self) -> list[Reversal]:
        return [Reversal(*row) for row in self._db.execute(_REVERSALS)]

    def _entries(self, condition: str, *values: int) -> list[Entry]:
        with self._translated():
            found = self._db.execute(
                f"SELECT * FROM files WHERE {condition} ORDER BY id",  # noqa: S608
                values,
            ).fetchall()
            return [journal_rows.to_entry(row) for row in found]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._translated():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # a full disk has ended it already
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        with self._turn:
            try:
                yield
            except (sqlite3.Error, OSError, ValueError, LookupError, TypeError) as error:
                hint = HINT if is_damage(error) else ""
                raise JournalError(
                    f"the journal cannot be used ({error}){hint}", self.folder
                ) from error


def is_damage(error: Exception) -> bool:
    """Whether an error speaks of a damaged journal, and not of the disk or of another run."""
    if isinstance(error, sqlite3.OperationalError):  # a full or broken disk, a lock
        return any(word in str(error) for word in ("no such", "malformed", "decode"))
    damage = (
        sqlite3.DatabaseError,
        journal_rows.DamagedRowError,
        UnicodeError,
        LookupError,
        TypeError,
    )
    return isinstance(error, damage)


def take_lock(folder: Path) -> sqlite3.Connection:
    """Keep other runs from writing until it is closed; JournalError if one does."""
    # The lock of a database ends with the process that holds it, on every system.
    path = folder / "lock.sqlite"
    lock = journal_schema.connect(path)
    lock.execute("PRAGMA busy_timeout = 0")
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.DatabaseError as error:
        lock.close()
        if "not a database" in str(error):  # it holds nothing: any other will do
            path.unlink()
            return take_lock(folder)
        if "locked" not in str(error):
            raise
        raise JournalError(
            "another musictag is writing tags; wait until it has ended", folder
        ) from error
    return lock


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
