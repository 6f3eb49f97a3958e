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

from training.datasets import Clip
from training.datasets.tables import reading
from training.labels import GENRE_SLICE, Targets, instrument_targets

# Groups fall into this many folds by a checksum of their name, so that a group is always in
# the same one whatever else is in the table.
N_FOLDS = 5
VALID_FOLD = 1  # held out
TEST_SOURCE = "medleydb"  # six real mixes with full labels: only ever listened to at the end
ONLY_RECORDING = {"philharmonia:trumpet"}  # of its instrument: cannot be on both sides


def load(data: Path) -> list[Clip]:
    """All clips of `instruments.csv` under a data folder."""
    return _load(data / "instruments.csv", data / "instruments")


def load_rendered(folder: Path) -> list[Clip]:
    """All windows of MIDI excerpts that `training.synth` rendered into a folder."""
    return _load(folder / "rendered.csv", folder)


def is_held_out(clip: Clip) -> bool:
    """Whether a clip is kept for validation or the final listening."""
    return clip.fold == VALID_FOLD or clip.source == TEST_SOURCE


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


def _fold(row: dict[str, str]) -> int | None:
    if row["group"] in ONLY_RECORDING:
        return None
    if part := row.get("part"):
        return VALID_FOLD if part == "valid" else VALID_FOLD + 1
    return 1 + zlib.crc32(row["group"].encode()) % N_FOLDS


def _names(cell: str) -> list[str]:
    return cell.split("|") if cell else []
