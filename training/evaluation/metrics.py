"""How well scores rank and decide, label by label, over what is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from tagger.vocabulary import Kind, Vocabulary

Array = npt.NDArray[np.float32]
Floats = npt.NDArray[np.floating[Any]]

LEAST_POSITIVES = 8  # a figure from fewer says more about the few than about the model


@dataclass(frozen=True, slots=True)
class LabelMetrics:
    """Figures of one label."""

    label: str
    positives: int
    negatives: int
    roc_auc: float
    ap: float  # average precision, as scikit-learn estimates the area under precision-recall
    f1: float  # at the label's threshold


def roc_auc(targets: Floats, scores: Floats) -> float:
    """ROC-AUC of one label over its known targets; NaN where all of them are alike.

    Shape: `(N,)` each; `targets` NaN where unknown
    """
    return _of_known(roc_auc_score, targets, scores)


def average_precision(targets: Floats, scores: Floats) -> float:
    """Average precision of one label over its known targets; NaN where all of them are alike.

    Shape: `(N,)` each; `targets` NaN where unknown
    """
    return _of_known(average_precision_score, targets, scores)


def macro(metric: Callable[[Floats, Floats], float], targets: Floats, scores: Floats) -> float:
    """Plain mean of a metric over the labels for which it is defined; NaN where it is for none.

    Shape: `(N, K)` each; `targets` NaN where unknown
    """
    values = [metric(*label) for label in zip(targets.T, scores.T, strict=True)]
    defined = [value for value in values if not np.isnan(value)]
    return float(np.mean(defined)) if defined else float("nan")


def _of_known(metric: Callable[[Floats, Floats], float], targets: Floats, scores: Floats) -> float:
    known = ~np.isnan(targets)
    if len(np.unique(targets[known])) < 2:
        return float("nan")
    return float(metric(targets[known], scores[known]))


def label_metrics(
    targets: Array,
    scores: Array,
    thresholds: Array,
    vocabulary: Vocabulary,
    kind: Kind,
    *,
    least: int = LEAST_POSITIVES,
) -> list[LabelMetrics]:
    """Figures of every label of one kind with at least so many positives and negatives.

    Shape: `targets` (NaN where unknown) and `scores` `(N, K)`, `thresholds` `(K,)`
    """
    rows = []
    for i in vocabulary.indices(kind):
        known = ~np.isnan(targets[:, i])
        truth, score = targets[known, i].astype(int), scores[known, i]
        positives, negatives = int(truth.sum()), int((1 - truth).sum())
        if min(positives, negatives) < least:
            continue
        rows.append(
            LabelMetrics(
                label=vocabulary.labels[i].name,
                positives=positives,
                negatives=negatives,
                roc_auc=round(roc_auc(targets[:, i], scores[:, i]), 4),
                ap=round(average_precision(targets[:, i], scores[:, i]), 4),
                f1=round(float(f1_score(truth, score >= thresholds[i], zero_division=0)), 4),
            )
        )
    return rows


def summary(rows: list[LabelMetrics]) -> dict[str, Any]:
    """Plain means over the labels, and the rows they come from, for the model card."""
    if not rows:
        return {"macro_roc_auc": None, "macro_ap": None, "macro_f1": None, "labels": []}
    return {
        "macro_roc_auc": round(float(np.mean([row.roc_auc for row in rows])), 4),
        "macro_ap": round(float(np.mean([row.ap for row in rows])), 4),
        "macro_f1": round(float(np.mean([row.f1 for row in rows])), 4),
        "labels": [asdict(row) for row in rows],
    }
