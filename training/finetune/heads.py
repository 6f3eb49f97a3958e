"""A linear head on embeddings, regularised toward the base model's predictions.

Each label is a logistic regression over the slices of labelled tracks, whose starting point, by a
Gaussian prior of width 1 / sqrt(pull), is the base model's own answer for the labels it is like: a
strong pull leaves that answer as it is, a weak one lets the embedding overrule it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from tagger.models.card import LabelRule, ModelCard
from tagger.vocabulary import Label
from training.finetune.examples import Array, Examples
from training.finetune.onnx_graph import FAR, Head

# Per track, on standardised embeddings. The last leaves the answer of the base model alone.
PULLS = (30.0, 100.0, 300.0, 1000.0, 3000.0, 1e9)
# A strong pull holds the bias too: it moves slices along the sigmoid and with that the vote, which
# cost the base model's own answers 0.004 of average precision. The rules see to the level.
BIAS_PULL = 1e-3
MOST_SLICES = 30_000  # beyond them, every track gives fewer slices: they say much the same


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """Initial logits of a head: how the base labels' logits are combined for each label.

    Shape: `slope` and `shift` `(K, base K)`; a shift of `FAR` leaves a base label out.
    """

    slope: Array
    shift: Array

    @property
    def covered(self) -> npt.NDArray[np.bool_]:
        """Which labels the base model can predict. Shape: `(K,)`."""
        return np.asarray((self.shift > FAR).any(axis=1))

    def answers(self, logits: Array) -> Array:
        """The logit of the surest of them, zero for labels like none. Shape: `(S, K)` out."""
        answers = np.zeros((len(logits), len(self.slope)), dtype=np.float32)
        for i in np.flatnonzero(self.covered):
            of = self.shift[i] > FAR
            answers[:, i] = (logits[:, of] * self.slope[i, of] + self.shift[i, of]).max(axis=1)
        return answers


def start_from(
    card: ModelCard, labels: Sequence[Label], like: dict[Label, tuple[str, ...]]
) -> Start:
    """Starting points by the base card's calibrated rules for the labels that each is like."""
    slope = np.zeros((len(labels), len(card.rules)), dtype=np.float32)
    shift = np.full(slope.shape, FAR, dtype=np.float32)
    for i, label in enumerate(labels):
        for j, (base_label, rule) in enumerate(
            zip(card.vocabulary.labels, card.rules, strict=True)
        ):
            if base_label.kind == label.kind and base_label.name in like.get(label, ()):
                slope[i, j], shift[i, j] = rule.slope, rule.offset
    return Start(slope, shift)


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """Mean and spread by which embeddings are standardised. Shape: `(D,)` each."""

    mean: Array
    spread: Array

    @classmethod
    def of(cls, embeddings: Array) -> Scale:
        """The scale of some embeddings; a value that hardly changes is left alone."""
        spread = embeddings.std(axis=0)
        return cls(embeddings.mean(axis=0), np.maximum(spread, 1e-3 + 0.05 * spread.mean()))

    def apply(self, embeddings: Array) -> Array:
        """Standardised embeddings."""
        return np.asarray((embeddings - self.mean) / self.spread, dtype=np.float32)


def unit(rows: Array) -> Array:
    """Each row at length 1; a row of zeros stays. Shape: `(N, D)` in and out."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))


def fit_head(examples: Examples, start: Start, pulls: Array) -> Head:
    """The head of least loss for each label, with a pull for each. Shape of `pulls`: `(K,)`."""
    examples = _thinned(examples)
    scale = Scale.of(examples.embeddings)
    inputs, answers = scale.apply(examples.embeddings), start.answers(examples.logits)
    weights = slice_weights(examples)
    targets = np.nan_to_num(examples.targets)[examples.owner]
    bias_pulls = np.where(start.covered, pulls * BIAS_PULL, 0).astype(np.float32)
    solution = _minimise(inputs, answers, targets, weights, (pulls, bias_pulls))
    changed = solution[:, :-1] / scale.spread
    bias = solution[:, -1] - changed @ scale.mean
    return Head(start.slope, start.shift, changed.astype(np.float32), bias.astype(np.float32))


def slice_logits(head: Head, examples: Examples) -> Array:
    """Logits of each slice, equal to those of the exported network. Shape: `(S, K)`."""
    answers = Start(head.slope, head.shift).answers(examples.logits)
    return np.asarray(answers + examples.embeddings @ head.weights.T + head.bias, dtype=np.float32)


def votes(head: Head, examples: Examples) -> Array:
    """The vote of each track, as `tagger.inference.aggregation` takes it. Shape: `(N, K)`."""
    return examples.vote(expit(slice_logits(head, examples)), examples.vocabulary)


def slice_weights(examples: Examples) -> Array:
    """How much each slice counts for each label: a track counts one, shared by its slices.

    What is unknown counts nothing. Present tracks of a rare label count more, by the root of how
    much rarer they are: with the full ratio, few tracks would shape the label by themselves.
    Shape: `(S, K)`
    """
    targets = examples.targets
    present, absent = (targets == 1).sum(axis=0), (targets == 0).sum(axis=0)
    rarity = np.sqrt(np.maximum(absent, 1) / np.maximum(present, 1))
    weights = np.where(targets == 1, np.maximum(rarity, 1.0), 1.0) * ~np.isnan(targets)
    counts = np.bincount(examples.owner, minlength=len(examples))
    return np.asarray((weights / counts[:, None])[examples.owner], dtype=np.float32)


def retained_rules(card: ModelCard, labels: Sequence[Label]) -> tuple[LabelRule, ...]:
    """The base card's rules of the retained labels."""
    rules = dict(zip(card.vocabulary.labels, card.rules, strict=True))
    return tuple(rules[label] for label in labels)


def _minimise(
    inputs: Array, answers: Array, targets: Array, weights: Array, pull: tuple[Array, Array]
) -> npt.NDArray[np.float64]:
    """Weights and, last, bias of each label, with the pull on either. Shape: `(K, D + 1)`."""
    n_labels, width = targets.shape[1], inputs.shape[1]
    signs, pulls, hold = 2 * targets - 1, pull[0][:, None].astype(np.float32), pull[1]

    def cost(flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        rows = flat.reshape(n_labels, width + 1).astype(np.float32)
        change, bias = rows[:, :-1], rows[:, -1]
        logits = answers + inputs @ change.T + bias
        loss = (weights * np.logaddexp(0, -signs * logits)).sum(dtype=np.float64)
        loss += 0.5 * float((pulls * change**2).sum(dtype=np.float64))
        loss += 0.5 * float((hold * bias**2).sum(dtype=np.float64))
        slope = weights * (expit(logits) - targets)
        gradient = np.concatenate(
            [slope.T @ inputs + pulls * change, (slope.sum(axis=0) + hold * bias)[:, None]], axis=1
        )
        return float(loss), gradient.astype(np.float64).ravel()

    # Steps in units of 1 / sqrt(pull) make labels of strong and weak pulls equally easy.
    unit = np.concatenate(
        [np.repeat(1 / np.sqrt(pulls + 1), width, axis=1), 1 / np.sqrt(hold + 1)[:, None]], 1
    )
    unit = unit.astype(np.float64).ravel()

    def scaled(flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        loss, gradient = cost(flat * unit)
        return loss, gradient * unit

    found = minimize(
        scaled, np.zeros(n_labels * (width + 1)), jac=True, method="L-BFGS-B",
        options={"maxiter": 100, "ftol": 1e-6},
    )  # fmt: skip
    return np.asarray((found.x * unit).reshape(n_labels, width + 1))


def _thinned(examples: Examples) -> Examples:
    """The examples with every second, third, ... slice where there are very many."""
    step = -(-len(examples.owner) // MOST_SLICES)
    if step <= 1:
        return examples
    first = np.searchsorted(examples.owner, examples.owner)  # of each slice's track
    chosen = (np.arange(len(examples.owner)) - first) % step == 0
    return replace(
        examples,
        embeddings=examples.embeddings[chosen],
        logits=examples.logits[chosen],
        owner=examples.owner[chosen],
    )
