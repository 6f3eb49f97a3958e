"""All runs that were asked for, those that tell most first, several at a time."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Sequence
from itertools import product

import torch

from training.experiments.ablate.cells import Bench
from training.experiments.ablate.ledger import Cell, Ledger, Result
from training.experiments.ablate.variants import RECIPE


def planned(variants: Sequence[str], folds: Sequence[int], seeds: int) -> list[Cell]:
    """Every variant under every fold and seed, the recipe's own run before those held against it.

    Folds and seeds that both are new come first, so that a table of a stopped run has seen some of
    either.

    >>> [(c.fold, c.seed) for c in planned([], [1, 2], 2)]
    [(1, 1), (2, 2), (1, 2), (2, 1)]
    """
    pairs = list(product(range(len(folds)), range(seeds)))
    pairs.sort(key=lambda pair: (pair[1] - pair[0]) % max(len(folds), seeds))
    names = [RECIPE, *(name for name in variants if name != RECIPE)]
    return [Cell(name, folds[fold], seed + 1) for fold, seed in pairs for name in names]


def run_all(
    bench: Bench,
    cells: Sequence[Cell],
    ledger: Ledger,
    jobs: int,
    advance: Callable[[], object] = lambda: None,
) -> None:
    """Run what the ledger does not have; each process of several has one thread of torch."""
    left = [cell for cell in cells if cell not in ledger.results]
    for _ in range(len(cells) - len(left)):
        advance()
    if jobs == 1:
        for cell in left:
            ledger.add(bench.run(cell))
            advance()
        return
    # The sound that all hear is in memory once: forks share it.
    torch.set_num_threads(1)
    with multiprocessing.get_context("fork").Pool(
        jobs, _begin, (bench,), maxtasksperchild=1
    ) as pool:
        for result in pool.imap_unordered(_run, left):
            ledger.add(result)
            advance()


_bench: list[Bench] = []  # of a worker


def _begin(bench: Bench) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends all
    _bench.append(bench)


def _run(cell: Cell) -> Result:
    return _bench[0].run(cell)
