"""The records of the journal: runs and their files, with the exact bytes of the fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tagger.tags.containers.base import Item, Layout
from tagger.tags.field_map import Field, items_of, values_of

Status = Literal["changed", "unchanged", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class StoredField:
    """A field of a file as it was: its values and its exact bytes."""

    values: tuple[str, ...]
    dialect: str
    items: tuple[Item, ...]


Fields = dict[Field, StoredField]


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a run."""

    path: Path
    before: Fields
    after: Fields
    audio: str = ""
    copy: Path | None = None
    device: int = 0
    inode: int = 0
    status: Status | None = None  # None: planned, outcome unknown
    reason: str = ""
    undoes: int | None = None  # the entry that it reverts
    id: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """One use of `scan --write`, `apply` or `undo`."""

    id: int
    token: str  # in the names of its copies
    started: str  # UTC, ISO 8601
    ended: str | None
    model: str
    mode: str
    roots: tuple[Path, ...]
    undoes: int | None
    counts: dict[str, int]
    n_undone: int = 0  # files that it changed and that are undone

    @property
    def undone(self) -> bool:
        """Whether every change of it is undone."""
        return 0 < self.counts.get("changed", 0) <= self.n_undone


@dataclass(frozen=True, slots=True)
class Reversal:
    """An entry that undoes another."""

    id: int
    run: int
    undoes: int
    of_run: int  # the run of the entry it undoes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file."""

    path: Path
    status: Status
    reason: str = ""
    notes: tuple[str, ...] = ()
    spliced: str = ""  # why bytes were put into the file where mutagen would have changed others


def stored_field(layout: Layout, field: Field) -> StoredField:
    """A field of a file with its exact bytes."""
    return StoredField(values_of(layout, field), layout.dialect, items_of(layout, field))


def with_undone_counts(runs: list[Run], reversals: Iterable[Reversal]) -> list[Run]:
    """The runs with the number of their undone files; redone files do not count."""
    n_undone = currently_undone(reversals)
    by_run = Counter(run for run, _ in n_undone)
    return [replace(run, n_undone=by_run[run.id]) for run in runs]


def currently_undone(reversals: Iterable[Reversal]) -> set[tuple[int, int]]:
    """The pairs of run and entry id that are undone now."""
    undone: set[tuple[int, int]] = set()
    for reversal in sorted(reversals, key=lambda one: one.id, reverse=True):
        if (reversal.run, reversal.id) not in undone:  # an undo is younger than what it undoes
            undone.add((reversal.of_run, reversal.undoes))
    return undone
