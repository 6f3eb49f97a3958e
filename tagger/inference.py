"""Windows of sound -> slice scores."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tagger.audio import Windows
from tagger.mel import log_mel
from tagger.model import Model

Array = npt.NDArray[np.float32]

SILENCE_DBFS = -70.0  # RMS under which a slice has nothing to say


@dataclass(frozen=True, slots=True, eq=False)
class SliceScores:
    """What the network says of each slice of a track.

    Shape: `values` is `(S, K)`, each 0 to 1; `starts` and `silent` have S entries.
    """

    values: Array
    starts: tuple[float, ...]  # seconds
    silent: tuple[bool, ...]
    duration_s: float
    notes: tuple[str, ...]


def score_windows(model: Model, chunks: Iterable[Windows]) -> SliceScores:
    """Score all windows of one track, a chunk at a time so that memory stays bounded."""
    values: list[Array] = []
    starts: list[float] = []
    silent: list[bool] = []
    duration_s, notes = 0.0, dict[str, None]()
    for windows in chunks:
        values.append(sigmoid(model.logits(log_mel(windows.samples, model.card.mel))))
        starts += windows.starts
        silent += silent_slices(windows.samples)
        duration_s = windows.duration_s
        notes |= dict.fromkeys(windows.notes)
    n_labels = len(model.card.vocabulary)
    stacked = np.concatenate(values) if values else np.zeros((0, n_labels), dtype=np.float32)
    return SliceScores(stacked, tuple(starts), tuple(silent), duration_s, tuple(notes))


def sigmoid(logits: Array) -> Array:
    """Logits to probabilities."""
    return np.asarray(1 / (1 + np.exp(-logits)), dtype=np.float32)


def silent_slices(samples: Array) -> list[bool]:
    """Whether each slice has nothing to say. Shape: `(S, T)` in, S entries out."""
    power = np.einsum("st,st->s", samples, samples) / samples.shape[1]
    return [bool(silent) for silent in power < 10 ** (SILENCE_DBFS / 10)]
