"""Applies a plan: checks each file, journals the change, rewrites it and journals the outcome."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from tagger.errors import JournalError, MusicTagError, RefusedError
from tagger.tags.containers import is_whole
from tagger.tags.containers.base import DamagedError, Layout
from tagger.tags.field_map import items_of, make_items, with_items
from tagger.tags.reader import OpenFile, opened, translated
from tagger.writing.batch import Work, clean_up, rewrite_together, start
from tagger.writing.delta import Patch
from tagger.writing.filesystem import Disk
from tagger.writing.journal import Journal
from tagger.writing.journal_entries import Entry, Outcome, Run, Status, StoredField, stored_field
from tagger.writing.plan import FileChange, TagChange, TagPlan
from tagger.writing.recovery import recover
from tagger.writing.rewrite import RewriteJob

__all__ = ["BYTES", "FIELDS", "Outcome", "apply_plan", "change_files", "count", "recover"]

log = logging.getLogger(__name__)

# Files that are journaled and rewritten together: each wait for the disk then serves them all, and
# after a crash no more than these have to be checked.
BATCH = 32
# Their copies take no more room than this, or than the largest of them.
BATCH_BYTES = 256 << 20
# How an undo gave a file back: all of it, or only the fields, since the rest was changed since.
BYTES, FIELDS = "byte for byte", "its fields"
# Most of the time goes to waiting for the disk.
THREADS = 4


@dataclass(frozen=True, slots=True)
class _Job:
    """A file ready to be rewritten, or the outcome that is clear already."""

    change: FileChange
    entry: Entry
    rewriting: RewriteJob | None = None
    size: int = 0  # bytes of the file, and eightfold those of its tags, which stay in memory
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Visited:
    """Files that this run has seen already: a file with two names is written once."""

    identities: set[tuple[int, ...]] = field(default_factory=set)
    number: int = 0


def apply_plan(
    plan: TagPlan,
    journal: Journal,
    *,
    keep_time: bool = False,
    disk: Disk | None = None,
    undoes: int | None = None,
    threads: int = THREADS,
) -> Generator[Outcome]:
    """Change the files of a plan; whatever goes wrong with one, the rest goes on.

    Outcomes come in the order of the plan.
    """
    recover(journal)
    run = journal.start(plan.model, plan.mode, plan.roots, undoes)
    yield from change_files(
        plan.files, run, journal, keep_time=keep_time, disk=disk, threads=threads
    )
    journal.end(run)


def change_files(
    files: Iterable[FileChange],
    run: Run,
    journal: Journal,
    *,
    keep_time: bool = False,
    disk: Disk | None = None,
    threads: int = THREADS,
) -> Generator[Outcome]:
    """Change files as part of a run, which may have had some before and get others later."""
    visited = _Visited()
    jobs = (_prepare(change, run, visited, journal, keep_time=keep_time) for change in files)
    batches = _batches(jobs)
    with ThreadPoolExecutor(threads) as pool:
        batch = next(batches, [])
        while batch:
            # The next files are prepared while these are being written.
            coming: Future[list[_Job]] = pool.submit(next, batches, [])
            yield from _execute(batch, run, journal, disk or Disk(), pool)
            batch = coming.result()


def _batches(jobs: Iterable[_Job]) -> Iterator[list[_Job]]:
    batch: list[_Job] = []
    for job in jobs:
        if batch and sum(other.size for other in batch) + job.size > BATCH_BYTES:
            yield batch
            batch = []
        batch.append(job)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _execute(
    jobs: list[_Job], run: Run, journal: Journal, disk: Disk, pool: ThreadPoolExecutor
) -> Iterator[Outcome]:
    """Journal the planned changes, make them, journal the outcomes."""
    numbers = journal.record(run, [job.entry for job in jobs])
    works = [
        start(job.rewriting, number, disk) if job.rewriting else None
        for job, number in zip(jobs, numbers, strict=True)
    ]
    begun = [work for work in works if work]
    try:
        rewrite_together(begun, disk, pool, journal.save_patches)
    except BaseException:  # Ctrl-C, say: files that are under way come to a halt
        pool.shutdown(cancel_futures=True)
        raise
    finally:
        clean_up(begun, disk)
        outcomes = [_outcome(job, work) for job, work in zip(jobs, works, strict=True)]
        rows = zip(numbers, works, outcomes, strict=True)
        journal.conclude(
            (n, out.status, _journal_reason(out))
            for n, work, out in rows
            if work and work.is_settled
        )
        if any(not (work.done or work.error) for work in begun):
            recover(journal)  # resolves the rest; after another Ctrl-C the next start does
    yield from outcomes


def _prepare(
    change: FileChange, run: Run, visited: _Visited, journal: Journal, *, keep_time: bool
) -> _Job:
    visited.number += 1
    try:
        with translated(change.path):
            path = change.path.resolve(strict=True)
        with opened(path) as file:
            return _job(change, file, run, visited, journal, keep_time=keep_time)
    except JournalError:
        raise
    except MusicTagError as error:
        return _skipped(change, "refused" if isinstance(error, RefusedError) else "failed", error)
    except Exception as error:  # a file we did not foresee must not end the run
        log.warning("unexpected failure with %s", change.path, exc_info=True)
        return _skipped(change, "failed", MusicTagError(f"unexpected failure ({error!r})"))


def _job(
    change: FileChange,
    file: OpenFile,
    run: Run,
    visited: _Visited,
    journal: Journal,
    *,
    keep_time: bool,
) -> _Job:
    status = file.status
    # The numbers of files that were replaced are used again, for others.
    identity = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    if identity in visited.identities and status.st_ino:
        return _skipped(change, "unchanged", MusicTagError("another name of a file done before"))
    visited.identities.add(identity)
    wanted = _still_wanted(change, file)
    patch = _full_restore_patch(change, file, journal)
    if not patch:
        _check_whole(file, wanted)
    new = _with_changes(file.layout, wanted)
    if patch is None and new.items == file.layout.items:
        return _skipped(change, "unchanged", MusicTagError("already as wished"))
    copy = file.path.with_name(f".musictag-{run.token}-{visited.number}.tmp")
    entry = Entry(
        path=change.path.absolute(),
        before={c.field: stored_field(file.layout, c.field) for c in wanted},
        after={c.field: _restored(c) if patch else stored_field(new, c.field) for c in wanted},
        audio=file.audio,
        copy=copy,
        device=status.st_dev,
        inode=status.st_ino,
        undoes=change.undoes,
    )
    job = RewriteJob(file.path, copy, file.layout, new.items, keep_time, patch)
    notes = tuple(_notes(change.path, file.path, status.st_nlink))
    size = status.st_size + 8 * sum(len(item.raw) for item in file.layout.items)
    return _Job(change, entry, job, size, notes)


def _with_changes(layout: Layout, changes: Iterable[TagChange]) -> Layout:
    for change in changes:
        exact = change.exact
        if exact and exact.dialect == layout.dialect:
            items = exact.items
        else:
            items = make_items(layout, change.field, change.after)
        layout = replace(layout, items=with_items(layout, change.field, items))
    return layout


def _still_wanted(change: FileChange, file: OpenFile) -> list[TagChange]:
    """The changes that are still to be made; RefusedError if a file is not as the plan found it."""
    if change.audio and file.audio != change.audio:
        raise RefusedError("it holds other sound than the plan was made for", change.path)
    wanted = []
    for one in change.changes:
        now = stored_field(file.layout, one.field).values
        if now == one.before:
            wanted.append(one)
        elif now != one.after:
            raise RefusedError(f"its {one.field} changed since the plan was made", change.path)
    return wanted


def _check_whole(file: OpenFile, changes: Iterable[TagChange]) -> None:
    """Refuse to replace what was not shown to anybody, since it could not be read."""
    for change in changes:
        items = items_of(file.layout, change.field)
        if not all(is_whole(item, file.layout.dialect) for item in items):
            raise RefusedError(
                f"its {change.field} holds more than can be read; mend or remove it first",
                file.path,
            )


def _full_restore_patch(change: FileChange, file: OpenFile, journal: Journal) -> Patch | None:
    """What makes the whole old file again, where the file is to the byte as we left it."""
    patch = journal.patch(change.undoes) if change.undoes else None
    if patch is None or not patch.recipe:
        return None
    try:
        patch.pieces(file.source.size)
    except DamagedError as error:
        log.warning("only the fields of %s are given back: %s", change.path, error)
        return None
    frame = file.frame()
    return patch if frame and frame.digest == patch.now else None


def _restored(change: TagChange) -> StoredField:
    assert change.exact is not None
    return StoredField(change.after, change.exact.dialect, change.exact.items)


def _notes(path: Path, real: Path, links: int) -> Iterator[str]:
    if path.is_symlink():
        yield f"a link; the file itself was changed: {real}"
    if links > 1:
        yield f"{links - 1} other hard link(s) to it keep the old tags"


def _skipped(change: FileChange, status: Status, error: MusicTagError) -> _Job:
    path, undoes = change.path.absolute(), change.undoes
    entry = Entry(path, {}, {}, status=status, reason=error.message, undoes=undoes)
    return _Job(change, entry)


def _outcome(job: _Job, work: Work | None) -> Outcome:
    path = job.change.path
    if work is None:
        assert job.entry.status is not None
        return Outcome(path, job.entry.status, job.entry.reason)
    left = f"; a copy was left until the next start: {work.job.copy}" if work.has_leftover else ""
    if work.error is None:
        how = "" if not job.change.undoes else BYTES if work.job.patch else FIELDS
        notes = job.notes + ((left[2:],) if left else ())
        return Outcome(path, "changed", how, notes, work.spliced)
    if isinstance(work.error, MusicTagError):
        status: Status = "refused" if isinstance(work.error, RefusedError) else "failed"
        return Outcome(path, status, work.error.message + left)
    log.warning("unexpected failure with %s", path, exc_info=work.error)
    return Outcome(path, "failed", f"unexpected failure ({work.error!r}){left}")


def _journal_reason(outcome: Outcome) -> str:
    """What the journal says of a file besides its status."""
    return f"bytes spliced: {outcome.spliced}" if outcome.spliced else outcome.reason


def count(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """How many files there are of each status."""
    counts: dict[str, int] = dict.fromkeys(("changed", "unchanged", "refused", "failed"), 0)
    for outcome in outcomes:
        counts[outcome.status] += 1
    return counts
