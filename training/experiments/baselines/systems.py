"""All systems that are compared, in the order in which they run."""

from __future__ import annotations

from dataclasses import dataclass

from training.experiments.baselines.classic_cnn import CLASSIC_CNN
from training.experiments.baselines.commonest import Commonest
from training.experiments.baselines.dense import Dense
from training.experiments.baselines.efficient import EFFICIENT
from training.experiments.baselines.ensembles import Ensemble
from training.experiments.baselines.neighbours import Neighbours
from training.experiments.baselines.problem import System
from training.experiments.baselines.residual import RESIDUAL
from training.experiments.baselines.transfer import Transfer


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
