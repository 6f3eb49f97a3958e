"""Unlabelled tracks whose labels would teach most: doubtful ones, unlike each other."""

from __future__ import annotations

import numpy as np

from training.personal.examples import Array, Examples, Indices
from training.personal.heads import Scale


def doubt(probabilities: Array) -> Array:
    """How undecided a track is: the entropy of each label, summed.

    Over six draws this taught a little more than the one most undecided label did; neither beats
    tracks drawn at random clearly (benchmarks/RETRAINING.md). Shape: `(N, K)` in, `(N,)` out, nats
    """
    sure = np.clip(probabilities.astype(np.float64), 1e-9, 1 - 1e-9)
    entropy = -(sure * np.log(sure) + (1 - sure) * np.log1p(-sure))
    return np.asarray(entropy.sum(axis=1), dtype=np.float32)


def suggest(labelled: Examples, unlabelled: Examples, probabilities: Array, number: int) -> Indices:
    """The tracks to label next, the most useful first, as positions among the unlabelled.

    One after the other: the track with the highest product of doubt and distance to everything that
    is labelled or chosen already. Doubt alone picks ten versions of one song; distance alone picks
    what is like nothing anybody looks for. Source of the distance: Sener and Savarese 2018.
    """
    scale = Scale.of(labelled.embeddings)
    known = _unit(labelled.mean(scale.apply(labelled.embeddings)))
    asked = _unit(unlabelled.mean(scale.apply(unlabelled.embeddings)))
    nearest = (asked @ known.T).max(axis=1)
    undecided, chosen = doubt(probabilities), list[int]()
    for _ in range(min(number, len(asked))):
        worth = undecided * (1 - nearest)
        worth[chosen] = -1
        best = int(worth.argmax())
        chosen.append(best)
        nearest = np.maximum(nearest, asked @ asked[best])
    return np.array(chosen, dtype=np.int64)


def _unit(rows: Array) -> Array:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))
