"""ROC-AUC, average precision and F1 with intervals, by the bootstrap over groups.

Tracks of one artist are alike, so artists are drawn (with replacement), not tracks; to draw one
twice is to weigh its tracks twice, which makes all draws one array operation. Source: Efron and
Tibshirani 1993, "An Introduction to the Bootstrap", percentile intervals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tagger.vocabulary import Kind, Vocabulary
from training.evaluation.metrics import LEAST_POSITIVES

Array = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Truth = npt.NDArray[np.bool_]

DRAWS = 1000
LEVEL = 0.95  # of the interval
FIGURES = ("roc_auc", "ap", "f1")
_AT_ONCE = 4_000_000  # weights held at once: 32 MB


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure of the sample itself, and where 95 % of the draws lie."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f}-{self.high:.2f})"


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """One label, or the plain mean over several."""

    label: str
    positives: int
    negatives: int
    groups: int  # that were drawn
    roc_auc: Interval
    ap: Interval
    f1: Interval


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What is known and said of the clips of one kind of sound.

    Shape: `targets` (NaN where unknown) and `scores` `(N, K)`, N names in `groups`, `thresholds`
    `(K,)`
    """

    targets: Array
    scores: Array
    groups: Sequence[str]
    thresholds: Array


@dataclass(frozen=True, slots=True, eq=False)
class Resampling:
    """Whole groups drawn again and again; the first draw is the sample itself.

    Shape: `weights` `(1 + draws, G)`, how often each group is drawn; `members` `(N,)`, the group of
    each row
    """

    weights: Floats
    members: npt.NDArray[np.intp]

    @classmethod
    def of(cls, groups: Sequence[str], *, draws: int = DRAWS, seed: int = 0) -> Resampling:
        """The draws of the groups whose names stand one a row."""
        names, members = np.unique(list(groups), return_inverse=True)
        rng = np.random.default_rng(seed)
        drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=draws)
        return cls(np.concatenate([np.ones((1, len(names))), drawn]), members)

    @property
    def n_groups(self) -> int:
        """How many groups are drawn from."""
        return int(self.weights.shape[1])

    def figures(self, truth: Truth, score: Array, decided: Truth, rows: Truth) -> Floats:
        """`weighted_figures` of each draw, for the rows where `rows`. Shape: `(3, 1 + draws)`."""
        members = self.members[rows]
        step = max(1, _AT_ONCE // len(truth))
        parts = [
            weighted_figures(truth, score, decided, self.weights[at : at + step][:, members])
            for at in range(0, len(self.weights), step)
        ]
        return np.concatenate(parts, axis=1)

    def mean(self, values: Truth, rows: Truth) -> Floats:
        """Share of the rows where `rows` that are true, in each draw. Shape: `(1 + draws,)`."""
        weights = self.weights[:, self.members[rows]]
        return np.asarray(weights @ values / np.maximum(weights.sum(axis=1), 1))


def figures(
    sample: Sample,
    vocabulary: Vocabulary,
    kind: Kind,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    least: int = LEAST_POSITIVES,
) -> list[LabelFigures]:
    """Every label of one kind with enough positives and negatives, after their plain mean.

    Empty where no label has enough.
    """
    if not len(sample.groups):
        return []
    resampling = Resampling.of(sample.groups, draws=draws, seed=seed)
    rows: list[tuple[str, int, int, int]] = []
    values: list[Floats] = []
    for i in vocabulary.indices(kind):
        known = ~np.isnan(sample.targets[:, i])
        truth = sample.targets[known, i] == 1
        positives, negatives = int(truth.sum()), int((~truth).sum())
        if min(positives, negatives) < least:
            continue
        groups = len(np.unique(resampling.members[known]))
        rows.append((vocabulary.labels[i].name, positives, negatives, groups))
        score = sample.scores[known, i]
        values.append(resampling.figures(truth, score, score >= sample.thresholds[i], known))
    if not rows:
        return []
    each = np.stack(values)  # (labels, figures, 1 + draws)
    mean = ("mean", sum(r[1] for r in rows), sum(r[2] for r in rows), resampling.n_groups)
    return [
        LabelFigures(*row, *(interval(figure) for figure in value))
        for row, value in zip([mean, *rows], [mean_of_labels(each), *each], strict=True)
    ]


def weighted_figures(truth: Truth, score: Array, decided: Truth, weights: Floats) -> Floats:
    """ROC-AUC, average precision and F1 for each row of weights; NaN where a class has no weight.

    scikit-learn's figures, for a thousand weightings at once. Equal scores share a rank.
    Shape: `(N,)` thrice and `(R, N)` in, `(3, R)` out
    """
    order = np.argsort(-score, kind="stable")
    ends = np.flatnonzero(np.diff(score[order], append=-np.inf))  # last of each run of equals
    ordered = weights[:, order]
    right = np.cumsum(ordered * truth[order], axis=1)[:, ends]
    wrong = np.cumsum(ordered * ~truth[order], axis=1)[:, ends]
    positive, negative = right[:, -1], wrong[:, -1]
    hits, misses = np.diff(right, prepend=0, axis=1), np.diff(wrong, prepend=0, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        below = negative[:, None] - wrong + misses / 2
        roc_auc = (hits * below).sum(axis=1) / (positive * negative)
        precision = np.where(hits > 0, right / (right + wrong), 0.0)
        ap = (hits * precision).sum(axis=1) / np.where(negative > 0, positive, np.nan)
        true, said = weights @ (truth & decided), weights @ decided
        f1 = np.where(positive > 0, 2 * true / (said + positive), np.nan)
    return np.stack([roc_auc, ap, f1])


def mean_of_labels(each: Floats) -> Floats:
    """The mean over labels within each draw; a label that a draw has none of does not count.

    Shape: `(K, ...)` in, `(...)` out
    """
    known = ~np.isnan(each)
    counts = known.sum(axis=0)
    sums = np.where(known, each, 0.0).sum(axis=0)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def interval(values: Floats) -> Interval:
    """The first value, and where most of the others lie. Shape: `(1 + draws,)`."""
    known = values[1:][~np.isnan(values[1:])]
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(known, [tail, 1 - tail]) if len(known) else (np.nan, np.nan)
    return Interval(*(round(float(x), 4) for x in (values[0], low, high)))
