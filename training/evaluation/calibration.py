"""Votes of held-out tracks -> the rule by which each label becomes a probability and a decision.

Few held-out tracks hold a rare label, so each label's fit is pulled toward the fit of all labels of
its kind, the more the fewer positives there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, logit

from tagger.models.card import LabelRule
from tagger.vocabulary import KINDS, Kind, Vocabulary

Array = npt.NDArray[np.float32]

PULL = 40.0  # positives at which a label's own threshold counts as much as its kind's
SLOPES, OFFSETS = (0.3, 5.0), (-8.0, 8.0)  # outside these a fit has run away
LIMITS = (SLOPES, OFFSETS)
N_BINS = 15  # of the calibration error and of every reliability diagram
THRESHOLDS = (0.5, 0.9)  # a tag must be more likely right than wrong
# Aimed at for "precise" tags. On artists that did not choose the bounds, genres come out a tenth
# lower (training/evaluation/reliability.py), since few tracks decide; 80 % is what is promised.
PRECISION_TARGETS: Mapping[Kind, float] = {"genre": 0.93, "instrument": 0.83}


@dataclass(frozen=True, slots=True)
class Bin:
    """What falls into one bin of a reliability diagram."""

    probability: float  # the mean
    share: float  # that is true
    count: int


def reliability_bins(targets: Array, probabilities: Array) -> Iterator[Bin]:
    """Each of `N_BINS` bins of equal width into which a known target falls, the least first.

    Source: Niculescu-Mizil and Caruana 2005, "Predicting Good Probabilities". Shape: any, the same
    for both; NaN targets do not count
    """
    known = ~np.isnan(targets)
    truth, said = targets[known].astype(np.float64), probabilities[known].astype(np.float64)
    bins = np.minimum((said * N_BINS).astype(int), N_BINS - 1)
    for i in np.unique(bins):
        inside = bins == i
        yield Bin(float(said[inside].mean()), float(truth[inside].mean()), int(inside.sum()))


def expected_calibration_error(targets: Array, probabilities: Array) -> float:
    """Mean distance of probability and share that is true over the bins, by their counts.

    0 where nothing is known. Source: Guo et al. 2017, "On Calibration of Modern Neural Networks".
    Shape: any, the same for both; NaN targets do not count
    """
    bins = list(reliability_bins(targets, probabilities))
    gaps = sum(each.count * abs(each.share - each.probability) for each in bins)
    return float(gaps / max(1, sum(each.count for each in bins)))


def fit_rules(
    targets: Array,
    votes: Array,
    vocabulary: Vocabulary,
    precision: Mapping[Kind, float] = PRECISION_TARGETS,
) -> tuple[LabelRule, ...]:
    """The rule of each label; `precision` is aimed at for "precise" tags.

    Shape: `targets` (NaN where unknown) and `votes` `(N, K)`
    """
    rules: dict[int, LabelRule] = {}
    for kind in KINDS:
        if not (indices := vocabulary.indices(kind)):
            continue
        known = {i: _known(targets[:, i], votes[:, i]) for i in indices}
        truth = np.concatenate([pair[0] for pair in known.values()])
        score = np.concatenate([pair[1] for pair in known.values()])
        common = fit_platt(truth, score, prior=(1.0, 0.0), weight=1.0)
        fits = {i: fit_platt(*known[i], prior=common, weight=2.0) for i in indices}
        said = np.concatenate([_apply(fits[i], known[i][1]) for i in indices])
        defaults = (
            best_f1_threshold(truth, said),
            threshold_for_precision(truth, said, precision[kind]),
        )
        for i in indices:
            rules[i] = _label_rule(*known[i], fits[i], defaults, precision[kind])
    return tuple(rules[i] for i in range(len(vocabulary)))


def _label_rule(
    truth: Array,
    score: Array,
    fit: tuple[float, float],
    defaults: tuple[float, float],
    precision: float,
) -> LabelRule:
    said = _apply(fit, score)
    balanced, precise = defaults
    share = truth.sum() / (truth.sum() + PULL)
    own = best_f1_threshold(truth, said) if truth.any() else balanced
    threshold = share * own + (1 - share) * balanced
    own = threshold_for_precision(truth, said, precision, default=precise)
    precise = max(threshold, share * own + (1 - share) * precise)
    return LabelRule(
        round(fit[0], 4), round(fit[1], 4), round(float(threshold), 4), round(float(precise), 4)
    )


def _known(targets: Array, votes: Array) -> tuple[Array, Array]:
    known = ~np.isnan(targets) & (votes > 0)
    return targets[known], logit(np.clip(votes[known], 1e-6, 1 - 1e-6))


def _apply(rule: tuple[float, float], score: Array) -> Array:
    return np.asarray(expit(rule[0] * score + rule[1]), dtype=np.float32)


def fit_platt(
    truth: Array,
    score: Array,
    prior: tuple[float, float] = (1.0, 0.0),
    weight: float = 1.0,
    limits: Sequence[tuple[float, float]] = LIMITS,
) -> tuple[float, float]:
    """Slope and offset of least cross-entropy, pulled toward a prior with a weight.

    Source: Platt 1999, "Probabilistic Outputs for Support Vector Machines". Shape: `truth` and
    `score` (logits) `(N,)`
    """

    def cost(rule: npt.NDArray[np.float64]) -> float:
        margin = (rule[0] * score + rule[1]) * (2 * truth - 1)
        pull = weight * float(np.sum((rule - np.array(prior)) ** 2))
        return float(np.logaddexp(0, -margin).sum()) + pull

    found = minimize(cost, np.array(prior), bounds=limits, method="L-BFGS-B")
    return float(found.x[0]), float(found.x[1])


def best_f1_threshold(truth: Array, probability: Array, near: float | None = None) -> float:
    """The probability from which "yes" gives the best F1, half-way between two values.

    Of equally good ones the nearest to `near`, else the highest; within `THRESHOLDS` where `near`
    is not given. 0.5 where nothing is true and nothing is near. Shape: `(N,)` each
    """
    if not truth.any():
        return 0.5 if near is None else near
    order = np.argsort(-probability, kind="stable")
    ranked = probability[order].astype(np.float64)
    f1 = 2 * np.cumsum(truth[order]) / (np.arange(1, len(truth) + 1) + truth.sum())
    possible = np.append(ranked[:-1] != ranked[1:], True)  # nothing parts equals
    below = np.append(ranked[1:], ranked[-1] if near is None else 0.0)
    good = possible & (f1 >= f1[possible].max() - 1e-9)
    # Half-way, so that the choice does not hang on one track.
    cuts = ((ranked + below) / 2)[good]
    if near is None:
        return float(np.clip(cuts[0], *THRESHOLDS))
    return float(cuts[np.abs(cuts - near).argmin()])


def threshold_for_precision(
    truth: Array, probability: Array, wanted: float, default: float = 0.7
) -> float:
    """The lowest probability from which "yes" is right often enough."""
    if not truth.any():
        return default
    order = np.argsort(-probability)
    precision = np.cumsum(truth[order]) / np.arange(1, len(truth) + 1)
    enough = np.flatnonzero(precision >= wanted)
    if not len(enough):
        return THRESHOLDS[1]
    last = int(enough[-1])
    after = probability[order][min(last + 1, len(truth) - 1)]
    return float(np.clip((probability[order][last] + after) / 2, *THRESHOLDS))
