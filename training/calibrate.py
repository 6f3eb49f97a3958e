"""Votes of held-out tracks -> the rule by which each label becomes a probability and a decision.

Few held-out tracks hold a rare label, so each label's fit is pulled toward the fit of all labels of
its kind, the more the fewer positives there are.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, logit

from tagger.card import LabelRule
from tagger.vocabulary import KINDS, Vocabulary

Array = npt.NDArray[np.float32]

PULL = 10.0  # positives at which a label's own threshold counts as much as its kind's
SLOPES, OFFSETS = (0.3, 5.0), (-8.0, 8.0)  # outside these a fit has run away
THRESHOLDS = (0.5, 0.9)  # a tag must be more likely right than wrong


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
        common_threshold = _best_threshold(truth, _apply(common, score))
        for i in indices:
            rules[i] = _label_rule(*known[i], common, common_threshold)
    return tuple(rules[i] for i in range(len(vocabulary)))


def _label_rule(
    truth: Array, score: Array, common: tuple[float, float], common_threshold: float
) -> LabelRule:
    slope, offset = _fit(truth, score, prior=common, weight=2.0)
    own = _best_threshold(truth, _apply((slope, offset), score), default=common_threshold)
    share = truth.sum() / (truth.sum() + PULL)
    threshold = share * own + (1 - share) * common_threshold
    return LabelRule(round(slope, 4), round(offset, 4), round(float(threshold), 4))


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
