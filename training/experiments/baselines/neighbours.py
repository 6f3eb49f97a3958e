"""k nearest neighbours: the mean target of the nearest slices. Source: Cover and Hart 1967."""

from __future__ import annotations

from dataclasses import dataclass
from time import process_time

import numpy as np
from sklearn.neighbors import NearestNeighbors

from training.experiments.baselines.problem import Answer, Array, Problem
from training.experiments.baselines.tabular import Table
from training.experiments.protocols import Indices


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Over one array of the sound."""

    name: str
    title: str
    inputs: tuple[str, ...]
    choices: tuple[int, ...] = (1, 3, 5, 9, 15, 25, 45, 75)  # of k

    def answer(self, problem: Problem, seed: int) -> Answer:
        """With the k that was best on the slices to choose by."""
        started = process_time()
        values, parts = Table.of(problem, self.inputs[0]).values, problem.parts
        most = min(max(self.choices), len(parts.train))
        index = NearestNeighbors(n_neighbors=most).fit(values[parts.train])
        near, truth = _near(index, values, problem, parts.valid), problem.truth(parts.valid)
        errors = {
            k: np.nanmean((mean_target(near, k) - truth) ** 2) for k in self.choices if k <= most
        }
        best = min(errors, key=lambda k: float(errors[k]))
        learned = process_time()
        scores = mean_target(_near(index, values, problem, parts.test), best)
        return Answer(scores, 0, learned - started, process_time() - learned)


def mean_target(near: Array, k: int) -> Array:
    """The mean known target of the nearest k. Shape: `(n, K, C)` in, `(n, C)` out."""
    labelled = ~np.isnan(near[:, :k])
    total = np.where(labelled, near[:, :k], 0).sum(axis=1)
    return np.asarray(total / np.maximum(labelled.sum(axis=1), 1), dtype=np.float32)


def _near(index: NearestNeighbors, values: Array, problem: Problem, rows: Indices) -> Array:
    """The targets of the neighbours, the nearest first. Shape: `(n, K, C)`."""
    if not len(rows):
        return np.zeros((0, index.n_neighbors, problem.targets.shape[1]), dtype=np.float32)
    found = index.kneighbors(values[rows], return_distance=False)
    return problem.truth(problem.parts.train[found])
