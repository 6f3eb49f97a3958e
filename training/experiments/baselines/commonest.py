"""A constant prediction, the frequency of each class: what a score is worth without audio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.experiments.baselines.problem import Answer, Problem


@dataclass(frozen=True, slots=True)
class Commonest:
    """Uses no input."""

    name: str = "commonest"
    title: str = "always the commonest class"
    inputs: tuple[str, ...] = ()

    def answer(self, problem: Problem, seed: int) -> Answer:
        """The share of each class in what is learned from."""
        shares = np.nanmean(problem.truth(problem.parts.train), axis=0).astype(np.float32)
        return Answer(np.tile(shares, (len(problem.parts.test), 1)), len(shares), 0.0, 0.0)
