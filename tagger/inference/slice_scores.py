"""Windows of sound -> slice scores."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tagger.inference.mel_spectrogram import log_mel

if TYPE_CHECKING:
    from tagger.audio import Windows
    from tagger.models.model import Model

Array = npt.NDArray[np.float32]

SLICE_SILENCE_DBFS = -70.0  # RMS under which a slice has nothing to say


@dataclass(frozen=True, slots=True, eq=False)
class SliceScores:
    """What the network says of each slice of a track.

    In the order of time. Shape: `values` is `(S, K)`, each 0 to 1; `starts` and `silent` have S
    entries.
    """

    values: Array
    starts: tuple[float, ...]  # seconds
    silent: tuple[bool, ...]
    duration_s: float
    notes: tuple[str, ...]


def score_windows(
    model: Model,
    chunks: Iterable[Windows],
    is_enough: Callable[[SliceScores, int], bool] = lambda _, __: False,
) -> SliceScores:
    """Score the windows of one track, a chunk at a time so that memory stays bounded.

    After each chunk `is_enough` is asked, with what was heard so far and how many windows are
    planned; the rest is not read where it says so.
    """
    n_labels = len(model.card.vocabulary)
    heard = SliceScores(np.zeros((0, n_labels), dtype=np.float32), (), (), 0.0, ())
    for windows in chunks:
        values = sigmoid(model.logits(log_mel(windows.samples, model.card.mel)))
        heard = SliceScores(
            np.concatenate([heard.values, values]),
            heard.starts + windows.starts,
            heard.silent + tuple(silent_slices(windows.samples)),
            windows.duration_s,
            tuple(dict.fromkeys(heard.notes + windows.notes)),
        )
        if is_enough(heard, windows.planned):
            break
    return _in_time(heard)


def _in_time(slices: SliceScores) -> SliceScores:
    order = sorted(range(len(slices.starts)), key=slices.starts.__getitem__)
    return replace(
        slices,
        values=slices.values[order],
        starts=tuple(slices.starts[i] for i in order),
        silent=tuple(slices.silent[i] for i in order),
    )


def sigmoid(logits: Array) -> Array:
    """Logits to probabilities."""
    return np.asarray(1 / (1 + np.exp(-logits)), dtype=np.float32)


def silent_slices(samples: Array) -> list[bool]:
    """Whether each slice has nothing to say. Shape: `(S, T)` in, S entries out."""
    power = np.einsum("st,st->s", samples, samples) / samples.shape[1]
    return [bool(silent) for silent in power < 10 ** (SLICE_SILENCE_DBFS / 10)]
