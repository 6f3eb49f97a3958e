"""What the journal keeps: runs, and the files of each, with the very bytes of their fields."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from tagger.containers.parts import Item, Layout
from tagger.fields import Field, items_of, values_of

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
    undone: bool = False


def held(layout: Layout, field: Field) -> Held:
    """What a field of a file holds."""
    return Held(values_of(layout, field), layout.dialect, items_of(layout, field))


def to_row(run: int, entry: Entry) -> tuple[Any, ...]:
    """An entry of a run as the columns of its table."""
    return (
        run,
        os.fsencode(entry.path),
        os.fsencode(entry.copy) if entry.copy else None,
        # Windows has numbers of 64 bits without a sign; SQLite's have one.
        entry.device % (1 << 63),
        entry.inode % (1 << 63),
        entry.audio,
        dump_fields(entry.before),
        dump_fields(entry.after),
        entry.status,
        entry.reason,
    )


def to_entry(row: tuple[Any, ...]) -> Entry:
    """An entry from its columns."""
    number, path, copy, device, inode, audio, before, after, status, reason = row
    return Entry(
        Path(os.fsdecode(path)), _load(before), _load(after), audio,
        Path(os.fsdecode(copy)) if copy else None, device, inode, status, reason, number,
    )  # fmt: skip


def to_run(row: tuple[Any, ...], counts: dict[str, int]) -> Run:
    """A run from its columns, and the number of its files of each status."""
    number, token, started, ended, model, mode, roots, undoes = row
    paths = tuple(Path(root) for root in json.loads(roots))
    return Run(number, token, started, ended, model, mode, paths, undoes, counts)


def with_undone(runs: list[Run]) -> list[Run]:
    """Runs that know whether they were taken back; a run that was put back is not."""
    undone: dict[int, bool] = {}
    for run in reversed(runs):  # what takes a run back is younger than it
        if run.undoes is not None and run.counts.get("changed") and not undone.get(run.id):
            undone[run.undoes] = True
    return [replace(run, undone=undone.get(run.id, False)) for run in runs]


def dump_fields(fields: Fields) -> str:
    """Fields as the text of their column."""
    content = {
        name: {
            "values": list(one.values),
            "dialect": one.dialect,
            "items": [[item.key, item.raw.hex()] for item in one.items],
        }
        for name, one in fields.items()
    }
    return json.dumps(content)


def _load(text: str) -> Fields:
    return {
        name: Held(
            tuple(one["values"]),
            one["dialect"],
            tuple(Item(key, bytes.fromhex(raw)) for key, raw in one["items"]),
        )
        for name, one in json.loads(text).items()
    }
