"""Finished runs on disk, a line of JSON each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from training.experiments.ablate.aggregation import Figures
from training.experiments.json_lines import add_line, keep_setup, read_lines

RESULTS = "results.jsonl"


@dataclass(frozen=True, slots=True)
class Cell:
    """One run."""

    variant: str
    fold: int  # held out
    seed: int


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it."""

    cell: Cell
    genres: Figures  # of tracks
    instruments: Figures  # of labelled windows and sounds
    votes: Mapping[str, Mapping[str, Figures]]  # of tracks, by kind and way
    step_ms: float  # processor time of a step


class Ledger:
    """The results in a folder, in the order in which they came."""

    def __init__(self, folder: Path, setup: dict[str, Any]) -> None:
        """Open or begin; a DataError where the folder has results of another setup."""
        keep_setup(folder, setup, "runs of other data or settings")
        self._lines = folder / RESULTS
        self.results = {result.cell: result for result in map(_result, read_lines(self._lines))}

    def add(self, result: Result) -> None:
        """Keep a result; on disk when this returns."""
        add_line(self._lines, asdict(result))
        self.results[result.cell] = result


def _result(row: dict[str, Any]) -> Result:
    return Result(cell=Cell(**row.pop("cell")), **row)
