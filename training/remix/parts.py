"""Stems of songs and solo sounds, from `recordings.csv` and `instruments.csv`, by fold."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from training.data.datasets.instruments import fold_of
from training.data.datasets.tables import reading

STEM_SOURCE = "musdb18"
# Sets of single instruments; drums and basses come as stems.
SOLO_SOURCES = frozenset(
    {
        "philharmonia", "freesound300", "nsynth", "weresax", "lofi", "pipeorgan", "solo", "epiano",
        "pianosolo",
    }
)  # fmt: skip
COMPLETE = "*"


@dataclass(frozen=True, slots=True)
class Part:
    """One recording and its labels."""

    path: Path
    group: str  # song or source instrument
    present: frozenset[str]
    absent: frozenset[str]
    complete: bool  # every name that is not present is absent


@dataclass(slots=True)
class Parts:
    """What remixes of one fold are made of."""

    songs: dict[str, dict[str, Part]] = field(default_factory=lambda: defaultdict(dict))
    solos: dict[str, dict[str, list[Part]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )  # instrument -> group -> sounds


def load_parts(data: Path) -> dict[int, Parts]:
    """Parts by fold: a song or an instrument is in one fold only."""
    folds: dict[int, Parts] = defaultdict(Parts)
    for row in _rows(data / "recordings.csv"):
        part = _part(row, data / row["file"], row["instruments_absent"])
        if row["source"] == STEM_SOURCE:
            stem = row["id"].rpartition("_")[2]
            if fold := fold_of(part.group):
                folds[fold].songs[part.group][stem] = part
        elif row["source"] in SOLO_SOURCES:
            _add_solo(folds, part)
    for row in _rows(data / "instruments.csv"):
        if row["source"] in SOLO_SOURCES and not row["window_labels"]:
            _add_solo(folds, _part(row, data / "instruments" / row["file"], row["absent"]))
    return dict(folds)


def _add_solo(folds: dict[int, Parts], part: Part) -> None:
    fold = fold_of(part.group)
    if fold and len(part.present) == 1:
        (name,) = part.present
        folds[fold].solos[name][part.group].append(part)


def _part(row: dict[str, str], path: Path, absent: str) -> Part:
    return Part(
        path=path,
        group=row["group"],
        present=frozenset(_names(row["instruments"])),
        absent=frozenset() if absent == COMPLETE else frozenset(_names(absent)),
        complete=absent == COMPLETE or row["source"] in SOLO_SOURCES,
    )


def _rows(table: Path) -> Iterator[dict[str, str]]:
    with reading(table, "instrument"), table.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _names(cell: str) -> list[str]:
    return cell.split("|") if cell else []
