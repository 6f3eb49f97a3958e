"""Turns a journaled run into a plan that reverts it; an undo is journaled, so it can be undone."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from tagger.errors import JournalError, MusicTagError
from tagger.scanning.discovery import find_files
from tagger.tags.reader import OpenFile, opened
from tagger.writing.journal import Journal
from tagger.writing.journal_entries import Entry, Run, stored_field
from tagger.writing.plan import Exact, FileChange, TagChange, TagPlan

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NotRestored:
    """A file, or a field of one, that is not restored."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class UndoPlan:
    """What undoing a run would do."""

    run: Run
    plan: TagPlan
    left: tuple[NotRestored, ...]
    moved: tuple[tuple[Path, Path], ...]  # from, to


def find_run(journal: Journal, number: int | None, mode: str = "") -> Run:
    """The run with this number, or else the newest run that is not undone and whose mode matches.

    An interrupted undo stands for the run that it was undoing. Raises JournalError if none.
    """
    runs = journal.runs()
    by_id = {run.id: run for run in runs}
    if number is not None:
        if number in by_id:
            return by_id[number]
        raise JournalError(f"there is no run {number}; see: musictag history")
    for run in reversed(runs):
        target = run if run.undoes is None else by_id.get(run.undoes)
        if target is None or target.undone or not target.mode.startswith(mode):
            continue
        if run is not target:
            wanted = was_interrupted(runs, target)
        else:
            wanted = bool(run.counts.get("changed")) and not _settled(runs, run)
        if wanted:
            return target
    raise JournalError("there is no run to undo")


def was_interrupted(runs: list[Run], run: Run) -> bool:
    """Whether the last undo of a run was interrupted and should be finished."""
    last = _last_undo(runs, run)
    return last is not None and last.ended is None and not run.undone


def _settled(runs: list[Run], run: Run) -> bool:
    """Whether an undo of a run finished without failures: what it left, it left for a reason."""
    last = _last_undo(runs, run)
    failed = last and any(last.counts.get(status) for status in ("failed", "refused", "open"))
    return last is not None and last.ended is not None and not failed


def find_run_touching(journal: Journal, only: Selection) -> Run:
    """The newest run with a change of these files that is not undone; JournalError if none."""
    for run in reversed(journal.runs()):
        if run.undoes is None and run.counts.get("changed") and not run.undone:
            undone = journal.undone_entries(run.id)
            standing = (e for e in journal.entries(run.id) if e.id not in undone)
            if any(entry.status == "changed" and only.has(entry) for entry in standing):
                return run
    raise JournalError("no run changed these files, or all of them are taken back")


def undone_fingerprints(journal: Journal) -> set[str]:
    """Fingerprints of the files with undone changes, of all runs."""
    sounds: set[str] = set()
    for run in journal.runs():
        if run.n_undone and run.undoes is None:
            undone = journal.undone_entries(run.id)
            sounds |= {entry.audio for entry in journal.entries(run.id) if entry.id in undone}
    return sounds


def _last_undo(runs: list[Run], run: Run) -> Run | None:
    """The newest undo of a whole run that is not undone itself."""
    undos = (one for one in reversed(runs) if one.undoes == run.id and one.mode != part_of(run))
    return next((one for one in undos if not one.n_undone), None)


@dataclass(frozen=True, slots=True)
class Selection:
    """The files to undo: those under some paths, even if they were renamed since."""

    paths: tuple[Path, ...]
    sounds: frozenset[str]  # fingerprints of the files found there now

    @classmethod
    def under(cls, paths: Iterable[Path]) -> Selection:
        """All files under these paths, which need not be there any more."""
        wanted = tuple(Path(os.path.normpath(path.absolute())) for path in paths)
        found = _all_files([path for path in wanted if path.exists()])
        sounds = (_audio_at(path) for path in found if isinstance(path, Path))
        return cls(wanted, frozenset(filter(None, sounds)))

    def has(self, entry: Entry) -> bool:
        """Whether a journal entry belongs to one of the files."""
        inside = any(entry.path.is_relative_to(path) for path in self.paths)
        return inside or (entry.audio in self.sounds and not entry.path.exists())


def part_of(run: Run) -> str:
    """The mode of a run that undoes a part of another."""
    return f"undo of part of run {run.id}"


def plan_undo(
    journal: Journal,
    run: Run,
    search: Iterable[Path] = (),
    progress: Callable[[], object] = lambda: None,
    only: Selection | None = None,
) -> UndoPlan:
    """Plan the undo of a run; a field is restored only if the file still holds what we wrote."""
    undone = journal.undone_entries(run.id)
    changed = (entry for entry in journal.entries(run.id) if entry.status == "changed")
    wanted = (entry for entry in changed if entry.id not in undone)
    entries = [entry for entry in wanted if only is None or only.has(entry)]
    finder = _Finder([*search, *run.roots], {entry.path for entry in entries}, progress)
    files: list[FileChange] = []
    left: list[NotRestored] = []
    moved: list[tuple[Path, Path]] = []
    for entry in entries:
        path = finder.find(entry)
        if path is None:
            left.append(NotRestored(entry.path, "not found, here or under another name"))
            continue
        if path != entry.path:
            moved.append((entry.path, path))
        changes, reasons = _changes(entry, path)
        left += [NotRestored(path, reason) for reason in reasons]
        if changes:
            files.append(FileChange(path, entry.audio, changes, entry.id))
    roots = run.roots or tuple({file.path.parent for file in files})
    mode = part_of(run) if only else f"undo of run {run.id}"
    plan = TagPlan(tuple(files), run.model, mode, roots)
    return UndoPlan(run, plan, tuple(left), tuple(moved))


def _changes(entry: Entry, path: Path) -> tuple[tuple[TagChange, ...], list[str]]:
    changes, reasons = [], []
    try:
        with opened(path) as file:
            for name, after in entry.after.items():
                before = entry.before[name]
                if stored_field(file.layout, name).values not in (after.values, before.values):
                    reasons.append(f"its {name} was changed since")
                    continue
                exact = Exact(before.dialect, before.items)
                changes.append(TagChange(name, after.values, before.values, exact))
    except MusicTagError as error:
        reasons.append(error.message)
    return tuple(changes), reasons


@dataclass(slots=True)
class _Finder:
    """Finds files by their audio fingerprint; scans the library only if one is missing."""

    roots: list[Path]
    claimed: set[Path]  # paths that belong to an entry already
    progress: Callable[[], object]
    index: dict[str, list[Path]] | None = field(default=None)

    def find(self, entry: Entry) -> Path | None:
        """Where the file of an entry is today."""
        if _audio_at(entry.path) == entry.audio:
            return entry.path
        if self.index is None:
            self.index = self._read_through()
        return next(self._candidates(entry, self.index), None)

    def _candidates(self, entry: Entry, index: dict[str, list[Path]]) -> Iterator[Path]:
        """Files with this sound, those that hold what we wrote first; each is given once."""
        paths = [path for path in index.get(entry.audio, []) if path not in self.claimed]
        for path in sorted(paths, key=lambda path: not _holds(entry, path)):
            self.claimed.add(path)
            yield path

    def _read_through(self) -> dict[str, list[Path]]:
        index: dict[str, list[Path]] = defaultdict(list)
        for path in _all_files(self.roots):
            self.progress()
            if isinstance(path, Path) and (audio := _audio_at(path)):
                index[audio].append(path)
        return index


def _all_files(roots: list[Path]) -> Iterator[Path | MusicTagError]:
    """All files under the folders, ignored ones too: they may have been written before."""
    there = (root for root in dict.fromkeys(roots) if root.exists())
    return find_files(there, ignore_files=False)


def _audio_at(path: Path) -> str:
    return _with_file(path, lambda file: file.audio) or ""


def _holds(entry: Entry, path: Path) -> bool:
    def all_held(file: OpenFile) -> bool:
        return all(stored_field(file.layout, n).values == a.values for n, a in entry.after.items())

    return bool(_with_file(path, all_held))


def _with_file(path: Path, read: Callable[[OpenFile], T]) -> T | None:
    try:
        with opened(path) as file:
            return read(file)
    except MusicTagError:
        return None
