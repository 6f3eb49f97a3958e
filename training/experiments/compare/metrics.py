"""Scores -> figures: accuracy where a clip is of one class, average precision and ROC-AUC."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tagger.vocabulary import Label, Vocabulary
from training.evaluation.metrics import label_metrics, summary
from training.experiments.protocols import Indices

Array = npt.NDArray[np.float32]
Figures = dict[str, float | None]

ACCURACY, AP, ROC_AUC = "accuracy", "macro_ap", "macro_roc_auc"


def figures(truth: Array, scores: Array, classes: Sequence[str], *, single: bool) -> Figures:
    """Of slices or tracks. Means over all classes that some have and some have not.

    Shape: `(n, C)` each; NaN in `truth` where unknown
    """
    vocabulary = Vocabulary(tuple(Label("genre", name) for name in classes))
    thresholds = np.ones(len(classes), dtype=np.float32)  # nothing is decided here
    means = summary(label_metrics(truth, scores, thresholds, vocabulary, "genre", least=1))
    found: Figures = {AP: means[AP], ROC_AUC: means[ROC_AUC]}
    if single:
        right = scores.argmax(axis=1) == truth.argmax(axis=1)
        found[ACCURACY] = round(float(right.mean()), 4)
    return found


def by_track(tracks: Indices, scores: Array) -> tuple[Indices, Array]:
    """The tracks, and the mean of what is said of the slices of each. Shape: `(n,)`, `(n, C)`."""
    names, places = np.unique(tracks, return_inverse=True)
    sums = np.zeros((len(names), scores.shape[1]))
    np.add.at(sums, places, scores)
    counts = np.bincount(places, minlength=len(names))
    return names, (sums / counts[:, None]).astype(np.float32)
