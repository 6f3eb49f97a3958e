"""By how much our network is ahead of each system on artists nobody learned from, and how surely.

Both are asked about the same tracks, so whole artists are drawn for both at once: what makes a
track hard for everybody falls out of the difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from training.evaluation.bootstrap import Floats, Interval, Resampling, interval, mean_of_labels
from training.experiments.baselines.systems import Entrant, Ours
from training.experiments.compare.cells import Cell, Results, divide
from training.experiments.compare.metrics import Array, by_track
from training.experiments.compare.tasks import Task
from training.experiments.protocols import PROTOCOLS, Material

HONEST = PROTOCOLS["artist-grouped"]
UNUSED_THRESHOLD = 0.5  # nothing is decided here


@dataclass(frozen=True, slots=True)
class Margin:
    """Our main figure less a system's, the mean of its seeds, with an interval over artists."""

    system: str
    ahead: Interval


def margins(
    task: Task,
    material: Material,
    systems: Sequence[Entrant],
    seeds: int,
    ledger: Results,
) -> Iterator[Margin]:
    """Of all systems but ours; nothing where ours has not been asked."""
    ours = next((system.name for system in systems if isinstance(system, Ours)), "")
    own = list(_finished(task, ours, seeds, ledger))
    if not own:
        return
    tracks = np.unique(material.tracks[divide(material, HONEST, own[0].seed).test])
    groups = [task.clips[track].group for track in tracks]
    truth, draws = task.targets[tracks], Resampling.of(groups)
    mine = curve(truth, ledger.scores(own[0]), draws, single=task.single)
    for system in systems:
        if system.name == ours:
            continue
        theirs = [
            curve(truth, _of_tracks(material, cell, ledger), draws, single=task.single)
            for cell in _finished(task, system.name, seeds, ledger)
        ]
        if theirs:
            yield Margin(system.name, interval(mine - np.mean(theirs, axis=0)))


def curve(truth: Array, scores: Array, draws: Resampling, *, single: bool) -> Floats:
    """Accuracy or mean average precision in each draw. Shape: `(N, C)` twice in, `(R,)` out."""
    if single:
        right = scores.argmax(axis=1) == truth.argmax(axis=1)
        return draws.mean(right, np.ones(len(truth), dtype=np.bool_))
    return mean_of_labels(np.stack(list(_average_precision(truth, scores, draws))))


def _average_precision(truth: Array, scores: Array, draws: Resampling) -> Iterator[Floats]:
    for column in range(truth.shape[1]):
        known = ~np.isnan(truth[:, column])
        holds, score = truth[known, column] == 1, scores[known, column]
        if holds.any() and not holds.all():
            yield draws.figures(holds, score, score >= UNUSED_THRESHOLD, known)[1]


def _finished(task: Task, system: str, seeds: int, ledger: Results) -> Iterable[Cell]:
    cells = (Cell(task.name, HONEST.name, system, seed) for seed in range(1, seeds + 1))
    return (cell for cell in cells if cell in ledger.results)


def _of_tracks(material: Material, cell: Cell, ledger: Results) -> Array:
    """What a system said of each track."""
    parts = divide(material, HONEST, cell.seed)
    return by_track(material.tracks[parts.test], ledger.scores(cell))[1]
