"""Finished cells on disk, a line of JSON each, so that a killed experiment loses none of them.

Beside them stand the settings they were made with, and where an experiment keeps them the scores
behind each cell.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Hashable
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from tagger.errors import DataError
from tagger.writing.atomic_file import replacing

Array = npt.NDArray[np.float32]

SETUP, RESULTS, SCORES = "setup.json", "results.jsonl", "scores"

Cell = TypeVar("Cell", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Cell]):
    """What came of a cell; an experiment adds its own figures."""

    cell: Cell


Result = TypeVar("Result", bound=Outcome[Any])


class Ledger(Generic[Cell, Result]):
    """The results in a folder, in the order in which they came."""

    def __init__(
        self,
        folder: Path,
        setup: dict[str, Any],
        parse: Callable[[dict[str, Any]], Result],
        holds: str = "results of other data or settings",
    ) -> None:
        """Open or begin; a DataError where the folder has results of another setup.

        `parse` makes a result of a row of JSON; `holds` says in words what such a folder has.
        """
        self._folder = folder
        _begin(folder, setup, holds)
        rows = map(parse, read_rows(folder / RESULTS))
        self.results: dict[Cell, Result] = {result.cell: result for result in rows}

    def add(self, result: Result, scores: Array | None = None) -> None:
        """Keep a result and the scores behind it; on disk when this returns."""
        if scores is not None:
            self._write_scores(result.cell, scores)
        with (self._folder / RESULTS).open("a", encoding="utf-8") as rows:
            rows.write(json.dumps(asdict(result)) + "\n")
            rows.flush()
            os.fsync(rows.fileno())
        self.results[result.cell] = result

    def scores(self, cell: Cell) -> Array:
        """The scores behind a finished cell, as they were added."""
        return np.asarray(np.load(self._scores_path(cell)), dtype=np.float32)

    def _write_scores(self, cell: Cell, scores: Array) -> None:
        path = self._scores_path(cell)
        path.parent.mkdir(exist_ok=True)
        with replacing(path) as part, part.open("wb") as file:
            np.save(file, scores)

    def _scores_path(self, cell: Cell) -> Path:
        return self._folder / SCORES / f"{file_name(cell)}.npy"


def file_name(cell: Any) -> str:
    """The fields of a cell, which is a dataclass, as the stem of a file name."""
    return "-".join(str(value).replace(", ", "-").replace(" ", "-") for value in astuple(cell))


def read_rows(path: Path) -> list[dict[str, Any]]:
    """All whole rows of a file of JSON lines; what a killed run left of a line is cut off."""
    if not path.exists():
        return []
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        os.truncate(path, len(whole))
    return [json.loads(line) for line in whole.decode("utf-8").splitlines()]


def _begin(folder: Path, setup: dict[str, Any], holds: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path, content = folder / SETUP, json.dumps(setup, indent=1) + "\n"
    if not path.exists():
        path.write_text(content, encoding="utf-8")
    elif path.read_text(encoding="utf-8") != content:
        raise DataError(f"holds {holds}; choose another --out or delete it", folder)
