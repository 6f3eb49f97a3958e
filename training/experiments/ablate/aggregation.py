"""Ways to make one score of a track's slices, and how well each ranks the tracks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from tagger.inference.aggregation import upper_mean
from tagger.vocabulary import Kind
from training.config import DecisionConfig
from training.data.datasets import Clip
from training.data.taxonomy import GENRE_SLICE, LISTED_GENRES, VOCABULARY, Targets, unknown
from training.evaluation.metrics import label_metrics, summary
from training.experiments.ablate.predict import Array

Figures = Mapping[str, float | None]
Aggregation = Callable[[Array], Array]  # (S, K) in, (K,) out


def _attention(scores: Array) -> Array:
    """A mean in which slices that are surer of a label count more."""
    weights = np.exp(4 * scores)
    return np.asarray((weights * scores).sum(axis=0) / weights.sum(axis=0))


SHARES = {"mean": 1.0, "upper half": 0.5, "upper quarter": 0.25}
AGGREGATIONS: dict[str, Aggregation] = {
    **{name: partial(upper_mean, share=share) for name, share in SHARES.items()},
    "maximum": partial(np.max, axis=0),
    "attention": _attention,
}
# Those of the models that are exported.
OURS: dict[Kind, str] = {
    kind: next(name for name, share in SHARES.items() if share == own)
    for kind, own in DecisionConfig().vote_shares.items()
}


def tracks(clips: Sequence[Clip], scores: Sequence[Array]) -> tuple[list[Targets], list[Array]]:
    """Clips of one file put together: a label that any of them has, the track has.

    What is absent from all of them is absent; all else is unknown.
    """
    rows: dict[Path, list[int]] = {}
    for i, clip in enumerate(clips):
        rows.setdefault(clip.path, []).append(i)
    targets = [_any([clips[i].targets for i in chosen]) for chosen in rows.values()]
    return targets, [np.concatenate([scores[i] for i in chosen]) for chosen in rows.values()]


def figures(
    targets: Sequence[Targets], scores: Sequence[Array], kind: Kind, aggregation: str
) -> Figures:
    """Mean ROC-AUC and average precision over the labels of a kind.

    Of genres only those that people gave.
    """
    truth = np.stack(targets).astype(np.float32)
    if kind == "genre":
        truth[:, len(LISTED_GENRES) : GENRE_SLICE.stop] = np.nan
    votes = np.stack([AGGREGATIONS[aggregation](each) for each in scores]).astype(np.float32)
    nothing_decided = np.ones(len(VOCABULARY), dtype=np.float32)
    means = summary(label_metrics(truth, votes, nothing_decided, VOCABULARY, kind))
    return {"roc_auc": means["macro_roc_auc"], "ap": means["macro_ap"]}


def _any(targets: Sequence[Targets]) -> Targets:
    found, stacked = unknown(), np.stack(targets)
    found[(stacked == 0).all(axis=0)] = 0.0
    found[(stacked == 1).any(axis=0)] = 1.0
    return found
