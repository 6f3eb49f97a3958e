"""The body of a trained network with a new head: only the head learns.

Source: Pons and Serra 2019, "musicnn", and Choi et al. 2017, "Transfer Learning for Music
Classification and Regression Tasks".
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from training.experiments.baselines.learning import Schedule, learn
from training.experiments.baselines.problem import Answer, Problem
from training.experiments.baselines.tabular import Table

PLAN = Schedule(1500, learning_rate=5e-3, weight_decay=0.1, patience=10, precision="float32")


@dataclass(frozen=True, slots=True)
class Transfer:
    """A linear head over what the body makes of each slice."""

    name: str = "transfer"
    title: str = "our network, new head"
    inputs: tuple[str, ...] = ("embeddings",)
    dropout: float = 0.3
    plan: Schedule = PLAN

    def answer(self, problem: Problem, seed: int) -> Answer:
        """Learn the head and answer; the body's outputs are the problem's, and stay as they are."""
        table = Table.of(problem, self.inputs[0])
        n_inputs, n_classes = table.values.shape[1], problem.targets.shape[1]

        def head() -> nn.Sequential:
            return nn.Sequential(nn.Dropout(self.dropout), nn.Linear(n_inputs, n_classes))

        return learn(head, table, problem, self.plan, seed)
