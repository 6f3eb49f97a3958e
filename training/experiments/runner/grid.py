"""The cells of an experiment that its ledger does not have, one after the other or side by side."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Sequence
from typing import Any

from training.experiments.runner.ledger import Array, Cell, Ledger, Result

Filled = tuple[Result, Array | None]  # what came of a cell, and the scores behind it


def fill(
    cells: Sequence[Cell],
    ledger: Ledger[Cell, Result],
    run: Callable[[Cell], Filled[Result]],
    advance: Callable[[], object] = lambda: None,
    *,
    jobs: int = 1,
) -> None:
    """Run what is not in the ledger yet, in order; `advance` is called once a cell.

    With several jobs each cell has a forked process of its own, with one thread of torch: what
    `run` refers to is in memory once.
    """
    left = [cell for cell in cells if cell not in ledger.results]
    for _ in range(len(cells) - len(left)):
        advance()
    if jobs == 1:
        for cell in left:
            ledger.add(*run(cell))
            advance()
    else:
        _fill_by_processes(left, ledger, run, advance, jobs)


def _fill_by_processes(
    cells: Sequence[Cell],
    ledger: Ledger[Cell, Result],
    run: Callable[[Cell], Filled[Result]],
    advance: Callable[[], object],
    jobs: int,
) -> None:
    import torch

    torch.set_num_threads(1)
    fork = multiprocessing.get_context("fork")
    with fork.Pool(jobs, _begin, (run,), maxtasksperchild=1) as pool:
        for filled in pool.imap_unordered(_run, cells):
            ledger.add(*filled)
            advance()


_runs: list[Callable[[Any], Filled[Any]]] = []  # of a worker


def _begin(run: Callable[[Any], Filled[Any]]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends all
    _runs.append(run)


def _run(cell: object) -> Filled[Any]:
    return _runs[0](cell)
