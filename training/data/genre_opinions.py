"""What a regression over both teachers says of the genres of every song, labelled or not.

Few songs have labels, and these are of artists, not of what sounds in thirty seconds. A shrunken
logistic regression over the teachers' embeddings ranks genres of unknown artists better than a
network that learned the few labels; so its calibrated probabilities are what a network is taught,
of all music there is, and the labels only tilt them. No song is asked of a regression that
learned from its fold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter1d
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from training.data.datasets import Clip
from training.data.taxonomy import LISTED_GENRES
from training.data.teacher_outputs import AUDIOSET_HOP_S, PATCH_S, Outputs, Soft

Array = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

STRENGTH = 0.003  # C of scikit-learn: the smaller, the more shrunken
SMOOTHED_S = 30.0  # a genre is not decided in three seconds; the regression learned from 30
FEWEST_FOLDS = 2
AUDIOSET, MUSICNN = {"audioset", "audioset_embedding"}, {"msd", "msd_embedding"}
_LEAST_TAG = 1e-4  # added to probabilities, for their logarithm


@dataclass(frozen=True, slots=True, eq=False)
class _Linear:
    """Decisions on every genre from one teacher's values."""

    weights: Array  # (D, K)
    offset: Array  # (K,)

    def __call__(self, values: Array) -> Array:
        return np.asarray(values @ self.weights + self.offset, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Regression:
    """Of each teacher, and how their mean becomes a probability."""

    audioset: _Linear
    musicnn: _Linear
    slope: Array  # (K,)
    shift: Array  # (K,)

    def probabilities(self, soft: Soft) -> Outputs:
        """Shape: `(windows, K)`, a row every `AUDIOSET_HOP_S`."""
        decisions = self.audioset(_audioset(soft))
        if soft.keys() >= MUSICNN:
            other = self.musicnn(_musicnn(soft))
            at = np.arange(len(decisions)) * AUDIOSET_HOP_S / PATCH_S
            nearest = other[np.clip(np.round(at).astype(int), 0, len(other) - 1)]
            both = (decisions + np.where(np.isnan(nearest), decisions, nearest)) / 2
            decisions = both.astype(np.float32)
        size = min(len(decisions), round(SMOOTHED_S / AUDIOSET_HOP_S))
        decisions = uniform_filter1d(decisions, size, axis=0, mode="nearest")
        return np.asarray(expit(decisions * self.slope + self.shift), dtype=np.float16)


def genre_opinions(clips: Sequence[Clip], soft: Mapping[str, Soft]) -> dict[str, Outputs]:
    """Probabilities of the listed genres, window by window, of each clip both teachers know of.

    Empty where fewer than two folds of songs are listed. Shape: `(windows, len(LISTED_GENRES))`
    each, a row every `AUDIOSET_HOP_S` seconds
    """
    asked = {clip.id: clip for clip in clips if soft.get(clip.id, {}).keys() >= AUDIOSET}
    listed = [clip for clip in asked.values() if _is_listed(clip, soft[clip.id])]
    folds = sorted({clip.fold for clip in listed if clip.fold is not None})
    if len(folds) < FEWEST_FOLDS:
        return {}
    one, other = (
        np.stack([view(soft[clip.id]).mean(axis=0) for clip in listed])
        for view in (_audioset, _musicnn)
    )
    truth = np.stack([clip.targets[: len(LISTED_GENRES)] for clip in listed])
    fold_of = np.array([clip.fold for clip in listed])
    parts = {fold: _fit_pair(one, other, truth, fold_of != fold) for fold in folds}
    held_out = np.zeros(truth.shape, dtype=np.float32)
    for fold, (first, second) in parts.items():
        rows = fold_of == fold
        held_out[rows] = (first(one[rows]) + second(other[rows])) / 2
    slope, shift = _calibrate(held_out, truth)
    whole = _fit_pair(one, other, truth, np.ones(len(listed), dtype=bool))
    regressions = {f: _Regression(*pair, slope, shift) for f, pair in parts.items()}
    everywhere = _Regression(*whole, slope, shift)
    return {
        id_: (regressions.get(clip.fold or 0) or everywhere).probabilities(soft[id_])
        for id_, clip in asked.items()
    }


def opinion_at(rows: Outputs, start_s: float) -> Array:
    """The probabilities for a slice that begins `start_s` seconds into the file."""
    row = rows[min(round(start_s / AUDIOSET_HOP_S), len(rows) - 1)]
    return np.asarray(row, dtype=np.float32)


def _is_listed(clip: Clip, soft: Soft) -> bool:
    """Whether people said of a song all genres there are, and both teachers know it."""
    labelled = not bool(np.isnan(clip.targets[: len(LISTED_GENRES)]).any())
    return labelled and clip.fold is not None and soft.keys() >= MUSICNN


def _audioset(soft: Soft) -> Array:
    parts = [soft["audioset_embedding"], soft["audioset"]]
    return np.concatenate(parts, axis=1, dtype=np.float32)


def _musicnn(soft: Soft) -> Array:
    tags = np.log(soft["msd"].astype(np.float32) + _LEAST_TAG)
    return np.concatenate([soft["msd_embedding"], tags], axis=1, dtype=np.float32)


def _fit_pair(
    one: Array, other: Array, truth: Array, learned: npt.NDArray[np.bool_]
) -> tuple[_Linear, _Linear]:
    return _fit(one[learned], truth[learned]), _fit(other[learned], truth[learned])


def _fit(values: Array, truth: Array) -> _Linear:
    """Standardised going in and coming out, so that two teachers' decisions may be averaged."""
    mean, spread = values.mean(axis=0), values.std(axis=0) + 1e-6
    scaled = (values - mean) / spread
    weights, offsets = np.zeros((values.shape[1], truth.shape[1])), np.zeros(truth.shape[1])
    for i, column in enumerate(truth.T):
        if 0 < column.sum() < len(column):
            model = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=300)
            found = model.fit(scaled, column)
            decisions = found.decision_function(scaled)
            weights[:, i] = found.coef_[0] / decisions.std()
            offsets[i] = (found.intercept_[0] - decisions.mean()) / decisions.std()
    by_value = weights / spread[:, None]
    return _Linear(by_value.astype(np.float32), (offsets - mean @ by_value).astype(np.float32))


def _calibrate(decisions: Array, truth: Array) -> tuple[Array, Array]:
    """Slope and shift of each genre (Platt 1999). Shape: `(N, K)` twice in, `(K,)` twice out."""
    slope, shift = np.zeros(truth.shape[1]), np.full(truth.shape[1], -5.0)
    for i, column in enumerate(truth.T):
        if 0 < column.sum() < len(column):
            found = LogisticRegression(C=1.0).fit(decisions[:, i : i + 1], column)
            slope[i], shift[i] = found.coef_[0, 0], found.intercept_[0]
    return slope.astype(np.float32), shift.astype(np.float32)
