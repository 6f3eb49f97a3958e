"""A plan becomes true: each file checked, noted in the journal, rewritten, and noted again."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from tagger.disk import Disk
from tagger.entries import Entry, Fields, Run, Status, held
from tagger.errors import MusicTagError, RefusedError
from tagger.fields import make_items, with_items
from tagger.journal import Journal
from tagger.plan import FileChange, TagPlan
from tagger.rewriting import Rewriting, rewrite
from tagger.tagfile import OpenFile, opened, translated

log = logging.getLogger(__name__)

# Files whose intents are committed together: a commit waits for the disk, as each file does, and
# after a crash no more than these have to be looked at.
BATCH = 32
# Most of the time goes to waiting for the disk.
THREADS = 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file."""

    path: Path
    status: Status
    reason: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Job:
    """A file ready to be rewritten, or the outcome that is clear already."""

    change: FileChange
    entry: Entry
    rewriting: Rewriting | None = None
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
    rest, seen = iter(files), _Seen()
    with ThreadPoolExecutor(threads) as pool:
        while batch := list(itertools.islice(rest, BATCH)):
            jobs = [_prepare(change, run, seen, keep_time=keep_time) for change in batch]
            yield from _carry_out_all(jobs, run, journal, disk or Disk(), pool)


def _carry_out_all(
    jobs: list[_Job], run: Run, journal: Journal, disk: Disk, pool: ThreadPoolExecutor
) -> Iterator[Outcome]:
    """Note what is meant, do it, note what came of it."""
    done: list[tuple[int, Status, str]] = []
    try:
        numbers = journal.note(run, [job.entry for job in jobs])
        waiting = [pool.submit(_carry_out, job, disk) for job in jobs]
        for number, future in zip(numbers, waiting, strict=True):
            outcome = future.result()
            done.append((number, outcome.status, outcome.reason))
            yield outcome
    finally:
        cut_off = len(done) < len(jobs)  # by Ctrl-C, say
        if cut_off:  # files that are under way come to their end, the others stay
            pool.shutdown(cancel_futures=True)
        journal.conclude(done)
        if cut_off:  # what is not noted is looked up, or by the next start after another Ctrl-C
            recover(journal)


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
    return _Job(change, entry, job, tuple(_notes(change.path, file.path, status.st_nlink)))


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


def _carry_out(job: _Job, disk: Disk) -> Outcome:
    path = job.change.path
    if job.rewriting is None:
        assert job.entry.status is not None
        return Outcome(path, job.entry.status, job.entry.reason)
    try:
        rewrite(job.rewriting, disk)
    except RefusedError as error:
        return Outcome(path, "refused", error.message)
    except MusicTagError as error:
        return Outcome(path, "failed", error.message)
    except Exception as error:
        log.warning("unexpected failure with %s", path, exc_info=True)
        return Outcome(path, "failed", f"unexpected failure ({error!r})")
    return Outcome(path, "changed", notes=job.notes)


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
