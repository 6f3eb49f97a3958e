"""A file for FFmpeg that fails in numbers, because PyAV prints the exceptions of Python files."""

from __future__ import annotations

import errno
from typing import BinaryIO


class SilentFile:
    """An open file whose `seek` and `read` never raise OSError.

    Damaged ASF makes FFmpeg seek before the beginning; a disk may fail at any time.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.name = file.name  # FFmpeg takes the suffix into account where content leaves doubt

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none where the disk fails."""
        try:
            return self._file.read(size)
        except OSError:
            return b""

    def seek(self, offset: int, whence: int = 0) -> int:
        """The new position, or what FFmpeg takes for an error: a negative number."""
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError, OverflowError):
            return -errno.EINVAL

    def tell(self) -> int:
        """The position in bytes."""
        return self._file.tell()
