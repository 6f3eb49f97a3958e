"""Networks over slices as rows of a table: a dense network and a new head on a trained one.

Each column is standardised over the training slices.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from training.experiments.baselines.learning import Schedule, learn
from training.experiments.baselines.problem import Answer, Array, Problem
from training.experiments.protocols import Indices


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Shape: `values` `(S, D)`."""

    values: Array

    @classmethod
    def of(cls, problem: Problem, name: str) -> Table:
        """An array of the problem's sound."""
        values = problem.sound.arrays[name].astype(np.float32)
        learned = values[problem.parts.train]
        spread = learned.std(axis=0)
        return cls((values - learned.mean(axis=0)) / np.where(spread > 0, spread, 1))

    def learned(
        self, rows: Indices, targets: Tensor, rng: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """A batch to learn from: as it is."""
        return self.plain(rows), targets

    def plain(self, rows: Indices) -> Tensor:
        """A batch. Shape: `(n, D)`."""
        return torch.from_numpy(self.values[rows])


# Its epochs are short: it is validated after each, and stops after 15 without gain.
DENSE_PLAN = Schedule(steps=0, learning_rate=1e-3, patience=15, precision="float32")


@dataclass(frozen=True, slots=True)
class Dense:
    """A dense network over features by hand: 512, 256, 128 and 64 units with 20 % dropout.

    Published as 93.18 % on GTZAN with randomly split slices.
    """

    name: str = "features-dense"
    title: str = "features by hand, dense network"
    inputs: tuple[str, ...] = ("features",)
    widths: tuple[int, ...] = (512, 256, 128, 64)
    dropout: float = 0.2
    epochs: int = 120  # at most
    plan: Schedule = DENSE_PLAN

    def answer(self, problem: Problem, seed: int) -> Answer:
        """Learn and answer."""
        table = Table.of(problem, self.inputs[0])
        epoch = max(1, len(problem.parts.train) // self.plan.batch)
        plan = replace(self.plan, steps=self.epochs * epoch, watch_every=epoch)
        n_inputs, n_classes = table.values.shape[1], problem.targets.shape[1]
        return learn(lambda: self.network(n_inputs, n_classes), table, problem, plan, seed)

    def network(self, n_inputs: int, n_classes: int) -> nn.Sequential:
        """Untrained. Shape: `(B, n_inputs)` to `(B, n_classes)`."""
        layers: list[nn.Module] = []
        for width_in, width in zip((n_inputs, *self.widths), self.widths, strict=False):
            layers += [nn.Linear(width_in, width), nn.ReLU(), nn.Dropout(self.dropout)]
        return nn.Sequential(*layers, nn.Linear(self.widths[-1], n_classes))


HEAD_PLAN = Schedule(1500, learning_rate=5e-3, weight_decay=0.1, patience=10, precision="float32")


@dataclass(frozen=True, slots=True)
class Transfer:
    """The body of a trained network with a new linear head: only the head learns.

    Source: Pons and Serra 2019, "musicnn", and Choi et al. 2017, "Transfer Learning for Music
    Classification and Regression Tasks".
    """

    name: str = "transfer"
    title: str = "our network, new head"
    inputs: tuple[str, ...] = ("embeddings",)
    dropout: float = 0.3
    plan: Schedule = HEAD_PLAN

    def answer(self, problem: Problem, seed: int) -> Answer:
        """Learn the head and answer; the body's outputs are the problem's, and stay as they are."""
        table = Table.of(problem, self.inputs[0])
        n_inputs, n_classes = table.values.shape[1], problem.targets.shape[1]

        def head() -> nn.Sequential:
            return nn.Sequential(nn.Dropout(self.dropout), nn.Linear(n_inputs, n_classes))

        return learn(head, table, problem, self.plan, seed)
