"""Swaps a finished copy for a file without losing a concurrent edit by another program.

Between the last check of a file and its replacement, another program may write to it. So
other runs of musictag, whoever's they are, are kept out of its folder; programs that have it open
for writing, or are about to, are noticed by a lease; and the two files are exchanged rather than
one put over the other, so that what was replaced can be looked at, and be put back. That is what
Linux offers. Elsewhere, and on disks that cannot do this, the last check is the only protection.

Sources: flock(2), renameat2(2), "Leases" in fcntl(2).
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tagger.errors import RefusedError, TagError

if sys.platform != "win32":
    import fcntl

CHANGED = "another program changed it in the meantime"
PATIENCE_S = 5.0  # for another run that replaces a file of the same folder, which takes no time
_PAUSE_S = 0.0005
_EXCHANGE = 2
_HERE = -100  # AT_FDCWD
_REMOTE = {0x6969, 0xFF534D42, 0xFE534D42}  # NFS, CIFS, SMB2; see statfs(2)
_NO_EXCHANGE = {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP}


@dataclass(frozen=True, slots=True)
class FileState:
    """The stat fields that identify a version of a file."""

    inode: int
    size: int
    modified: int  # nanoseconds
    changed: int  # its ctime, which no program can put back; Windows has another thing there

    @staticmethod
    def of(status: os.stat_result) -> FileState:
        """The state in a stat result."""
        return FileState(status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)

    def moved(self, status: os.stat_result) -> bool:
        """Whether this is the file, under another name by now, which counts as a change of it."""
        now = FileState.of(status)
        return (now.inode, now.size, now.modified) == (self.inode, self.size, self.modified)


def put_in_place(copy: Path, path: Path, expected: FileState) -> None:
    """Replace a file by its copy in one step if it is still in the expected state.

    Raises RefusedError if another program changed it or is about to; the file then stays.
    """
    with _folder_lock(path.parent), _write_lease(path) as untouched:
        if FileState.of(path.stat()) != expected:
            raise RefusedError(CHANGED, path)
        ours = copy.lstat()
        if not exchange(copy, path):
            copy.replace(path)
            return
        try:
            if not expected.moved(copy.lstat()) or not untouched():
                raise RefusedError(CHANGED, path)
        except BaseException:
            put_back(copy, path, ours.st_ino)
            raise
        with contextlib.suppress(OSError):  # the folder was closed: the next start removes it
            copy.unlink()


def put_back(copy: Path, path: Path, ours: int) -> None:
    """Undo an exchange, after which the copy is our file of this inode again.

    TagError that says where a file of others is kept if it cannot have its name back.
    """
    try:
        if exchange(copy, path) and copy.lstat().st_ino == ours:
            return
    except OSError:
        pass
    saved = copy.with_suffix(".kept")
    copy.rename(saved)
    raise TagError(f"{CHANGED}; what it wrote was kept in {saved}", path)


def exchange(one: Path, other: Path) -> bool:
    """Let two files change names in one step; False where the system or the disk cannot."""
    if (function := _renameat2()) is None:
        return False
    if function(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in _NO_EXCHANGE:
        return False
    raise OSError(number, os.strerror(number), str(other))


@cache
def _renameat2() -> Callable[[int, bytes, int, bytes, int], int] | None:
    if sys.platform != "linux":
        return None
    found = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if found is not None:
        found.argtypes = [ctypes.c_int, ctypes.c_char_p] * 2 + [ctypes.c_uint]
    return found


@contextlib.contextmanager
def _folder_lock(folder: Path) -> Iterator[None]:
    """Keep other runs, of other users too, from replacing files of a folder."""
    descriptor = None
    if sys.platform != "win32":
        with contextlib.suppress(OSError):  # a folder may be closed to looking, not to writing
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if descriptor is not None:
            _wait_for(descriptor, folder)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _wait_for(descriptor: int, folder: Path) -> None:
    if sys.platform == "win32":
        return None
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise RefusedError(f"another program keeps its folder locked: {folder}") from None
            time.sleep(_PAUSE_S)
        except OSError:  # disks in a network have no locks of folders
            return None


@contextlib.contextmanager
def _write_lease(path: Path) -> Iterator[Callable[[], bool]]:
    """A function that tells whether nobody has tried to open the file for writing since.

    Who tries waits until this ends. RefusedError at once if somebody has it open.
    """
    if sys.platform != "linux":
        yield lambda: True
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        yield _take_lease(descriptor, path)
    finally:
        os.close(descriptor)  # which ends the lease


def _take_lease(descriptor: int, path: Path) -> Callable[[], bool]:
    assert sys.platform == "linux"
    try:
        # The system tells of a try by a signal; this one is ignored where nobody asked for it.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        if _is_remote(descriptor):  # there it means that the server gives none
            return lambda: True
        raise RefusedError(
            "another program has it open for writing; close it there", path
        ) from None
    except OSError:  # a file of another owner, or a disk without leases
        return lambda: True
    return lambda: fcntl.fcntl(descriptor, fcntl.F_GETLEASE) == fcntl.F_RDLCK


def _is_remote(descriptor: int) -> bool:
    """Whether a file is on a disk of another machine, by NFS or SMB."""
    found = (ctypes.c_long * 64)()  # struct statfs begins with its type
    if ctypes.CDLL(None).fstatfs(descriptor, found) != 0:
        return True
    return found[0] & 0xFFFFFFFF in _REMOTE
