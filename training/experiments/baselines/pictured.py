"""Networks over mel spectrogram images of slices: the three published ones, and how they learn."""

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
from training.networks import Conv5Config, MobileConfig, NetworkConfig, ResNetConfig, build
from training.networks.mobile import Stage

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


# Five convolutions over 128 mel bands, without augmentation. Published as 81.5 % on GTZAN, random
# 80/20 of tracks.
CLASSIC_CNN = Pictured("classic-cnn", "classic CNN", Conv5Config(widths=(8, 16, 32, 64, 64)))
# With augmentation of audio and image. Published, wider and trained longer, as 83.8 % on GTZAN,
# 70/20/10 stratified.
RESIDUAL = Pictured("residual", "ResNet", ResNetConfig(width=12), Augmenting())
# EfficientNet's blocks (inverted bottlenecks with gates), with augmentation. Published, wider and
# trained longer, as 86.9 % on GTZAN, 70/20/10 stratified. Source: Tan and Le 2019, "EfficientNet".
EFFICIENT = Pictured(
    "efficient",
    "EfficientNet",
    MobileConfig(
        stem=(8, 16),
        embedding=192,
        stages=(Stage(24, 2, 3, (2, 2)), Stage(40, 2, 3, (2, 1)), Stage(64, 2, 3, (2, 1))),
    ),
    Augmenting(),
)
