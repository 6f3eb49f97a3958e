"""Active learning: unlabelled tracks of rare labels, unlike those already chosen."""

from __future__ import annotations

import numpy as np

from training.finetune.examples import Array, Examples, Indices
from training.finetune.heads import Scale, unit


def suggest(labelled: Examples, unlabelled: Examples, probabilities: Array, number: int) -> Indices:
    """The tracks to label next, the most useful first, as positions among the unlabelled.

    One after the other: the track that is likeliest to be a positive of labels with few of them,
    counting those expected of the tracks chosen before, times its distance to these; without it all
    would be versions of one song. Tracks that the model is undecided on, the usual choice, taught
    no more than tracks drawn at random (benchmarks/RETRAINING.md).
    Shape: `probabilities` `(N, K)` of the unlabelled
    """
    scale = Scale.of(labelled.embeddings)
    asked = unit(unlabelled.mean(scale.apply(unlabelled.embeddings)))
    positives = np.nansum(labelled.targets, axis=0).astype(np.float64)
    nearest, chosen = np.zeros(len(asked)), list[int]()
    for _ in range(min(number, len(asked))):
        worth = (probabilities / (1 + positives)).sum(axis=1) * (1 - nearest)
        worth[chosen] = -1
        best = int(worth.argmax())
        chosen.append(best)
        positives += probabilities[best]
        nearest = np.maximum(nearest, asked @ asked[best])
    return np.array(chosen, dtype=np.int64)
