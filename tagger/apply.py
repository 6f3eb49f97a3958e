"""A plan becomes true: each file checked, noted in the journal, rewritten, and noted again."""

from __future__ import annotations

import logging
import os
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from tagger.batch import Work, rewrite_together, settle, start
from tagger.disk import Disk
from tagger.entries import Entry, Fields, Run, Status, held
from tagger.errors import MusicTagError, RefusedError
from tagger.fields import make_items, with_items
from tagger.journal import Journal
from tagger.plan import FileChange, TagPlan
from tagger.rewriting import Rewriting
from tagger.tagfile import OpenFile, opened, translated

log = logging.getLogger(__name__)

# Files that are noted and rewritten together: each wait for the disk then serves them all, and
# after a crash no more than these have to be looked at.
BATCH = 32
# Their copies take no more room than this, or than the largest of them.
BATCH_BYTES = 256 << 20
# Most of the time goes to waiting for the disk.
THREADS = 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file."""

    path: Path
    status: Status
    reason: str = ""
    notes: tuple[str, ...] = ()
    spliced: str = ""  # why bytes were put into the file where mutagen would have changed others


@dataclass(frozen=True, slots=True)
class _Job:
    """A file ready to be rewritten, or the outcome that is clear already."""

    change: FileChange
    entry: Entry
    rewriting: Rewriting | None = None
    size: int = 0  # bytes of the file
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Seen:
    """Files that this run has met: one with two names is written once."""

    identities: set[tuple[int, int]] = field(default_factory=set)
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
    jobs = (_prepare(change, run, seen, keep_time=keep_time) for change in files)
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
    works = [start(job.rewriting, disk) if job.rewriting else None for job in jobs]
    begun = [work for work in works if work]
    try:
        rewrite_together(begun, disk, pool)
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


def recover(journal: Journal) -> list[Outcome]:
    """Find out what became of files whose process died, and remove the copies it left."""
    found = [_look_after(entry) for entry in journal.open_entries()]
    if found:
        journal.conclude((number, out.status, out.reason) for number, out in found)
    return [outcome for _, outcome in found]


def _prepare(change: FileChange, run: Run, seen: _Seen, *, keep_time: bool) -> _Job:
    seen.number += 1
    try:
        with translated(change.path):
            path = change.path.resolve(strict=True)
        with opened(path) as file:
            return _job(change, file, run, seen, keep_time=keep_time)
    except MusicTagError as error:
        return _clear(change, "refused" if isinstance(error, RefusedError) else "failed", error)
    except Exception as error:  # a file we did not foresee must not end the run
        log.warning("unexpected failure with %s", change.path, exc_info=True)
        return _clear(change, "failed", MusicTagError(f"unexpected failure ({error!r})"))


def _job(change: FileChange, file: OpenFile, run: Run, seen: _Seen, *, keep_time: bool) -> _Job:
    status = file.path.stat()
    identity = (status.st_dev, status.st_ino)
    if identity in seen.identities and status.st_ino:
        return _clear(change, "unchanged", MusicTagError("another name of a file done before"))
    seen.identities.add(identity)
    _check(change, file)
    before: Fields = {c.field: held(file.layout, c.field) for c in change.changes}
    new = file.layout
    for wanted in change.changes:
        exact = wanted.exact
        if exact and exact.dialect == new.dialect:
            items = exact.items
        else:
            items = make_items(new, wanted.field, wanted.after)
        new = replace(new, items=with_items(new, wanted.field, items))
    if new.items == file.layout.items:
        return _clear(change, "unchanged", MusicTagError("it holds this already"))
    copy = file.path.with_name(f".musictag-{run.token}-{seen.number}.tmp")
    entry = Entry(
        path=change.path.absolute(),
        before=before,
        after={c.field: held(new, c.field) for c in change.changes},
        audio=file.audio,
        copy=copy,
        device=status.st_dev,
        inode=status.st_ino,
    )
    job = Rewriting(file.path, copy, file.layout, new.items, keep_time)
    notes = tuple(_notes(change.path, file.path, status.st_nlink))
    return _Job(change, entry, job, status.st_size, notes)


def _check(change: FileChange, file: OpenFile) -> None:
    """Refuse a file that is not as the plan found it."""
    if change.audio and file.audio != change.audio:
        raise RefusedError("it holds other sound than the plan was made for", change.path)
    for wanted in change.changes:
        if held(file.layout, wanted.field).values != wanted.before:
            raise RefusedError(f"its {wanted.field} changed since the plan was made", change.path)


def _notes(path: Path, real: Path, links: int) -> Iterator[str]:
    if path.is_symlink():
        yield f"a link; the file itself was changed: {real}"
    if links > 1:
        yield f"{links - 1} other hard link(s) to it keep the old tags"


def _clear(change: FileChange, status: Status, error: MusicTagError) -> _Job:
    return _Job(change, Entry(change.path.absolute(), {}, {}, status=status, reason=error.message))


def _outcome(job: _Job, work: Work | None) -> Outcome:
    path = job.change.path
    if work is None:
        assert job.entry.status is not None
        return Outcome(path, job.entry.status, job.entry.reason)
    if work.error is None:
        return Outcome(path, "changed", notes=job.notes, spliced=work.spliced)
    left = f"; a copy was left until the next start: {work.job.copy}" if _left(work) else ""
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
    return work is not None and (work.done or (work.error is not None and not _left(work)))


def _left(work: Work) -> bool:
    """Whether a copy could not be removed: its folder was closed in the meantime, say."""
    return os.path.lexists(work.job.copy)


def _look_after(entry: Entry) -> tuple[int, Outcome]:
    status, reason = _state(entry)
    if entry.copy:
        try:
            entry.copy.unlink(missing_ok=True)
        except OSError as error:
            reason += f"; a copy was left at {entry.copy} ({error.strerror})"
    return entry.id, Outcome(entry.path, status, reason)


def _state(entry: Entry) -> tuple[Status, str]:
    try:
        with opened(entry.path) as file:
            now = {name: held(file.layout, name) for name in entry.after}
    except MusicTagError as error:
        return "failed", f"interrupted; {error.message}"
    if now == entry.after or (entry.copy is None and _same_values(now, entry.after)):
        return "changed", "interrupted, found done"
    if now == entry.before:
        return "failed", "interrupted before it was changed"
    return "failed", "interrupted; another program changed it since"


def _same_values(one: Fields, other: Fields) -> bool:
    """Whether fields say the same; programs that write without a copy choose their own bytes."""
    return {name: a.values for name, a in one.items()} == {n: b.values for n, b in other.items()}


def count(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """How many files there are of each status."""
    counts: dict[str, int] = dict.fromkeys(("changed", "unchanged", "refused", "failed"), 0)
    for outcome in outcomes:
        counts[outcome.status] += 1
    return counts
