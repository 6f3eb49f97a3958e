"""Scores of earlier scans, so that a second one is quick and a stopped one goes on where it was.

Two tables. `files` has the tags of a file that has not changed since it was last read, by path,
size, times and inode, and which sound is in it. `sounds` has the scores of a sound, by a
fingerprint that outlives moving and retagging, and by a key of all that shapes them: the network,
its front end, where the windows lay. Thresholds and options apply to cached scores, so they may
change without scoring anything again.

Several scans may use it at once. It holds nothing that cannot be computed again, so whatever is
wrong with it is one message and never the end of a scan.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import appdirs

from tagger.inference.slice_scores import SliceScores
from tagger.scanning.cache_codec import pack_slices, pack_tags, unpack_slices, unpack_tags
from tagger.tags.reader import FileTags

_SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
    path BLOB PRIMARY KEY, stamp TEXT NOT NULL, sound TEXT NOT NULL, look BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sounds (
    sound TEXT NOT NULL, way TEXT NOT NULL, slices BLOB NOT NULL, PRIMARY KEY (sound, way)
) WITHOUT ROWID;
PRAGMA user_version = 1;
"""
_VERSION = 1
_BUSY_S = 5.0  # how long to wait while another scan writes; a write takes microseconds
_OTHERS = ("-wal", "-shm")  # what SQLite keeps beside a database


@dataclass(frozen=True, slots=True)
class FileState:
    """Size, times and inode: by these a file has not changed, without opening it.

    The time of the inode's change is there for taggers that write in place and then set the time
    of the last modification back.
    """

    size: int
    modified_ns: int
    changed_ns: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> FileState | None:
        """The state of a file; None where there is no file."""
        try:
            found = path.stat()
        except (OSError, ValueError):  # ValueError: a zero byte in the name
            return None
        return cls(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)

    def text(self) -> str:
        """As it is stored."""
        return f"{self.size}:{self.modified_ns}:{self.changed_ns}:{self.inode}"


@dataclass(frozen=True, slots=True, eq=False)
class FileScores:
    """Tags and scores of one file, before any threshold."""

    tags: FileTags
    slices: SliceScores
    note: str = ""  # why its tags cannot be read
    cached: bool = False  # scored in an earlier scan


@dataclass(frozen=True, slots=True)
class Contents:
    """How much a cache holds."""

    path: Path
    files: int
    sounds: int
    size: int  # bytes


def cache_path() -> Path:
    """Where the cache of this user lies."""
    return Path(appdirs.user_cache_dir("musictag", appauthor=False)) / "cache.sqlite"


class Cache:
    """The cache of this user, or the one at a path.

    `tell` is called with a line where something is wrong with it; without one nothing is said, and
    mending it is left to whoever does.
    """

    def __init__(
        self, path: Path | None = None, tell: Callable[[str], object] | None = None
    ) -> None:
        self.path = path or cache_path()
        self._tell = tell
        self._told: set[str] = set()
        self._db: sqlite3.Connection | None = None
        with self._guarded():
            self._db = self._opened()

    def __enter__(self) -> Cache:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        if self._db:
            self._db.close()
            self._db = None

    def get(self, path: Path, state: FileState | None, key: str) -> FileScores | None:
        """The entry of a file that has not changed; None if anything is missing."""
        if not state:
            return None
        row = self._row(
            "SELECT look, slices FROM files JOIN sounds USING (sound)"
            " WHERE path = ? AND stamp = ? AND way = ?",
            (_path_bytes(path), state.text(), key),
        )
        tags, slices = (unpack_tags(row[0]), unpack_slices(row[1])) if row else (None, None)
        return FileScores(tags[0], slices, tags[1], cached=True) if tags and slices else None

    def slices(self, sound: str, key: str) -> SliceScores | None:
        """The scores of a sound, given by its fingerprint."""
        row = self._row("SELECT slices FROM sounds WHERE sound = ? AND way = ?", (sound, key))
        return unpack_slices(row[0]) if row else None

    def put(self, path: Path, state: FileState | None, key: str, scores: FileScores) -> None:
        """Store the entry of a file; on the disk when this returns, unless the power fails."""
        if not state:
            return
        # A file of an unknown container has no fingerprint and is found as this file only.
        sound = scores.tags.audio or f"file:{state.text()}"
        tags, slices = pack_tags(scores.tags, scores.note), pack_slices(scores.slices)
        with self._guarded():
            if self._db:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.execute(
                    "INSERT OR REPLACE INTO files VALUES (?,?,?,?)",
                    (_path_bytes(path), state.text(), sound, tags),
                )
                self._db.execute(
                    "INSERT OR REPLACE INTO sounds VALUES (?,?,?)", (sound, key, slices)
                )
                self._db.execute("COMMIT")

    def contents(self) -> Contents:
        """How much there is."""
        files = self._row("SELECT count(*) FROM files", ())
        sounds = self._row("SELECT count(*) FROM sounds", ())
        there = [Path(f"{self.path}{other}") for other in ("", *_OTHERS)]
        size = sum(path.stat().st_size for path in there if path.exists())
        return Contents(self.path, files[0] if files else 0, sounds[0] if sounds else 0, size)

    def clear(self) -> None:
        """Forget everything. A scan that is running goes on."""
        with self._guarded():
            if self._db:
                self._db.executescript("DELETE FROM files; DELETE FROM sounds; VACUUM;")

    def _opened(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self.path, timeout=_BUSY_S, isolation_level=None)
        try:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version > _VERSION:
                raise OSError("a newer musictag made it")
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=NORMAL")
            if version < _VERSION:
                db.executescript(_SCHEMA)
        except BaseException:
            db.close()
            raise
        return db

    def _row(self, query: str, values: tuple[object, ...]) -> Any:
        with self._guarded():
            if self._db:
                row: Any = self._db.execute(query, values).fetchone()
                return row
        return None

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Go on without the cache, or with a new one, where SQLite cannot use it."""
        try:
            yield
        except (sqlite3.OperationalError, OSError) as error:
            self.close()
            self._say(f"{self.path}: the cache cannot be used ({error}); going on without it")
        except sqlite3.DatabaseError as error:
            if self._tell:
                self._set_aside(error)
            else:
                self.close()

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        """Begin anew; the damaged file stays for whoever wants to examine it."""
        aside = self.path.with_name(f"{self.path.name}.damaged")
        self.close()
        try:
            self.path.replace(aside)
            for other in _OTHERS:
                Path(f"{self.path}{other}").unlink(missing_ok=True)
            self._db = self._opened()
        except (sqlite3.Error, OSError):
            self._say(f"{self.path}: the cache is damaged ({error}); going on without it")
        else:
            self._say(f"{self.path}: the cache was damaged ({error}); a new one was begun")

    def _say(self, line: str) -> None:
        if self._tell and line not in self._told:
            self._told.add(line)
            self._tell(line)


def _path_bytes(path: Path) -> bytes:
    return os.fsencode(path.absolute())
