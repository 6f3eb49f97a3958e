"""Finished runs -> differences from the recipe, pair by pair, as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np

from training.config import Config
from training.experiments.ablate.aggregation import AGGREGATIONS
from training.experiments.ablate.cells import Cell, Result
from training.experiments.ablate.variants import RECIPE, VARIANTS
from training.experiments.runner.summary import Mean, table

Results = Mapping[Cell, Result]
Value = Callable[[Result], float | None]

FIGURES: dict[str, Value] = {
    "genres ROC-AUC": lambda result: result.genres["roc_auc"],
    "mAP": lambda result: result.genres["ap"],
    "instruments ROC-AUC": lambda result: result.instruments["roc_auc"],
    "AP": lambda result: result.instruments["ap"],
}


def markdown_text(results: Results, config: Config, *, begun: bool = False) -> str:
    """The report: a table for each part of the recipe, and one of the ways to vote.

    `begun`: the runs began with the weights of another.
    """
    return "\n".join(_lines(results, config, "more steps" if begun else "steps")) + "\n"


def _lines(results: Results, config: Config, steps: str) -> Iterator[str]:
    batch = config.recipe
    slices = batch.songs + batch.rendered + batch.solos + batch.noise
    yield "# What each part of the recipe is worth"
    yield ""
    yield (
        f"Every run learned for {config.loop.steps} {steps} of {slices} slices. A row says how "
        "far a variant is ahead of the recipe with the same seed and the same fold held out: mean "
        "and standard deviation over these pairs and, in brackets, in how many it was ahead. "
        "Times are of one processor core."
    )
    yield from ("", *_recipe_lines(results))
    variants = [variant for variant in VARIANTS if variant.name != RECIPE]
    for part, group in groupby(variants, key=lambda variant: variant.part):
        if rows := [row for variant in group for row in _row(variant.name, results)]:
            heads = ["variant", *FIGURES, "runs", "step, ms"]
            yield from ("", f"## {part.capitalize()}", "", *table(heads, rows))
    yield from ("", *_vote_lines(results))


def _recipe_lines(results: Results) -> Iterator[str]:
    runs = _runs(RECIPE, results)
    yield "The recipe itself:"
    rows = (
        [str(run.cell.fold), *(_plain([value(run)]) for value in FIGURES.values()),
         str(run.cell.seed), f"{run.step_ms:.0f}"]
        for run in runs
    )  # fmt: skip
    yield from ("", *table(["fold held out", *FIGURES, "seed", "step, ms"], rows))


def _row(name: str, results: Results) -> Iterator[list[str]]:
    """A variant's row, if it has run."""
    if runs := [run for run in _runs(name, results) if _partner(run) in results]:
        cells = [_difference(_ahead(runs, results, value)) for value in FIGURES.values()]
        step = float(np.mean([run.step_ms for run in runs]))
        yield [name, *cells, str(len(runs)), f"{step:.0f}"]


def _ahead(runs: Sequence[Result], results: Results, value: Value) -> list[float]:
    """How far each run is ahead of the recipe's own with the same fold and seed."""
    pairs = [(value(run), value(results[_partner(run)])) for run in runs]
    return [own - recipe for own, recipe in pairs if own is not None and recipe is not None]


def _partner(run: Result) -> Cell:
    """The run it is held against."""
    return replace(run.cell, variant=RECIPE)


def _vote_lines(results: Results) -> Iterator[str]:
    runs = _runs(RECIPE, results)
    yield "## Votes"
    yield ""
    yield "Tracks of the recipe's own runs; of rendered MIDI a track is a whole excerpt."
    yield ""
    yield from table(
        ["vote", *FIGURES],
        ([aggregation, *_vote_cells(aggregation, runs)] for aggregation in AGGREGATIONS),
    )


def _vote_cells(aggregation: str, runs: Sequence[Result]) -> Iterator[str]:
    for kind in ("genre", "instrument"):
        for name in ("roc_auc", "ap"):
            yield _plain([run.votes[kind][aggregation][name] for run in runs])


def _runs(name: str, results: Results) -> list[Result]:
    found = [result for cell, result in results.items() if cell.variant == name]
    return sorted(found, key=lambda result: (result.cell.fold, result.cell.seed))


def _plain(values: Sequence[float | None]) -> str:
    mean = Mean.of(values)
    return mean.text() if mean else ""


def _difference(values: Sequence[float]) -> str:
    """Mean and spread, and how many are above zero.

    >>> _difference([0.02, 0.04])
    '+0.030 ± 0.014 (2 of 2)'
    """
    if not (mean := Mean.of(values)):
        return ""
    won = sum(value > 0 for value in values)
    return f"{mean.text(sign=True)} ({won} of {len(values)})"
