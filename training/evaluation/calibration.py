"""Votes of held-out tracks -> the rule by which each label becomes a probability and a decision.

Few held-out tracks hold a rare label, so each label's fit is pulled toward the fit of all labels of
its kind, the more the fewer positives there are.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, logit

from tagger.models.card import LabelRule
from tagger.vocabulary import KINDS, Kind, Vocabulary

Array = npt.NDArray[np.float32]

PULL = 40.0  # positives at which a label's own threshold counts as much as its kind's
SLOPES, OFFSETS = (0.3, 5.0), (-8.0, 8.0)  # outside these a fit has run away
THRESHOLDS = (0.5, 0.9)  # a tag must be more likely right than wrong
# Aimed at for "precise" tags. On artists that did not choose the bounds, genres come out a tenth
# lower (training/evaluation/reliability.py), since few tracks decide; 80 % is what is promised.
PRECISION: dict[Kind, float] = {"genre": 0.93, "instrument": 0.83}


def fit_rules(targets: Array, votes: Array, vocabulary: Vocabulary) -> tuple[LabelRule, ...]:
    """The rule of each label.

    Shape: `targets` (NaN where unknown) and `votes` `(N, K)`
    """
    rules: dict[int, LabelRule] = {}
    for kind in KINDS:
        if not (indices := vocabulary.indices(kind)):
            continue
        known = {i: _known(targets[:, i], votes[:, i]) for i in indices}
        truth = np.concatenate([pair[0] for pair in known.values()])
        score = np.concatenate([pair[1] for pair in known.values()])
        common = _fit(truth, score, prior=(1.0, 0.0), weight=1.0)
        fits = {i: _fit(*known[i], prior=common, weight=2.0) for i in indices}
        said = np.concatenate([_apply(fits[i], known[i][1]) for i in indices])
        defaults = _best_threshold(truth, said), _precise_threshold(truth, said, PRECISION[kind])
        for i in indices:
            rules[i] = _label_rule(*known[i], fits[i], defaults, PRECISION[kind])
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
    own = _best_threshold(truth, said, default=balanced)
    threshold = share * own + (1 - share) * balanced
    own = _precise_threshold(truth, said, precision, default=precise)
    precise = max(threshold, share * own + (1 - share) * precise)
    return LabelRule(
        round(fit[0], 4), round(fit[1], 4), round(float(threshold), 4), round(float(precise), 4)
    )


def _known(targets: Array, votes: Array) -> tuple[Array, Array]:
    known = ~np.isnan(targets) & (votes > 0)
    return targets[known], logit(np.clip(votes[known], 1e-6, 1 - 1e-6))


def _apply(rule: tuple[float, float], score: Array) -> Array:
    return np.asarray(expit(rule[0] * score + rule[1]), dtype=np.float32)


def _fit(
    truth: Array, score: Array, prior: tuple[float, float], weight: float
) -> tuple[float, float]:
    """Slope and offset of least cross-entropy, pulled toward a prior. Source: Platt 1999."""

    def cost(rule: npt.NDArray[np.float64]) -> float:
        margin = (rule[0] * score + rule[1]) * (2 * truth - 1)
        pull = weight * float(np.sum((rule - np.array(prior)) ** 2))
        return float(np.logaddexp(0, -margin).sum()) + pull

    found = minimize(cost, np.array(prior), bounds=[SLOPES, OFFSETS], method="L-BFGS-B")
    return float(found.x[0]), float(found.x[1])


def _best_threshold(truth: Array, probability: Array, default: float = 0.5) -> float:
    """The probability from which deciding "yes" gives the best F1."""
    if not truth.any():
        return default
    order = np.argsort(-probability)
    right = np.cumsum(truth[order])
    f1 = 2 * right / (np.arange(1, len(truth) + 1) + truth.sum())
    best = int(np.argmax(f1))
    # Half-way to the next lower probability, so that the choice does not hang on one track.
    after = probability[order][min(best + 1, len(truth) - 1)]
    return float(np.clip((probability[order][best] + after) / 2, *THRESHOLDS))


def _precise_threshold(
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
