"""The cells of an experiment that its ledger does not have, one after the other or side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from typing import Any

from tagger.errors import MusicTagError
from tagger.scanning.pool import Pool
from tagger.scanning.workers import Loss
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

    Several jobs are forked processes with one thread of torch each: what `run` refers to is in
    memory once.
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

    def lost(cell: Cell, _: Loss) -> Filled[Result] | MusicTagError:
        return MusicTagError(f"a process died over {cell}; run it again to go on")

    with Pool(_prepare, (run,), lost=lost, size=jobs, timeout_s=None, method="fork") as pool:
        for future in as_completed([pool.submit(cell) for cell in cells]):
            answer = future.result()
            if isinstance(answer, MusicTagError):
                raise answer
            ledger.add(*answer)
            advance()


def _prepare(run: Callable[[Any], Filled[Any]]) -> Callable[[Any], Filled[Any] | MusicTagError]:
    """What a process does with a cell; an error of ours is an answer, which the pool hands on."""

    def answer(cell: Any) -> Filled[Any] | MusicTagError:
        try:
            return run(cell)
        except MusicTagError as error:
            return error

    return answer
