"""Finished runs on disk, a line of JSON each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tagger.errors import DataError
from training.ablate.voting import Figures
from training.lines import add_line, read_lines

RESULTS, SETUP = "results.jsonl", "setup.json"


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
        folder.mkdir(parents=True, exist_ok=True)
        kept, content = folder / SETUP, json.dumps(setup, indent=1) + "\n"
        if not kept.exists():
            kept.write_text(content, encoding="utf-8")
        elif kept.read_text(encoding="utf-8") != content:
            raise DataError("holds runs of other data or settings; choose another --out", folder)
        self._lines = folder / RESULTS
        self.results = {result.cell: result for result in map(_result, read_lines(self._lines))}

    def add(self, result: Result) -> None:
        """Keep a result; on disk when this returns."""
        add_line(self._lines, asdict(result))
        self.results[result.cell] = result


def _result(row: dict[str, Any]) -> Result:
    return Result(cell=Cell(**row.pop("cell")), **row)
