"""Runs that write or take back, one at a time, in a thread of their own.

They go through the plan, the journal and the checks of `musictag apply` and `musictag undo`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tagger.errors import MusicTagError
from tagger.review.decisions import save_decisions
from tagger.review.items import Item
from tagger.review.state import Review
from tagger.tags.reader import FileTags, read_tags
from tagger.writing.apply import apply_plan, recover
from tagger.writing.journal import Journal
from tagger.writing.journal_entries import Outcome, Run
from tagger.writing.plan import TagPlan
from tagger.writing.undo import find_run, plan_undo


class BusyError(MusicTagError):
    """Another run of this page has not ended."""


@dataclass(slots=True)
class Progress:
    """How far a run is. Numbers only grow, so that reading them needs no lock."""

    kind: str  # write or undo
    total: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    run: int = 0  # the run of the journal; 0 until it is known
    notes: list[str] = field(default_factory=list)
    error: str = ""
    ended: bool = False

    def record(self) -> dict[str, Any]:
        """Keys: kind, total, done, counts (status to number), run, notes, error, ended."""
        return {
            "kind": self.kind,
            "total": self.total,
            "done": sum(self.counts.values()),
            "counts": dict(self.counts),
            "run": self.run,
            "notes": list(self.notes),
            "error": self.error,
            "ended": self.ended,
        }


class Runs:
    """Starts runs, and knows how far the last one is."""

    def __init__(self, review: Review, *, keep_time: bool = False) -> None:
        self.review, self.keep_time = review, keep_time
        self.last: Progress | None = None
        self.written = 0  # files, in all runs of this review
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._closing = False

    def write(self, upto: int) -> None:
        """Write what is ticked in the first files; BusyError while another run is under way."""
        self._start("write", lambda progress: self._write(progress, upto))

    def undo(self, run: int) -> None:
        """Take a run back; BusyError while another run is under way."""
        self._start("undo", lambda progress: self._undo(progress, run))

    def close(self) -> None:
        """Come to an end after the files that are under way, each of which is whole."""
        self._closing = True
        if self._thread:
            self._thread.join()

    def _start(self, kind: str, work: Callable[[Progress], None]) -> None:
        with self._starting:
            if self.last and not self.last.ended:
                raise BusyError("a run is under way; wait until it has ended")
            self.last = progress = Progress(kind)
            self._thread = threading.Thread(target=_guarded, args=(work, progress), name=kind)
            self._thread.start()

    def _write(self, progress: Progress, upto: int) -> None:
        items = {item.result.path.absolute(): item for item in self.review.items()[:upto]}
        with Journal() as journal:
            self._recover(journal, progress)
            plan = self.review.plan(upto)
            done = self._carry_out(plan, journal, progress)
            self.written += progress.counts.get("changed", 0)
            decided = [item for path, item in items.items() if path in done or item.edited]
            self._save(journal, decided, progress)

    def _undo(self, progress: Progress, number: int) -> None:
        with Journal() as journal:
            self._recover(journal, progress)
            run = find_run(journal, number)
            if run.undone:
                raise MusicTagError(f"run {run.id} is undone already")
            undoing = plan_undo(journal, run)
            progress.notes += [f"moved: {old} -> {new}" for old, new in undoing.moved]
            progress.notes += [f"left: {left.path}: {left.reason}" for left in undoing.left]
            self._carry_out(undoing.plan, journal, progress, undoes=run)

    def _recover(self, journal: Journal, progress: Progress) -> None:
        for outcome in recover(journal):
            progress.notes.append(f"an earlier run was cut off; {outcome.path}: {outcome.status}")

    def _carry_out(
        self, plan: TagPlan, journal: Journal, progress: Progress, undoes: Run | None = None
    ) -> set[Path]:
        """Change the files, and read each again; the paths of those that were come to."""
        done: set[Path] = set()
        progress.total = len(plan.files)
        applying = apply_plan(
            plan, journal, keep_time=self.keep_time, undoes=undoes.id if undoes else None
        )
        if not plan.files:
            return done
        with closing(applying):  # so that it notes what is done while the journal is open
            for outcome in applying:
                progress.run = progress.run or journal.runs()[-1].id
                self.review.note(outcome, _tags_now(outcome), undone=bool(undoes))
                done.add(outcome.path.absolute())
                progress.counts[outcome.status] = progress.counts.get(outcome.status, 0) + 1
                progress.notes += [f"{outcome.path}: {note}" for note in outcome.notes]
                if self._closing:
                    break
        return done

    def _save(self, journal: Journal, items: list[Item], progress: Progress) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            save_decisions(journal.folder, items, run=progress.run, time=now)
        except OSError as error:  # the tags are written; only what can be learned from them is not
            progress.notes.append(f"the decisions could not be noted ({error.strerror})")


def _guarded(work: Callable[[Progress], None], progress: Progress) -> None:
    try:
        work(progress)
    except MusicTagError as error:
        progress.error = str(error)
    except Exception as error:  # said on the page, which else would wait for ever
        progress.error = f"unexpected failure ({error!r})"
    finally:
        progress.ended = True


def _tags_now(outcome: Outcome) -> FileTags | None:
    if outcome.status not in ("changed", "unchanged"):
        return None
    try:
        return read_tags(outcome.path)
    except MusicTagError:
        return None
