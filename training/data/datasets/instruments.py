"""Sound with instrument labels: `instruments.csv` of the data folder, and rendered MIDI.

Both keep "unknown" apart from "absent" and may label windows of a few seconds one by one; a
labelled window is a clip of its own. Rendered MIDI (`training.synth`) adds the column `part` and
names that may or may not be heard in a window.
"""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterator
from pathlib import Path

from training.data.datasets import Clip
from training.data.datasets.tables import reading
from training.data.taxonomy import GENRE_SLICE, Targets, instrument_targets

# Groups fall into this many folds by a checksum of their name, so that a group is always in
# the same one whatever else is in the table.
N_FOLDS = 5
# Held out with each fold of songs, so that every group is held out in one of four runs.
HELD_OUT = {1: (1,), 2: (4, 5), 3: (2,), 4: (3,)}
RENDERED = "midi:"  # how sources of rendered MIDI begin
VALID = 1  # the fold of rendered MIDI's valid part
TEST_SOURCE = "medleydb"  # six real mixes with full labels: only ever listened to at the end
ONLY_RECORDING = {"philharmonia:trumpet"}  # of its instrument: cannot be on both sides


def load(data: Path) -> list[Clip]:
    """All clips of `instruments.csv` under a data folder."""
    return _load(data / "instruments.csv", data / "instruments")


def load_rendered(folder: Path) -> list[Clip]:
    """All windows of MIDI excerpts that `training.synth` rendered into a folder."""
    return _load(folder / "rendered.csv", folder)


def is_held_out(clip: Clip, fold: int) -> bool:
    """Whether a clip is kept for validation, in the run that holds out a fold of songs.

    Rendered MIDI has a valid part of its own, the same in all runs.
    """
    return clip.fold == VALID if is_rendered(clip) else clip.fold in HELD_OUT.get(fold, ())


def is_rendered(clip: Clip) -> bool:
    """Whether a clip was rendered from MIDI, and is no recording."""
    return clip.source.startswith(RENDERED)


def _load(table: Path, root: Path) -> list[Clip]:
    with reading(table, "instrument"), table.open(newline="", encoding="utf-8") as file:
        return [clip for row in csv.DictReader(file) for clip in _clips(root, row)]


def _clips(root: Path, row: dict[str, str]) -> Iterator[Clip]:
    absent = None if row["absent"] == "*" else _names(row["absent"])
    for i, (start_s, end_s, present, unsure) in enumerate(_windows(root, row)):
        # A name the whole clip holds is known in each window, unless the window calls it unsure.
        gone = None if absent is None else {*absent, *(set(_names(row["instruments"])) - present)}
        yield Clip(
            id=f"{row['id']}@{i}",
            path=root / row["file"],
            source=row["source"],
            group=row["group"],
            fold=_fold(row),
            targets=_targets(
                present, gone, unsure, music=bool(row["instruments"]) or absent is not None
            ),
            start_s=start_s,
            end_s=end_s,
        )


def _windows(
    root: Path, row: dict[str, str]
) -> Iterator[tuple[float, float | None, set[str], set[str]]]:
    """Start and end in seconds, names that sound, names that may sound."""
    if not row["window_labels"]:
        yield 0.0, None, set(_names(row["instruments"])), set()
        return
    table = root / row["window_labels"]
    with reading(table, "instrument"), table.open(newline="", encoding="utf-8") as file:
        for window in csv.DictReader(file):
            yield (
                float(window["start_s"]),
                float(window["end_s"]),
                set(_names(window["instruments"])),
                set(_names(window.get("unknown") or "")),
            )


def _targets(
    present: set[str], absent: set[str] | None, unsure: set[str], *, music: bool
) -> Targets:
    targets = instrument_targets(present, absent, unsure)
    if not music:  # speech and noise are of no genre either
        targets[GENRE_SLICE] = 0.0
    return targets


def fold_of(group: str) -> int | None:
    """The fold of a source instrument or song; None where it is learned from in every run."""
    if group in ONLY_RECORDING:
        return None
    return 1 + zlib.crc32(group.encode()) % N_FOLDS


def _fold(row: dict[str, str]) -> int | None:
    """Rendered MIDI says train or valid; remixes name their fold."""
    if part := row.get("part"):
        return int(part) if part.isdigit() else VALID if part == "valid" else None
    return fold_of(row["group"])


def _names(cell: str) -> list[str]:
    return cell.split("|") if cell else []
