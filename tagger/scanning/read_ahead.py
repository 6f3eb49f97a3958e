"""Files asked of the disk before their turn, so that a slow one is waited for while we compute.

On a network or a sleeping disk the first byte of a file may take as long as classifying it. Nothing
is done with what is read: it is in the system's cache when a process opens the file.
"""

from __future__ import annotations

import os
import queue
import stat
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from tagger.scanning.workers import leave_interrupts_to_others

_MOST_THREADS = 16
_END = 256 << 10  # bytes at either end of a file: headers, tags, indexes
_LARGEST_MP3 = 32 << 20  # of an MP3 file we read all

Job = TypeVar("Job")


class ReadAhead:
    """Threads that wait for the disk; they hold up nobody, not even the end of the program.

    Args:
        ahead: how many files to be ahead.
        fetch: what is done with each.
    """

    def __init__(self, ahead: int, fetch: Callable[[Path], None] | None = None) -> None:
        self._ahead, self._fetch = ahead, fetch or fetch_file
        self._wanted: queue.SimpleQueue[Path | None] = queue.SimpleQueue()
        self._threads = 0

    def over(self, jobs: Iterable[Job], path_of: Callable[[Job], Path | None]) -> Iterator[Job]:
        """The same jobs; the file of each, where it has one, is fetched some jobs before."""
        waiting = deque[Job]()
        for job in jobs:
            if path := path_of(job):
                self._want(path)
            waiting.append(job)
            if len(waiting) > self._ahead:
                yield waiting.popleft()
        yield from waiting

    def close(self) -> None:
        """What is not begun is not fetched any more."""
        while not self._wanted.empty():
            self._wanted.get()
        for _ in range(self._threads):
            self._wanted.put(None)

    def _want(self, path: Path) -> None:
        if self._threads < min(self._ahead, _MOST_THREADS):
            self._threads += 1
            threading.Thread(target=self._work, daemon=True).start()
        self._wanted.put(path)

    def _work(self) -> None:
        leave_interrupts_to_others()
        while path := self._wanted.get():
            self._fetch(path)


def fetch_file(path: Path) -> None:
    """Have the system read what a scan will want first; whoever reads the file says what is wrong.

    An MP3 file is read whole, of others parts here and there.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would block
            return
        with path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            if path.suffix.lower() == ".mp3" and size <= _LARGEST_MP3:
                _advise(file.fileno(), 0, size)
            else:
                _advise(file.fileno(), 0, _END)
                _advise(file.fileno(), max(0, size - _END), _END)
            file.read(1)
    except (OSError, ValueError):
        return


def _advise(handle: int, start: int, count: int) -> None:
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(handle, start, count, os.POSIX_FADV_WILLNEED)
