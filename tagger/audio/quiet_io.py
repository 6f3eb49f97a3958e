"""A file for a decoder that fails in numbers: PyAV prints the exceptions of Python files."""

from __future__ import annotations

import errno
import os
from typing import BinaryIO

# Bytes FFmpeg may read without giving anything for them. Where a file is filled up with zeros, its
# search for the next frame holds all it has read, and never ends. No frame is larger than 8 MB.
PATIENCE = 32 << 20
OPENING = 256 << 20  # pictures in tags, an index
BLANK = 4 << 20  # of one value all along


class SilentFile:
    """An open file whose `seek` and `read` never raise OSError, and that ends where FFmpeg is lost.

    Damaged ASF makes FFmpeg seek before the beginning; a disk may fail at any time.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.be_patient(OPENING)
        self.name = file.name  # FFmpeg takes the suffix into account where content leaves doubt

    def be_patient(self, size: int = PATIENCE, *, seeking: bool = False) -> None:
        """Something came of what was read: let so much more be read until the next time.

        While seeking, FFmpeg may read all of a file; then only what is blank counts.
        """
        self._left, self._blank, self._seeking = size, BLANK, seeking

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none where the disk fails or patience is at its end."""
        if min(self._left, self._blank) <= 0:
            return b""
        try:
            content = self._file.read(size)
        except OSError:
            return b""
        is_blank = content[:64].count(content[:1]) == len(content[:64]) and (
            content.count(content[:1]) == len(content)
        )
        self._blank = self._blank - len(content) if is_blank else BLANK
        self._left -= 0 if self._seeking else len(content)
        return content

    def seek(self, offset: int, whence: int = 0) -> int:
        """The new position, or what FFmpeg takes for an error: a negative number."""
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError, OverflowError):
            return -errno.EINVAL

    def content(self, most: int) -> bytes:
        """All of the file, or nothing where it has more bytes or the disk fails."""
        try:
            before = self._file.tell()
            size = self._file.seek(0, os.SEEK_END)
            self._file.seek(0)
            # Asked for by its size: a buffer for all there might be costs 2 ms to take and to trim.
            content = self._file.read(size) if size <= most else b""
            self._file.seek(before)
        except (OSError, ValueError):
            return b""
        return content

    def tell(self) -> int:
        """The position in bytes."""
        return self._file.tell()
