"""Slice scores -> one score for each label of a track, by the shares its model's card states.

The vote for a genre is the mean over the slices that are not silent: every source we know of that
classifies short slices averages them (Won et al. 2020; Pons and Serra 2019), and it is worth 7 to 9
points of accuracy over a single slice. An instrument may well rest for half a song, so its vote is
the mean over the half of the slices in which it scores highest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tagger.inference.calibration import calibrate
from tagger.inference.slice_scores import SliceScores
from tagger.models.card import ModelCard
from tagger.vocabulary import KINDS, Kind, Vocabulary

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TrackScores:
    """Calibrated probability of every label for one track. Shape: `values` is `(K,)`.

    `scores["genre"]` is the probability of each genre by its name.
    """

    values: Array
    vocabulary: Vocabulary

    def by_name(self, kind: Kind) -> dict[str, float]:
        """Probability of each label of one kind, in the vocabulary's order."""
        names, indices = self.vocabulary.names(kind), self.vocabulary.indices(kind)
        return {n: round(float(self.values[i]), 4) for n, i in zip(names, indices, strict=True)}

    def __getitem__(self, kind: Kind) -> dict[str, float]:
        if kind not in KINDS:
            raise KeyError(f"{kind!r} is no kind of label; there are: {', '.join(KINDS)}")
        return self.by_name(kind)

    def to_dict(self) -> dict[str, dict[str, float]]:
        """The probabilities by kind and name."""
        return {kind: self.by_name(kind) for kind in KINDS}

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(self.vocabulary.indices(kind))} {kind}s" for kind in KINDS)
        return f"TrackScores({counts})"


def score_track(slices: SliceScores, card: ModelCard) -> TrackScores:
    """Aggregate the slices, then calibrate."""
    return TrackScores(calibrate(vote(slices, card), card), card.vocabulary)


def vote(slices: SliceScores, card: ModelCard) -> Array:
    """One vote for each label, zero if no slice sounds. Shape: `(K,)`."""
    return aggregate(slices.sounding, card.vocabulary, card.vote_shares)


def aggregate(scores: Array, vocabulary: Vocabulary, shares: Mapping[Kind, float]) -> Array:
    """One vote for each label from the slices that sound, zero if there are none.

    The mean over that share of the slices in which the label scores highest; which share, the card
    says for each kind. Shape: `(S, K)` in, `(K,)` out
    """
    votes = np.zeros(scores.shape[1], dtype=np.float32)
    for kind in KINDS if len(scores) else ():
        indices = list(vocabulary.indices(kind))
        votes[indices] = upper_mean(scores[:, indices], shares[kind])
    return votes


def upper_mean(values: Array, share: float) -> Array:
    """The mean over that share of the slices in which each label scores highest.

    Shape: `(S, K)` in, `(K,)` out
    """
    n_slices = math.ceil(len(values) * share)
    return np.asarray(np.sort(values, axis=0)[::-1][:n_slices].mean(axis=0))
