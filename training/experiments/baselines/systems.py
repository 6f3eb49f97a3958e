"""All systems that are compared, in the order in which they run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.experiments.baselines.neighbours import Neighbours
from training.experiments.baselines.pictured import CLASSIC_CNN, EFFICIENT, RESIDUAL
from training.experiments.baselines.problem import Answer, Problem, System
from training.experiments.baselines.tabular import Dense, Transfer


@dataclass(frozen=True, slots=True)
class Commonest:
    """A constant prediction, the frequency of each class: what a score is worth without audio."""

    name: str = "commonest"
    title: str = "always the commonest class"
    inputs: tuple[str, ...] = ()

    def answer(self, problem: Problem, seed: int) -> Answer:
        """The share of each class in what is learned from."""
        shares = np.nanmean(problem.truth(problem.parts.train), axis=0).astype(np.float32)
        return Answer(np.tile(shares, (len(problem.parts.test), 1)), len(shares), 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Ensemble:
    """The mean prediction of several separately trained systems, given by name.

    They answer before it does, for the same slices. Source: Breiman 1996, "Bagging".
    """

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


@dataclass(frozen=True, slots=True)
class Ours:
    """The network itself, as a scan uses it; it learns nothing here."""

    name: str = "ours"
    title: str = "our network"
    inputs: tuple[str, ...] = ("votes",)


NOTHING = Commonest()
ALONE: tuple[System, ...] = (
    NOTHING,
    Neighbours("features-neighbours", "features by hand, nearest neighbours", ("features",)),
    Dense(),
    CLASSIC_CNN,
    RESIDUAL,
    EFFICIENT,
    Neighbours("ours-neighbours", "our embedding, nearest neighbours", ("embeddings",)),
    Transfer(),
)
ENSEMBLE = Ensemble(
    "ensemble",
    "mean of the three networks",
    (CLASSIC_CNN.name, RESIDUAL.name, EFFICIENT.name),
)
Entrant = System | Ensemble | Ours
ALL: tuple[Entrant, ...] = (*ALONE, ENSEMBLE, Ours())
SYSTEMS: dict[str, Entrant] = {system.name: system for system in ALL}
