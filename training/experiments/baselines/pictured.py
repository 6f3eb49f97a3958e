"""Networks over pictures of slices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.experiments.baselines.augmenting import (
    AudioDraw,
    Augmenting,
    audio_draw,
    change_audio,
    change_images,
)
from training.experiments.baselines.images import SPEC, images
from training.experiments.baselines.learning import Schedule, learn
from training.experiments.baselines.problem import Answer, Problem
from training.experiments.protocols import Indices
from training.networks import NetworkConfig, build

# Half a minute of one core; the published ones learned for far longer: see `--steps`.
PLAN = Schedule(steps=250, batch=32, watch_every=125)


@dataclass(frozen=True, slots=True)
class Pictured:
    """A kind of network, changed slices to learn from or not, and how long it learns."""

    name: str
    title: str
    network: NetworkConfig
    augmenting: Augmenting | None = None
    plan: Schedule = PLAN

    @property
    def inputs(self) -> tuple[str, ...]:
        """Pictures, and where they are changed the sound that they are of."""
        return ("images", "waves") if self.augmenting else ("images",)

    def answer(self, problem: Problem, seed: int) -> Answer:
        """Learn and answer."""
        pictures = Pictures(problem, self.augmenting)
        n_classes = problem.targets.shape[1]
        return learn(
            lambda: build(self.network, n_classes, SPEC.n_mels), pictures, problem, self.plan, seed
        )


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """The problem's pictures, batch by batch."""

    problem: Problem
    augmenting: Augmenting | None

    def plain(self, rows: Indices) -> Tensor:
        """Shape: `(n, M, F)`."""
        return torch.from_numpy(self.problem.sound.arrays["images"][rows].astype(np.float32))

    def learned(
        self, rows: Indices, targets: Tensor, rng: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """A batch to learn from, with changes of sound and picture where they are asked for."""
        batch = self.plain(rows)
        if self.augmenting is None:
            return batch, targets
        draw = audio_draw(len(rows), SPEC.slice_samples, self.augmenting, rng)
        if (changed := draw.changed).any():
            batch[changed] = self._changed(rows[changed.numpy()], draw.only(changed), rng)
        return change_images(batch, targets, self.augmenting, rng)

    def _changed(self, rows: Indices, draw: AudioDraw, rng: torch.Generator) -> Tensor:
        waves = torch.from_numpy(self.problem.sound.arrays["waves"][rows].astype(np.float32))
        return images(change_audio(waves, draw, rng))
