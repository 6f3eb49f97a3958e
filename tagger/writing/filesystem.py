"""Every disk operation of a rewrite, one method each.

A class, so that a test can let the k-th of them fail.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from tagger.errors import RefusedError
from tagger.tags.containers.base import BLOCK
from tagger.writing.replace_file import FileState, put_in_place
from tagger.writing.shared_blocks import Extent, shared_extents

_CHUNK = 1 << 20
# copy_file_range says so where it cannot help; any other error is one of the disk's.
_CANNOT = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.ETXTBSY}


class Disk:
    """The real one."""

    def create(self, path: Path) -> int:
        """Make a file that nobody else can open yet; it must not exist. Gives its descriptor."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        return os.open(path, flags | getattr(os, "O_CLOEXEC", 0), 0o600)

    def write(self, target: int, content: bytes) -> None:
        """Write all of it."""
        view = memoryview(content)
        while view:
            view = view[os.write(target, view) :]

    def copy(self, source: int, target: int, start: int, end: int) -> None:
        """Copy bytes of one file behind those of another, sharing them where the system can."""
        # Blocks can only be shared between equal places in them.
        place = os.lseek(target, 0, os.SEEK_CUR)
        if hasattr(os, "copy_file_range") and (place - start) % BLOCK == 0:
            first = min(end, start + -start % BLOCK)
            self._copy_through_memory(source, target, start, first)
            start = self._copy_in_system(source, target, first, end)
        self._copy_through_memory(source, target, start, end)

    def truncate(self, target: int, size: int) -> None:
        """Make a file shorter, or longer by zeros."""
        os.truncate(target, size)

    def copy_metadata(self, source: int, target: int, *, keep_time: bool) -> None:
        """Give a file the owner, mode, extended attributes and access list of another.

        RefusedError if it cannot have the same owner and group. Of the rest, what the system does
        not let this user do is left; the content matters more.
        """
        status = os.fstat(source)
        if hasattr(os, "fchown"):
            _set_owner(target, status)
            with contextlib.suppress(OSError):  # disks of other systems know no modes
                os.fchmod(target, status.st_mode & 0o7777)
        if hasattr(os, "listxattr"):
            _copy_attributes(source, target)
        if keep_time and os.utime in os.supports_fd:
            with contextlib.suppress(OSError):
                os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))

    def start_writeback(self, target: int) -> None:
        """Start writing a file to the disk without waiting for it.

        Many files at once take less time than one after the other.
        """
        if hasattr(os, "posix_fadvise"):  # Linux writes what is not to stay in memory; none is lost
            with contextlib.suppress(OSError):
                os.posix_fadvise(target, 0, 0, os.POSIX_FADV_DONTNEED)

    def sync(self, target: int) -> None:
        """Wait until a file's bytes are on the disk."""
        os.fsync(target)

    def close(self, target: int) -> None:
        """Close a descriptor."""
        os.close(target)

    def reopen(self, path: Path) -> int:
        """Open a finished copy to read it back."""
        return os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))

    def shared(self, target: int) -> list[Extent]:
        """Which parts of a file lie in blocks that it shares with another."""
        return shared_extents(target)

    def replace(self, copy: Path, path: Path, expected: FileState) -> None:
        """Replace a file by its copy atomically if it is still in the expected state."""
        put_in_place(copy, path, expected)

    def sync_folder(self, folder: Path) -> None:
        """Wait until names in a folder are on the disk; Windows does this by itself."""
        if os.name == "nt":
            return
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def remove(self, path: Path) -> None:
        """Remove a copy that was not used."""
        path.unlink(missing_ok=True)

    def _copy_in_system(self, source: int, target: int, start: int, end: int) -> int:
        """Copy inside of the system; gives the place up to which it could."""
        while start < end:
            try:
                done = os.copy_file_range(source, target, end - start, start)
            except OSError as error:
                if error.errno in _CANNOT:
                    return start
                raise
            if done == 0:
                return start
            start += done
        return start

    def _copy_through_memory(self, source: int, target: int, start: int, end: int) -> None:
        os.lseek(source, start, os.SEEK_SET)
        while start < end:
            content = os.read(source, min(_CHUNK, end - start))
            if not content:
                raise OSError(errno.EIO, "the file became shorter while it was copied")
            start += len(content)
            view = memoryview(content)
            while view:
                view = view[os.write(target, view) :]


def _set_owner(target: int, status: os.stat_result) -> None:
    """Give a file the owner and group of another, which must not change hands unasked."""
    with contextlib.suppress(OSError):
        os.fchown(target, status.st_uid, status.st_gid)
    now = os.fstat(target)
    owner, group = _owner_names(status.st_uid, status.st_gid)
    if now.st_uid != status.st_uid:
        raise RefusedError(
            f"it belongs to {owner}, and a copy of it would be another's; "
            f"run musictag as {owner} or as root, or make the file yours first (chown)"
        )
    if now.st_gid != status.st_gid:
        raise RefusedError(
            f"it belongs to the group {group}, which a copy of it would not; "
            "run musictag as a member of it or as root, or change its group first (chgrp)"
        )


def _owner_names(user: int, group: int) -> tuple[str, str]:
    """An owner and a group as people call them, or their numbers."""
    import grp
    import pwd

    names = [str(user), str(group)]
    with contextlib.suppress(KeyError):
        names[0] = pwd.getpwuid(user).pw_name
    with contextlib.suppress(KeyError):
        names[1] = grp.getgrgid(group).gr_name
    return names[0], names[1]


def _copy_attributes(source: int, target: int) -> None:
    with contextlib.suppress(OSError):
        for name in os.listxattr(source):
            with contextlib.suppress(OSError):
                os.setxattr(target, name, os.getxattr(source, name))
