"""The mean prediction of several separately trained systems. Source: Breiman 1996, "Bagging"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.experiments.baselines.problem import Answer


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Systems by name; they answer before it does, for the same slices."""

    name: str
    title: str
    members: tuple[str, ...]

    def join(self, answers: Sequence[Answer]) -> Answer:
        """The mean of the probabilities; it takes what they take together."""
        return Answer(
            scores=np.mean([answer.scores for answer in answers], axis=0),
            parameters=sum(answer.parameters for answer in answers),
            learn_s=sum(answer.learn_s for answer in answers),
            answer_s=sum(answer.answer_s for answer in answers),
        )
