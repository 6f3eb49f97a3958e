"""Gradient descent, the same for all systems that learn by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import process_time
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.experiments.baselines.problem import Answer, Array, Problem
from training.experiments.protocols import Indices
from training.trainer.amp import Precision
from training.trainer.early_stopping import Best
from training.trainer.optimiser import Optimiser

CPU = torch.device("cpu")
AT_ONCE = 256  # slices, where nothing is learned


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast."""

    steps: int
    batch: int = 64
    learning_rate: float = 2e-3  # at the end of the warm-up, then down a cosine to zero
    warm_up: float = 0.05  # share of all steps
    weight_decay: float = 0.02
    clip_norm: float = 0.0  # none
    watch_every: int = 50  # steps, after which the slices to choose by are asked about
    patience: int = 0  # validations without progress after which it stops; 0: it never does
    precision: str = "auto"


class Feed(Protocol):
    """Slices as a network takes them."""

    def learned(
        self, rows: Indices, targets: Tensor, rng: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """A batch to learn from, changed or not, with its labels."""

    def plain(self, rows: Indices) -> Tensor:
        """A batch as it is."""


def learn(
    make: Callable[[], nn.Module], feed: Feed, problem: Problem, plan: Schedule, seed: int
) -> Answer:
    """Build a network, have it learn, and ask it.

    It keeps the weights with which it did best on the slices to choose by.
    """
    started = process_time()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = make()
        _descend(network, feed, problem, plan, torch.Generator().manual_seed(seed))
    learned = process_time()
    scores = ask(network, feed, problem, problem.parts.test, plan)
    count = sum(value.numel() for value in network.parameters() if value.requires_grad)
    return Answer(scores, count, learned - started, process_time() - learned)


@torch.no_grad()
def ask(network: nn.Module, feed: Feed, problem: Problem, rows: Indices, plan: Schedule) -> Array:
    """Probabilities of every class for some slices. Shape: `(n, C)`."""
    network.eval()
    precision, parts = Precision.of(plan.precision, CPU), [torch.zeros(0, problem.targets.shape[1])]
    for first in range(0, len(rows), AT_ONCE):
        with precision.autocast():
            logits = network(feed.plain(rows[first : first + AT_ONCE])).float()
        parts.append(logits.softmax(dim=1) if problem.single else logits.sigmoid())
    return torch.cat(parts).numpy()


def loss_of(logits: Tensor, targets: Tensor, *, single: bool) -> Tensor:
    """Cross-entropy over one class of several, or over each class by itself where it is known."""
    if single:
        return -(targets * logits.log_softmax(dim=1)).sum(dim=1).mean()
    labelled = ~targets.isnan()
    return functional.binary_cross_entropy_with_logits(logits[labelled], targets[labelled])


def _descend(
    network: nn.Module, feed: Feed, problem: Problem, plan: Schedule, rng: torch.Generator
) -> None:
    batches, best = _batches(problem.parts.train, plan.batch, rng), Best()
    precision, warm_up = Precision.of(plan.precision, CPU), plan.warm_up * plan.steps
    optimiser = Optimiser(network.parameters(), plan, precision)
    for step in range(1, plan.steps + 1):
        network.train()
        rows = next(batches)
        inputs, targets = feed.learned(rows, torch.from_numpy(problem.truth(rows)), rng)
        with precision.autocast():
            logits = network(inputs)
        loss = loss_of(logits.float(), targets, single=problem.single)
        optimiser.step(loss, step / plan.steps)
        # While the rate still climbs nothing is chosen: a network that has learned nothing yet is
        # never surely wrong, and may seem the best of all.
        if step == plan.steps or (step % plan.watch_every == 0 and step > warm_up):
            best.update(_goodness(network, feed, problem, plan), network)
            if plan.patience and best.since >= plan.patience:
                break
    assert best.weights
    network.load_state_dict(best.weights)


def _goodness(network: nn.Module, feed: Feed, problem: Problem, plan: Schedule) -> float:
    """Geometric mean of the probability given to what is true, on the slices to choose by."""
    rows = problem.parts.valid
    scores = ask(network, feed, problem, rows, plan).clip(1e-6, 1 - 1e-6)
    truth = problem.truth(rows)
    if problem.single:
        return float(np.exp(np.log(scores[truth == 1]).mean()))
    labelled = ~np.isnan(truth)
    right = np.where(truth == 1, scores, 1 - scores)[labelled]
    return float(np.exp(np.log(right).mean()))


def _batches(rows: Indices, size: int, rng: torch.Generator) -> Iterator[Indices]:
    """All rows in ever new orders; what is left of one is not worth a step of its own."""
    size = min(size, len(rows))
    while True:
        order = torch.randperm(len(rows), generator=rng).numpy()
        for first in range(0, len(rows) - size + 1, size):
            yield rows[order[first : first + size]]
