"""Disks that fail, that run full, that keep other bytes, and that others write to meanwhile.

Every public verb of the program's disk is watched, whatever verbs it has.
"""

from __future__ import annotations

import errno
import functools
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.safety.attacked import Disk

_ROOM = ("create", "write", "copy", "sync")  # what a full disk cannot do


class WatchedDisk(Disk):
    """Tells of every use before and after it."""

    def before(self, verb: str, deed: Callable[..., Any], given: tuple[Any, ...]) -> None:
        """Something is about to be done."""

    def after(self, verb: str, given: tuple[Any, ...]) -> None:
        """It was done."""

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        if name.startswith("_") or not hasattr(Disk, name):
            return value
        return functools.partial(_watched, self, name, value)


def _watched(
    disk: WatchedDisk, verb: str, deed: Callable[..., Any], *given: Any, **named: Any
) -> Any:
    disk.before(verb, deed, given)
    result = deed(*given, **named)
    disk.after(verb, given)
    return result


class FailingDisk(WatchedDisk):
    """Fails at its k-th use, from 1; a write or a copy that fails has done half of it."""

    def __init__(self, k: int, number: int = errno.EIO, *, lasting: bool = False) -> None:
        self._k, self._number, self._lasting, self._used = k, number, lasting, 0
        self._failed = ""

    def before(self, verb: str, deed: Callable[..., Any], given: tuple[Any, ...]) -> None:
        self._used += 1
        late = self._lasting and self._used > self._k and verb in _ROOM
        if self._used != self._k and not late:
            return
        self._failed = self._failed or verb
        if verb == "write":
            deed(given[0], given[1][: len(given[1]) // 2])
        elif verb == "copy":
            deed(*given[:3], (given[2] + given[3]) // 2)
        elif verb == "close":
            deed(*given)
        raise OSError(self._number, os.strerror(self._number))


class WrongByteDisk(WatchedDisk):
    """Says that all is written, but one byte of the copy is another."""

    def __init__(self, rng: random.Random) -> None:
        self._rng, self._wrong = rng, 0

    def after(self, verb: str, given: tuple[Any, ...]) -> None:
        if verb == "sync":
            size = os.fstat(given[0]).st_size
            place = self._rng.randrange(size)
            (byte,) = os.pread(given[0], 1, place)
            os.pwrite(given[0], bytes([byte ^ 1 << self._rng.randrange(8)]), place)
            self._wrong += 1


class SharedDisk(WatchedDisk):
    """Another program changes the file at the k-th use of the disk."""

    def __init__(self, k: int, path: Path, edit: Callable[[Path], None]) -> None:
        self._k, self._path, self._edit, self._used = k, path, edit, 0
        self._edited_at, self._content = "", b""

    def before(self, verb: str, deed: Callable[..., Any], given: tuple[Any, ...]) -> None:
        self._used += 1
        if self._used == self._k and verb != "sync_folder":
            self._edit(self._path)
            self._edited_at, self._content = verb, self._path.read_bytes()


def failed_at(disk: FailingDisk) -> str:
    """The verb at which a disk failed; empty where it did not come so far."""
    return disk._failed


def edited(disk: SharedDisk) -> tuple[str, bytes]:
    """The verb before which another program wrote, and the file after that."""
    return disk._edited_at, disk._content


def wrong_bytes(disk: WrongByteDisk) -> int:
    """How many bytes a disk changed."""
    return disk._wrong
