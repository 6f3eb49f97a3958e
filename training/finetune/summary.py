"""Evaluation of a personal model: metrics, suspects and advice as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tagger.inference.calibration import calibrate_by
from tagger.models.card import LabelRule, ModelCard
from tagger.vocabulary import Kind, Label
from training.evaluation.bootstrap import Floats, Interval, Resampling, interval, mean_of_labels
from training.evaluation.calibration import Bin
from training.evaluation.metrics import average_precision
from training.finetune.examples import Array, Examples
from training.finetune.suspects import Suspect

CURVE_POINTS = 60
NEXT = 20  # tracks of a label of which the advice speaks


@dataclass(frozen=True, slots=True)
class LabelResult:
    """Metrics of one label on tracks of held-out artists."""

    label: Label
    tracks: int
    artists: int
    share: float  # of tracks with it: the average precision of guessing
    ap_before: Interval | None  # of the base model; None where it has nothing like it
    ap_after: Interval
    f1_before: Interval | None
    f1_after: Interval


@dataclass(frozen=True, slots=True)
class Point:
    """Mean average precision with at most `size` tracks per label."""

    size: int
    macro_ap: float
    by_label: tuple[float, ...]
    band: Interval | None = None


@dataclass(frozen=True, slots=True)
class LabelCurve:
    """Precision by recall of one label, at most `CURVE_POINTS` pairs."""

    label: Label
    ap: float
    share: float
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything in the report."""

    labels: tuple[LabelResult, ...]
    before: Interval  # mean average precision of the base model, guessing where it has nothing
    after: Interval
    gain: Interval
    curve: tuple[Point, ...]
    advice: tuple[tuple[Label, float], ...]  # what more tracks of a label are expected to add to it
    confusion: dict[Kind, tuple[tuple[int, ...], ...]]
    suspects: tuple[Suspect, ...]
    curves: tuple[LabelCurve, ...] = ()
    bins: tuple[Bin, ...] = ()

    @property
    def better(self) -> bool:
        """Whether the personal model is shown to be better, not merely measured to be."""
        return self.gain.low > 0


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """One model's probabilities and decisions. Shape: `(N, K)` each; `covered` `(K,)`."""

    probabilities: Array
    decisions: npt.NDArray[np.bool_]
    covered: npt.NDArray[np.bool_]  # labels it can predict


def predict_base(
    votes: Array, card: ModelCard, labels: Sequence[Label], like: dict[Label, tuple[str, ...]]
) -> Predictions:
    """The base model's predictions: for each label, the most probable base label it is like."""
    chances = calibrate_by(card.rules, votes)
    given = chances >= np.array([rule.threshold for rule in card.rules])
    probabilities = np.zeros((len(votes), len(labels)), dtype=np.float32)
    decisions = np.zeros(probabilities.shape, dtype=bool)
    covered = np.zeros(len(labels), dtype=bool)
    for i, label in enumerate(labels):
        of = [
            j
            for j, base in enumerate(card.vocabulary.labels)
            if base.kind == label.kind and base.name in like.get(label, ())
        ]
        if of:
            covered[i] = True
            probabilities[:, i] = chances[:, of].max(axis=1)
            decisions[:, i] = given[:, of].any(axis=1)
    return Predictions(probabilities, decisions, covered)


def predict_own(votes: Array, rules: Sequence[LabelRule]) -> Predictions:
    """A personal model's calibrated predictions."""
    chances = calibrate_by(rules, votes)
    thresholds = np.array([rule.threshold for rule in rules])
    return Predictions(chances, chances >= thresholds, np.ones(len(rules), dtype=bool))


def compare(
    examples: Examples, before: Predictions, after: Predictions, seed: int = 1
) -> tuple[tuple[LabelResult, ...], Interval, Interval, Interval]:
    """Figures of each label, and the mean average precision before, after, and its gain."""
    draws = Resampling.of(examples.groups, seed=seed)
    results, ap_before, ap_after = [], [], []
    for i, label in enumerate(examples.vocabulary.labels):
        labelled = ~np.isnan(examples.targets[:, i])
        truth = examples.targets[labelled, i] == 1
        if truth.all() or not truth.any():
            continue
        _, new, new_f1 = _figures(after, i, truth, labelled, draws)
        _, old, old_f1 = _figures(before, i, truth, labelled, draws)
        if not before.covered[i]:  # guessing; a draw counts for both or for neither
            old = np.where(np.isnan(new), np.nan, draws.mean(truth, labelled))
        ap_before.append(old)
        ap_after.append(new)
        groups = {g for g, target in zip(examples.groups, examples.targets[:, i], strict=True)
                  if target == 1}  # fmt: skip
        results.append(
            LabelResult(
                label=label,
                tracks=int(truth.sum()),
                artists=len(groups),
                share=float(truth.mean()),
                ap_before=interval(old) if before.covered[i] else None,
                ap_after=interval(new),
                f1_before=interval(old_f1) if before.covered[i] else None,
                f1_after=interval(new_f1),
            )
        )
    old_mean, new_mean = (mean_of_labels(np.stack(aps)) for aps in (ap_before, ap_after))
    gain = interval(new_mean - old_mean)
    return tuple(results), interval(old_mean), interval(new_mean), gain


def _figures(
    model: Predictions, i: int, truth: npt.NDArray[np.bool_], labelled: npt.NDArray[np.bool_],
    draws: Resampling,
) -> Floats:  # fmt: skip
    """ROC-AUC, average precision and F1 of one label in each draw. Shape: `(3, 1 + draws)`."""
    return draws.figures(
        truth, model.probabilities[labelled, i], model.decisions[labelled, i], labelled
    )


def label_curves(examples: Examples, after: Predictions) -> tuple[LabelCurve, ...]:
    """Precision by recall of each label that some tracks have and others lack."""
    curves = []
    columns = zip(
        examples.vocabulary.labels, examples.targets.T, after.probabilities.T, strict=True
    )
    for label, targets, chances in columns:
        labelled = ~np.isnan(targets)
        truth = targets[labelled] == 1
        if truth.any() and not truth.all():
            ranked = truth[np.argsort(-chances[labelled], kind="stable")]
            hits, counts = np.cumsum(ranked), np.arange(1, len(ranked) + 1)
            shown = np.unique(np.linspace(0, len(ranked) - 1, CURVE_POINTS).astype(int))
            pairs = zip(hits[shown] / truth.sum(), hits[shown] / counts[shown], strict=True)
            points = tuple((round(float(r), 3), round(float(p), 3)) for r, p in pairs)
            ap = average_precision(targets[labelled], chances[labelled])
            curves.append(LabelCurve(label, float(ap), float(truth.mean()), points))
    return tuple(curves)


def confusions(examples: Examples, after: Predictions) -> dict[Kind, tuple[tuple[int, ...], ...]]:
    """How often each genre (row) was given while each (column) is the most probable one."""
    of = list(examples.vocabulary.indices("genre"))
    if not of:
        return {}
    counts = np.zeros((len(of), len(of)), dtype=int)
    best = after.probabilities[:, of].argmax(axis=1)
    for row, column in zip(examples.targets[:, of], best, strict=True):
        counts[row == 1, column] += 1
    return {"genre": tuple(tuple(int(x) for x in row) for row in counts)}


def advise(labels: Sequence[LabelResult], curve: Sequence[Point]) -> list[tuple[Label, float]]:
    """What `NEXT` more tracks of each label should add to its average precision, most first.

    A doubling of tracks is taken to close the same share of what is missing to 1 for every label:
    one label's own curve is too noisy to be followed by itself.
    """
    shares = [
        (b - a) / ((1 - a) * np.log2(later.size / earlier.size))
        for earlier, later in pairwise(curve)
        for a, b in zip(earlier.by_label, later.by_label, strict=True)
        if a < 1 and later.size > earlier.size
    ]
    rate = float(np.clip(np.mean(shares), 0, 1)) if shares else 0.0
    gains = [
        (x.label, rate * (1 - x.ap_after.value) * float(np.log2((x.tracks + NEXT) / x.tracks)))
        for x in labels
    ]
    return sorted(gains, key=lambda gain: -gain[1])
