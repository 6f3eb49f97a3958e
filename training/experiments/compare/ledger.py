"""Finished cells of the table on disk: one line of JSON each, and the scores behind it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.experiments.compare.metrics import Array, Figures
from training.experiments.json_lines import add_line, keep_setup, read_lines

RESULTS, SCORES = "results.jsonl", "scores"


@dataclass(frozen=True, slots=True)
class Cell:
    """A system under a protocol, once."""

    task: str
    protocol: str
    system: str
    seed: int


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a cell."""

    cell: Cell
    slices: tuple[int, int, int]  # learned from, chosen by, asked about
    tracks: int  # asked about
    by_slice: Figures | None
    by_track: Figures | None
    parameters: int
    learn_s: float  # seconds of processor time
    answer_s: float  # the same, for all slices asked about
    track_ms: float  # the same in milliseconds for a track, from decoded sound to scores


class Ledger:
    """The results in a folder, in the order in which they came."""

    def __init__(self, folder: Path, setup: dict[str, Any]) -> None:
        """Open or begin; a DataError where the folder has results of another setup."""
        (folder / SCORES).mkdir(parents=True, exist_ok=True)
        self._folder = folder
        keep_setup(folder, setup, "results of other data, settings or another model")
        self.results = {
            result.cell: result for result in map(_result, read_lines(folder / RESULTS))
        }

    def add(self, result: Result, scores: Array) -> None:
        """Keep a result; on disk when this returns."""
        kept = self._scores(result.cell)
        unfinished = kept.with_suffix(".tmp")
        with unfinished.open("wb") as file:
            np.save(file, scores)
        unfinished.replace(kept)
        add_line(self._folder / RESULTS, asdict(result))
        self.results[result.cell] = result

    def scores(self, cell: Cell) -> Array:
        """What the system of a finished cell said. Shape: `(n, C)`."""
        return np.asarray(np.load(self._scores(cell)), dtype=np.float32)

    def _scores(self, cell: Cell) -> Path:
        name = "-".join((cell.task.replace(", ", "-"), cell.protocol, cell.system, str(cell.seed)))
        return self._folder / SCORES / f"{name}.npy"


def _result(row: dict[str, Any]) -> Result:
    cell, slices = Cell(**row.pop("cell")), tuple(row.pop("slices"))
    return Result(cell=cell, slices=slices, **row)
