"""Rewrites many files together, so that they share the waits for the disk.

A disk takes many files in hardly more time than one: the log of its file system is written once
for all of them, and one wait for a folder keeps all names in it.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass

from tagger.writing.delta import Patch
from tagger.writing.filesystem import Disk
from tagger.writing.rewrite import RewriteJob, rewrite

_COMPARED = 2  # steps of rewrite after which a copy is compared; the next puts it in place
_FULL = (errno.ENOSPC, errno.EDQUOT)
Patches = list[tuple[int, Patch]]


@dataclass(slots=True)
class Work:
    """One file on its way: done, failed, or neither yet."""

    job: RewriteJob
    number: int  # of its entry in the journal
    steps: Generator[Patch | None, None, str]
    patch: Patch | None = None  # what makes the old file again, once the copy was compared
    done: bool = False
    error: Exception | None = None
    spliced: str = ""  # why mutagen's own save would not do

    @property
    def has_leftover(self) -> bool:
        """Whether the copy is still there: its folder became read-only in the meantime, say."""
        return os.path.lexists(self.job.copy)

    @property
    def is_settled(self) -> bool:
        """Whether the outcome is known and nothing is left to clean up."""
        return (self.done or self.error is not None) and not self.has_leftover

    def step(self) -> None:
        """Go on to where the disk has to be waited for; a failure stays with this file."""
        if self.done or self.error:
            return
        try:
            self.patch = next(self.steps)
        except StopIteration as end:
            self.done, self.spliced = True, end.value
        except Exception as error:
            self.error = error


def start(job: RewriteJob, number: int, disk: Disk) -> Work:
    """A file that is to be rewritten; nothing is done yet."""
    return Work(job, number, rewrite(job, disk))


def rewrite_together(
    works: list[Work], disk: Disk, pool: Executor, save_patches: Callable[[Patches], object]
) -> None:
    """Rewrite files, each step for all of them before the next.

    `save_patches` gets the patches that restore the old files, by entry id, before any is replaced.
    """
    for _ in range(_COMPARED):
        list(pool.map(Work.step, works))
    save_patches(_patches(works))
    list(pool.map(Work.step, works))
    if not any(work.done for work in works):  # no room was made
        return
    for work in works:  # copies that found no room beside the others may find it now
        if _no_room(work.error):
            work.steps, work.error = rewrite(work.job, disk), None
            for _ in range(_COMPARED):
                work.step()
            save_patches(_patches([work]))
            work.step()


def clean_up(works: Iterable[Work], disk: Disk) -> None:
    """Remove the copies of abandoned files and sync the folders of the replaced ones."""
    for work in works:
        with contextlib.suppress(Exception):  # closing a file may fail; its copy goes either way
            work.steps.close()
    for folder in {work.job.path.parent for work in works if work.done}:
        with contextlib.suppress(OSError):  # files are in place; not every disk can promise more
            disk.sync_folder(folder)


def _patches(works: Iterable[Work]) -> Patches:
    return [(work.number, work.patch) for work in works if work.patch and not work.error]


def _no_room(error: Exception | None) -> bool:
    cause = error.__cause__ if error else None
    return isinstance(cause, OSError) and cause.errno in _FULL
