"""Slices as rows of a table, each column with mean 0 and spread 1 over what is learned from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.experiments.baselines.problem import Array, Problem
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
