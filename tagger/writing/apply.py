"""A plan becomes true: each file checked, noted in the journal, rewritten, and noted again."""

from __future__ import annotations

import logging
import os
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from tagger.errors import JournalError, MusicTagError, RefusedError
from tagger.tags.containers import is_whole
from tagger.tags.containers.base import DamagedError, Layout
from tagger.tags.field_map import items_of, make_items, with_items
from tagger.tags.reader import OpenFile, opened, translated
from tagger.writing.batch import Work, rewrite_together, settle, start
from tagger.writing.delta import Patch
from tagger.writing.filesystem import Disk
from tagger.writing.journal import Journal
from tagger.writing.journal_entries import Entry, Held, Outcome, Run, Status, held
from tagger.writing.plan import FileChange, TagChange, TagPlan
from tagger.writing.recovery import recover
from tagger.writing.rewrite import Rewriting

__all__ = ["BYTES", "FIELDS", "Outcome", "apply_plan", "change_files", "count", "recover"]

log = logging.getLogger(__name__)

# Files that are noted and rewritten together: each wait for the disk then serves them all, and
# after a crash no more than these have to be looked at.
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
    rewriting: Rewriting | None = None
    size: int = 0  # bytes of the file, and eightfold those of its tags, which stay in memory
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Seen:
    """Files that this run has met: one with two names is written once."""

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
    seen = _Seen()
    jobs = (_prepare(change, run, seen, journal, keep_time=keep_time) for change in files)
    batches = _batches(jobs)
    with ThreadPoolExecutor(threads) as pool:
        batch = next(batches, [])
        while batch:
            # The next files are looked at while these are on their way to the disk.
            coming: Future[list[_Job]] = pool.submit(next, batches, [])
            yield from _carry_out(batch, run, journal, disk or Disk(), pool)
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


def _carry_out(
    jobs: list[_Job], run: Run, journal: Journal, disk: Disk, pool: ThreadPoolExecutor
) -> Iterator[Outcome]:
    """Note what is meant, do it, note what came of it."""
    numbers = journal.note(run, [job.entry for job in jobs])
    works = [
        start(job.rewriting, number, disk) if job.rewriting else None
        for job, number in zip(jobs, numbers, strict=True)
    ]
    begun = [work for work in works if work]
    try:
        rewrite_together(begun, disk, pool, journal.keep)
    except BaseException:  # Ctrl-C, say: files that are under way come to a halt
        pool.shutdown(cancel_futures=True)
        raise
    finally:
        settle(begun, disk)
        outcomes = [_outcome(job, work) for job, work in zip(jobs, works, strict=True)]
        found = zip(numbers, works, outcomes, strict=True)
        journal.conclude((n, out.status, _how(out)) for n, work, out in found if _known(work))
        if any(not (work.done or work.error) for work in begun):
            recover(journal)  # what is not noted is looked up; after another Ctrl-C, at next start
    yield from outcomes


def _prepare(
    change: FileChange, run: Run, seen: _Seen, journal: Journal, *, keep_time: bool
) -> _Job:
    seen.number += 1
    try:
        with translated(change.path):
            path = change.path.resolve(strict=True)
        with opened(path) as file:
            return _job(change, file, run, seen, journal, keep_time=keep_time)
    except JournalError:
        raise
    except MusicTagError as error:
        return _clear(change, "refused" if isinstance(error, RefusedError) else "failed", error)
    except Exception as error:  # a file we did not foresee must not end the run
        log.warning("unexpected failure with %s", change.path, exc_info=True)
        return _clear(change, "failed", MusicTagError(f"unexpected failure ({error!r})"))


def _job(
    change: FileChange, file: OpenFile, run: Run, seen: _Seen, journal: Journal, *, keep_time: bool
) -> _Job:
    status = file.status
    # The numbers of files that were replaced are used again, for others.
    identity = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    if identity in seen.identities and status.st_ino:
        return _clear(change, "unchanged", MusicTagError("another name of a file done before"))
    seen.identities.add(identity)
    wanted = _still_wanted(change, file)
    patch = _patch_for(change, file, journal)
    if not patch:
        _check_whole(file, wanted)
    new = _with_changes(file.layout, wanted)
    if patch is None and new.items == file.layout.items:
        return _clear(change, "unchanged", MusicTagError("already as wished"))
    copy = file.path.with_name(f".musictag-{run.token}-{seen.number}.tmp")
    entry = Entry(
        path=change.path.absolute(),
        before={c.field: held(file.layout, c.field) for c in wanted},
        after={c.field: _given_back(c) if patch else held(new, c.field) for c in wanted},
        audio=file.audio,
        copy=copy,
        device=status.st_dev,
        inode=status.st_ino,
        undoes=change.undoes,
    )
    job = Rewriting(file.path, copy, file.layout, new.items, keep_time, patch)
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
        now = held(file.layout, one.field).values
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


def _patch_for(change: FileChange, file: OpenFile, journal: Journal) -> Patch | None:
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


def _given_back(change: TagChange) -> Held:
    assert change.exact is not None
    return Held(change.after, change.exact.dialect, change.exact.items)


def _notes(path: Path, real: Path, links: int) -> Iterator[str]:
    if path.is_symlink():
        yield f"a link; the file itself was changed: {real}"
    if links > 1:
        yield f"{links - 1} other hard link(s) to it keep the old tags"


def _clear(change: FileChange, status: Status, error: MusicTagError) -> _Job:
    path, undoes = change.path.absolute(), change.undoes
    entry = Entry(path, {}, {}, status=status, reason=error.message, undoes=undoes)
    return _Job(change, entry)


def _outcome(job: _Job, work: Work | None) -> Outcome:
    path = job.change.path
    if work is None:
        assert job.entry.status is not None
        return Outcome(path, job.entry.status, job.entry.reason)
    left = f"; a copy was left until the next start: {work.job.copy}" if _left(work) else ""
    if work.error is None:
        how = "" if not job.change.undoes else BYTES if work.job.patch else FIELDS
        notes = job.notes + ((left[2:],) if left else ())
        return Outcome(path, "changed", how, notes, work.spliced)
    if isinstance(work.error, MusicTagError):
        status: Status = "refused" if isinstance(work.error, RefusedError) else "failed"
        return Outcome(path, status, work.error.message + left)
    log.warning("unexpected failure with %s", path, exc_info=work.error)
    return Outcome(path, "failed", f"unexpected failure ({work.error!r}){left}")


def _how(outcome: Outcome) -> str:
    """What the journal says of a file besides its status."""
    return f"bytes spliced: {outcome.spliced}" if outcome.spliced else outcome.reason


def _known(work: Work | None) -> bool:
    """Whether nothing is left to be found out or cleaned up about a file that was begun."""
    return work is not None and (work.done or work.error is not None) and not _left(work)


def _left(work: Work) -> bool:
    """Whether a copy could not be removed: its folder was closed in the meantime, say."""
    return os.path.lexists(work.job.copy)


def count(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """How many files there are of each status."""
    counts: dict[str, int] = dict.fromkeys(("changed", "unchanged", "refused", "failed"), 0)
    for outcome in outcomes:
        counts[outcome.status] += 1
    return counts
