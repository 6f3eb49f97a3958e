"""Logistic regression over what teachers say of whole songs: what a network of ours has to reach.

A song is the mean and the maximum over its windows; the regression is strongly shrunken, since a
few hundred songs stand against a thousand values. Two teachers of different kinds are joined by
the mean of their standardised decisions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from training.data.teacher_outputs import Soft
from training.evaluation.metrics import average_precision, macro, roc_auc

Array = npt.NDArray[np.float64]
Folds = npt.NDArray[np.int64]

STRENGTH = 0.003  # C of scikit-learn: the smaller, the more shrunken
_LEAST_TAG, _LEAST_CLASS = 1e-4, 1e-6  # added to probabilities, for their logarithm


@dataclass(frozen=True, slots=True)
class Figures:
    """Means over the labels: of all songs together, and fold by fold."""

    roc_auc: float
    average_precision: float
    fold_roc_auc: tuple[float, ...]
    fold_average_precision: tuple[float, ...]


def pooled_musicnn(soft: Soft) -> Array:
    """A song in musicnn's words: its embedding's mean and maximum, and log of mean tags."""
    embedding = soft["msd_embedding"].astype(np.float64)
    tags = soft["msd"].mean(axis=0, dtype=np.float64)
    return np.concatenate(
        [embedding.mean(axis=0), embedding.max(axis=0), np.log(tags + _LEAST_TAG)]
    )


def pooled_audioset(soft: Soft) -> Array:
    """A song in the AudioSet teacher's: its embedding's, mean logits, log of mean probabilities."""
    embedding, logits = (soft[n].astype(np.float64) for n in ("audioset_embedding", "audioset"))
    probabilities = (1 / (1 + np.exp(-logits))).mean(axis=0)
    return np.concatenate(
        [
            embedding.mean(axis=0),
            embedding.max(axis=0),
            logits.mean(axis=0),
            np.log(probabilities + _LEAST_CLASS),
        ]
    )


def rotate(values: Array, targets: Array, folds: Folds) -> Array:
    """Decisions on each fold of a regression that learned from the others, standardised by label.

    Shape: `(N, D)`, `(N, K)` and `(N,)` in, `(N, K)` out
    """
    decisions = np.zeros(targets.shape)
    for fold in np.unique(folds):
        learned, asked = folds != fold, folds == fold
        mean, spread = values[learned].mean(axis=0), values[learned].std(axis=0) + 1e-6
        scaled = (values - mean) / spread
        for i, truth in enumerate(targets.T):
            model = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=300)
            found = model.fit(scaled[learned], truth[learned]).decision_function(scaled[asked])
            decisions[asked, i] = (found - found.mean()) / found.std()
    return decisions


def commonest(targets: Array, count: int) -> list[int]:
    """The labels with most positives, the most frequent first."""
    order = np.argsort(-targets.sum(axis=0), kind="stable")
    return [int(i) for i in order[:count]]


def measure(decisions: Array, targets: Array, folds: Folds) -> Figures:
    """Macro means; in a fold, over the labels that some of its songs have and some have not."""
    parts = [_means(decisions[folds == f], targets[folds == f]) for f in np.unique(folds)]
    return Figures(
        *_means(decisions, targets),
        tuple(part[0] for part in parts),
        tuple(part[1] for part in parts),
    )


def _means(decisions: Array, targets: Array) -> tuple[float, float]:
    return macro(roc_auc, targets, decisions), macro(average_precision, targets, decisions)
