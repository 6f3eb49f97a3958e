"""Rewrites the tags of one file: writes a copy, reads it back, compares it, puts it in place.

At every moment the file under its name is wholly the old one or wholly the new one.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.errors import RefusedError, TagError
from tagger.tags.containers import Source, parse_file, values
from tagger.tags.containers.base import DamagedError, in_order
from tagger.tags.fingerprint import same_audio
from tagger.tags.reader import OpenFile, opened
from tagger.writing.delta import Frame, Patch, make_patch, read_frame
from tagger.writing.edited_copy import write_copy
from tagger.writing.filesystem import Disk
from tagger.writing.referee import check, take_snapshot
from tagger.writing.replace_file import FileState

if TYPE_CHECKING:
    from tagger.tags.containers.base import Item, Layout


@dataclass(frozen=True, slots=True)
class RewriteJob:
    """The new tags of one file."""

    path: Path  # the real file, no link
    copy: Path  # where the copy is made: in the same folder
    before: Layout  # what it must hold, or it is left
    items: tuple[Item, ...]
    keep_time: bool = False
    patch: Patch | None = None  # make the file that this makes of it, whatever the items are


def rewrite(job: RewriteJob, disk: Disk) -> Generator[Patch | None, None, str]:
    """Do it in three steps, or leave the file as it is and raise RefusedError or TagError.

    Stops when the copy is written and on its way to the disk, and when it is there and was compared
    with the file, to give what makes the old file again from the new one; going on then puts it in
    place. Between its steps others can take theirs, so that many files wait for the disk together.
    Closed before its end, it leaves everything as it was.
    Returns why bytes were spliced into the copy; nothing where mutagen's save would do.
    """
    try:
        with opened(job.path) as old:
            _check(old, job)
            expected = FileState.of(old.status)
            with _failures(job.path):
                spliced = yield from _make_copy(old, job, disk)
                patch = _compare(old, job, disk)
        yield patch  # the file is closed by now: Windows replaces no open one
        with _failures(job.path):
            disk.replace(job.copy, job.path, expected)
        return spliced
    except BaseException:  # Ctrl-C too must not leave a copy behind
        with contextlib.suppress(OSError):
            disk.remove(job.copy)
        raise


def check_writable(path: Path) -> None:
    """Refuse a file that somebody has protected, though replacing it might be possible."""
    status = path.stat()
    effective = os.access in os.supports_effective_ids
    if not status.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(
        path, os.W_OK, effective_ids=effective
    ):
        raise RefusedError("it is write-protected", path)


def _check(old: OpenFile, job: RewriteJob) -> None:
    if old.layout.unwritable:
        raise RefusedError(old.layout.unwritable, job.path)
    if (old.layout.dialect, old.layout.items) != (job.before.dialect, job.before.items):
        raise RefusedError("its tags changed in the meantime", job.path)
    check_writable(job.path)


def _make_copy(old: OpenFile, job: RewriteJob, disk: Disk) -> Generator[Patch | None, None, str]:
    """Write the copy; stops before waiting for the disk. Returns what `write_copy` does."""
    source = old.source.file.fileno()
    target = disk.create(job.copy)
    try:
        if job.patch:
            spliced = _write_old(old, job.patch, disk, target)
        else:
            spliced = write_copy(old, job.items, disk, target)
        disk.copy_metadata(source, target, keep_time=job.keep_time)
        disk.start_writeback(target)
        yield None
        disk.sync(target)
        return spliced
    finally:
        disk.close(target)


def _compare(old: OpenFile, job: RewriteJob, disk: Disk) -> Patch | None:
    """Read the copy back; whatever was not to change must not have.

    Returns what makes the old file again from the copy.
    """
    with io.FileIO(disk.reopen(job.copy)) as file:
        copy = parse_file(Source(file))
        if copy is None or copy.name != old.parsed.name:
            raise TagError("its copy came out as another kind of file; nothing was changed")
        frame = read_frame(copy.source, copy.audio())
        if job.patch:
            _check_restored(frame, job.patch)
        else:
            _check_items(old, copy.layout, job)
        shared = disk.shared(old.source.file.fileno()), disk.shared(file.fileno())
        if not same_audio(old.source, old.parsed.audio(), copy.source, copy.audio(), shared):
            raise TagError("its copy came out with other sound; nothing was changed")
        if not job.patch:  # its hash says more
            old.parsed.check_copy(copy)
            _referee(old.source.file, file, job)
        return make_patch(old.frame(), frame)


def _referee(old: io.FileIO, new: io.FileIO, job: RewriteJob) -> None:
    """Have mutagen read both files; only the fields that were to change may differ."""
    before = take_snapshot(old, job.path.name)
    if before.kind:
        had, has = {*job.before.items}, {*job.items}
        ours = _shown(had ^ has, job.before.dialect)
        wanted = _shown(has - had, job.before.dialect, empty=False)
        check(before, take_snapshot(new, job.path.name, before.kind), ours, wanted)


def _shown(items: Iterable[Item], dialect: str, *, empty: bool = True) -> set[str]:
    """The names under which mutagen shows items; not all that are empty are shown."""
    keys = {item.key for item in items if empty or values(item, dialect)}
    return {"\xa9GEN" if key == "GNRE" else key for key in keys}  # numbers become words


def _write_old(old: OpenFile, patch: Patch, disk: Disk, target: int) -> str:
    """Write what a patch makes of a file; gives nothing, as no reason is needed."""
    for piece in patch.pieces(old.source.size):
        if isinstance(piece, bytes):
            disk.write(target, piece)
        elif piece[0] < piece[1]:
            disk.copy(old.source.file.fileno(), target, *piece)
    return ""


def _check_items(old: OpenFile, layout: Layout, job: RewriteJob) -> None:
    wanted = replace(old.layout, items=in_order(job.items))
    if replace(layout, items=in_order(layout.items)) != wanted:
        raise TagError("its copy came out with other tags; nothing was changed")


def _check_restored(frame: Frame | None, patch: Patch) -> None:
    if frame is None or frame.digest != patch.was:
        raise TagError("its copy came out with other tags; nothing was changed")


@contextlib.contextmanager
def _failures(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TagError(f"cannot be written ({error.strerror or error})", path) from error
    except DamagedError as error:
        raise TagError(f"cannot be written ({error})", path) from error
    except TagError as error:
        raise type(error)(error.message, path) from error
