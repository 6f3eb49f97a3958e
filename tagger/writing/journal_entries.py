"""What the journal keeps: runs, and the files of each, with the very bytes of their fields."""

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
class Held:
    """What a field of a file held: its text, and the very bytes of it."""

    values: tuple[str, ...]
    dialect: str
    items: tuple[Item, ...]


Fields = dict[Field, Held]


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
    status: Status | None = None  # None: meant, and not known to be done
    reason: str = ""
    undoes: int | None = None  # the entry that it takes back
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
    taken: int = 0  # files that it changed and that were taken back

    @property
    def undone(self) -> bool:
        """Whether all of it was taken back."""
        return 0 < self.counts.get("changed", 0) <= self.taken


@dataclass(frozen=True, slots=True)
class Taker:
    """An entry that takes another back."""

    id: int
    run: int
    undoes: int
    of_run: int  # the run of what it takes back


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file."""

    path: Path
    status: Status
    reason: str = ""
    notes: tuple[str, ...] = ()
    spliced: str = ""  # why bytes were put into the file where mutagen would have changed others


def held(layout: Layout, field: Field) -> Held:
    """What a field of a file holds."""
    return Held(values_of(layout, field), layout.dialect, items_of(layout, field))


def with_taken(runs: list[Run], takers: Iterable[Taker]) -> list[Run]:
    """Runs that know how many of their files were taken back; what was put back again is not."""
    taken = taken_back(takers)
    by_run = Counter(run for run, _ in taken)
    return [replace(run, taken=by_run[run.id]) for run in runs]


def taken_back(takers: Iterable[Taker]) -> set[tuple[int, int]]:
    """The entries that are taken back now, each with its run before it."""
    taken: set[tuple[int, int]] = set()
    for taker in sorted(takers, key=lambda one: one.id, reverse=True):
        if (taker.run, taker.id) not in taken:  # what takes an entry back is younger than it
            taken.add((taker.of_run, taker.undoes))
    return taken
