from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagger.errors import DataError
from training.experiments.runner.grid import fill
from training.experiments.runner.ledger import RESULTS, Array, Ledger, Outcome, file_name, read_rows
from training.experiments.runner.summary import Mean, table


@dataclass(frozen=True, slots=True)
class Cell:
    name: str
    seed: int


@dataclass(frozen=True, slots=True)
class Result(Outcome[Cell]):
    value: float
    process: int


CELLS = [Cell(name, seed) for seed in (1, 2) for name in ("one", "two, too")]


def parse(row: dict[str, Any]) -> Result:
    return Result(cell=Cell(**row.pop("cell")), **row)


def opened(folder: Path, **setup: str) -> Ledger[Cell, Result]:
    return Ledger(folder, setup, parse)


def run(cell: Cell) -> tuple[Result, Array]:
    return Result(cell, cell.seed / 2, os.getpid()), np.full(3, cell.seed, np.float32)


def test_killed_experiment_goes_on_where_it_was(tmp_path: Path) -> None:
    asked: list[Cell] = []

    def run_two(cell: Cell) -> tuple[Result, Array]:
        if len(asked) == 2:
            raise KeyboardInterrupt
        asked.append(cell)
        return run(cell)

    with pytest.raises(KeyboardInterrupt):
        fill(CELLS, opened(tmp_path), run_two)
    with (tmp_path / RESULTS).open("a") as rows:
        rows.write('{"cell": {"na')
    ledger, steps = opened(tmp_path), []
    assert list(ledger.results) == CELLS[:2]
    fill(CELLS, ledger, run, lambda: steps.append(1))
    assert len(steps) == len(CELLS)
    assert list(opened(tmp_path).results.values()) == list(ledger.results.values())
    assert [row["value"] for row in read_rows(tmp_path / RESULTS)] == [0.5, 0.5, 1, 1]
    assert ledger.scores(CELLS[3]).tolist() == [2, 2, 2]


def test_several_jobs_run_in_processes_of_their_own_and_find_the_same(tmp_path: Path) -> None:
    alone, shared = opened(tmp_path / "alone"), opened(tmp_path / "shared")
    fill(CELLS, alone, run)
    fill(CELLS, shared, run, jobs=2)
    assert {c: r.value for c, r in shared.results.items()} == {
        c: r.value for c, r in alone.results.items()
    }
    processes = {result.process for result in shared.results.values()}
    assert 1 <= len(processes) <= 2
    assert os.getpid() not in processes


def test_error_of_a_cell_ends_the_experiment_and_keeps_what_was_done(tmp_path: Path) -> None:
    def run_well(cell: Cell) -> tuple[Result, Array]:
        if cell.seed == 2:
            raise DataError("cannot be read", Path("sound.flac"))
        return run(cell)

    ledger = opened(tmp_path)
    with pytest.raises(DataError, match="cannot be read"):
        fill(CELLS, ledger, run_well, jobs=2)
    assert {cell.seed for cell in opened(tmp_path).results} == {1}


def test_results_of_another_setup_are_refused(tmp_path: Path) -> None:
    opened(tmp_path, data="old")
    opened(tmp_path, data="old")
    with pytest.raises(DataError, match="choose another --out"):
        opened(tmp_path, data="new")


def test_file_names_hold_every_field() -> None:
    assert file_name(CELLS[1]) == "two-too-1"


def test_mean_passes_over_unknown_values() -> None:
    mean = Mean.of([None, 0.5, 0.7])
    assert mean
    assert (mean.value, mean.spread) == pytest.approx((0.6, 0.1 * 2**0.5))
    assert mean.seeds == 2
    assert Mean.of([0.5]) == Mean(0.5, 0.0, 1)
    assert Mean.of([None]) is None


def test_table_is_markdown() -> None:
    assert list(table(["a", "b"], [["1", "2"]])) == ["| a | b |", "|---|---|", "| 1 | 2 |"]
