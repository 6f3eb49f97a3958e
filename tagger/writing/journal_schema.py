"""The tables of the journal, and how an older journal becomes one of today."""

from __future__ import annotations

import os
import sqlite3
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any

from tagger.writing import journal_rows

VERSION = 2
_RUNS = """CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, token TEXT NOT NULL, started TEXT NOT NULL,
    ended TEXT, model TEXT NOT NULL, mode TEXT NOT NULL, roots TEXT NOT NULL, undoes INTEGER,
    sum BLOB
)"""
_FILES = """CREATE TABLE IF NOT EXISTS files (
    id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL REFERENCES runs(id),
    path BLOB NOT NULL, copy BLOB, device INTEGER, inode INTEGER, audio TEXT NOT NULL,
    before TEXT NOT NULL, after TEXT NOT NULL, status TEXT, reason TEXT NOT NULL DEFAULT '',
    undoes INTEGER, sum BLOB
)"""
_PATCHES = "CREATE TABLE IF NOT EXISTS patches (file INTEGER PRIMARY KEY, patch BLOB NOT NULL)"
_INDEXES = (
    "CREATE INDEX IF NOT EXISTS files_by_run ON files(run)",
    "CREATE INDEX IF NOT EXISTS files_open ON files(id) WHERE status IS NULL",
    "CREATE INDEX IF NOT EXISTS files_undoes ON files(undoes) WHERE undoes IS NOT NULL",
)


def connect(path: Path) -> sqlite3.Connection:
    """A database whose rows know the names of their columns, for its user's eyes only."""
    protect(path.parent)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600))
    for beside in ("", "-wal", "-shm", "-journal"):
        protect(path.with_name(path.name + beside))
    # Files are looked at in threads of their own; the journal sees to it that they take turns.
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    database.row_factory = sqlite3.Row
    return database


def protect(path: Path) -> None:
    """Take a file or folder from the eyes of others, where it was open to them."""
    if os.name == "nt" or not path.exists():
        return
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        with suppress(PermissionError):  # it is another's, who has let this user in
            path.chmod(mode & 0o700)


def prepare(database: sqlite3.Connection) -> None:
    """Make the tables, or bring those of an older version up to date; ValueError if newer."""
    if (version := version_of(database)) == VERSION:
        return
    database.execute("BEGIN IMMEDIATE")
    try:
        if version == 1:
            for table in ("runs", "files"):
                database.execute(f"ALTER TABLE {table} ADD COLUMN sum BLOB")
            database.execute("ALTER TABLE files ADD COLUMN undoes INTEGER")
        for statement in (_RUNS, _FILES, _PATCHES, *_INDEXES):
            database.execute(statement)
        if version == 1:
            seal_all(database)
        database.execute(f"PRAGMA user_version = {VERSION}")
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def version_of(database: sqlite3.Connection) -> int:
    """The version of the tables, 0 if there are none; ValueError if it is one of the future."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise ValueError("it was written by a newer musictag")
    return int(version)


def insert(database: sqlite3.Connection, table: str, row: dict[str, Any]) -> int:
    """Put a row into a table; gives its number."""
    columns = ", ".join(row)
    values = ", ".join(f":{name}" for name in row)
    cursor = database.execute(f"INSERT INTO {table} ({columns}) VALUES ({values})", row)  # noqa: S608
    return cursor.lastrowid or 0


def seal_all(database: sqlite3.Connection) -> None:
    """Link and seal the rows of version 1; those that make no sense stay unsealed, so damaged."""
    for row in database.execute("SELECT * FROM runs").fetchall():
        if not _fails(journal_rows.to_run, row, {}):
            _update(database, "runs", {"sum": journal_rows.run_sum(row)}, row["id"])
    targets = _targets(database)
    for row in database.execute("SELECT * FROM files ORDER BY id").fetchall():
        if not _fails(journal_rows.to_entry, row):
            linked = {**dict(row), "undoes": targets.get(row["id"])}
            new = {"undoes": linked["undoes"], "sum": journal_rows.file_sum(linked)}
            _update(database, "files", new, row["id"])


def _targets(database: sqlite3.Connection) -> dict[int, int]:
    """Which entry each entry of an undo took back: the one of its path, or else of its sound."""
    found: dict[int, int] = {}
    for run, undoes in database.execute("SELECT id, undoes FROM runs WHERE undoes IS NOT NULL"):
        query = "SELECT id, path, audio FROM files WHERE run = ? AND status = 'changed'"
        by_path: dict[Any, int] = {}
        by_audio: dict[Any, list[int]] = defaultdict(list)
        for row in database.execute(query, (undoes,)):
            by_path[row["path"]] = row["id"]
            by_audio[row["audio"]].append(row["id"])
        for row in database.execute(query, (run,)):
            same = by_audio.get(row["audio"], [])
            target = by_path.get(row["path"], same[0] if len(same) == 1 else None)
            if target is not None:
                found[row["id"]] = target
    return found


def _update(database: sqlite3.Connection, table: str, new: dict[str, Any], number: int) -> None:
    columns = ", ".join(f"{name} = :{name}" for name in new)
    database.execute(f"UPDATE {table} SET {columns} WHERE id = :id", {**new, "id": number})  # noqa: S608


def _fails(build: Any, row: Any, *rest: Any) -> bool:
    try:
        build(row, *rest, sealed=False)
    except journal_rows.DamagedRowError:
        return True
    return False
