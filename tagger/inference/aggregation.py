"""Slice scores -> track scores -> tags.

The vote for a genre is the mean over the slices that are not silent: every source we know of that
classifies short slices averages them (Won et al. 2020; Pons and Serra 2019), and it is worth 7 to 9
points of accuracy over a single slice. An instrument may well rest for half a song, so its vote is
the mean over the half in which it is heard most.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tagger.inference.slice_scores import SliceScores
from tagger.models.card import PROFILES, LabelRule, ModelCard, Profile
from tagger.vocabulary import KINDS, Kind, Tag, Vocabulary

Array = npt.NDArray[np.float32]

# Standard errors by which each vote must be clear of its threshold for a track to be heard no
# further. `python -m benchmarks.voting` measures what a value costs and saves.
CLEARANCE = 1.0

_FEWEST = 3  # windows that sound, from which a spread can be told
_EDGE = 1e-6  # keeps the logit of a vote finite


@dataclass(frozen=True, slots=True, eq=False)
class TrackScores:
    """Calibrated probability of every label for one track. Shape: `values` is `(K,)`."""

    values: Array
    vocabulary: Vocabulary

    def by_name(self, kind: Kind) -> dict[str, float]:
        """Probability of each label of one kind, in the vocabulary's order."""
        names, indices = self.vocabulary.names(kind), self.vocabulary.indices(kind)
        return {n: round(float(self.values[i]), 4) for n, i in zip(names, indices, strict=True)}


def vote(slices: SliceScores, card: ModelCard) -> Array:
    """One vote for each label, zero if no slice sounds.

    The mean over that share of the slices in which the label is heard most; which share, the card
    says for each kind. Shape: `(K,)`
    """
    votes = np.zeros(slices.values.shape[1], dtype=np.float32)
    heard = slices.values[~np.array(slices.silent, dtype=bool)]
    for kind in KINDS if len(heard) else ():
        indices = list(card.vocabulary.indices(kind))
        votes[indices] = upper_mean(heard[:, indices], card.vote_shares[kind])
    return votes


def upper_mean(values: Array, share: float) -> Array:
    """The mean over that share of the slices in which each label is heard most.

    Shape: `(S, K)` in, `(K,)` out
    """
    n_slices = math.ceil(len(values) * share)
    return np.asarray(np.sort(values, axis=0)[::-1][:n_slices].mean(axis=0))


def calibrate(votes: Array, card: ModelCard) -> Array:
    """Votes to probabilities, by the card's rule for each label. Shape: `(..., K)` in and out."""
    return calibrate_by(card.rules, votes)


def calibrate_by(rules: Sequence[LabelRule], votes: Array) -> Array:
    """Votes to probabilities, by one rule for each label. Shape: `(..., K)` in and out."""
    slope = np.array([rule.slope for rule in rules])
    offset = np.array([rule.offset for rule in rules])
    kept = np.clip(votes.astype(np.float64), _EDGE, 1 - _EDGE)
    probability = 1 / (1 + np.exp(-(slope * np.log(kept / (1 - kept)) + offset)))
    # A vote of nothing (silence) stays nothing, whatever the offset.
    return np.where(votes > 0, probability, 0).astype(np.float32)


def is_settled(
    slices: SliceScores, planned: int, card: ModelCard, clearance: float = CLEARANCE
) -> bool:
    """Whether hearing the rest of `planned` windows is unlikely to change any tag.

    The windows heard are a sample of those planned. The standard error of their mean, corrected for
    a finite population (Cochran 1977, section 2.6), says how far it may be from the mean of all;
    no label may have a threshold, of whichever profile, within `clearance` times that. A vote that
    rests on a share of the windows is as uncertain as the mean of so many. Labels that were never
    measured are not waited for: their votes waver most, and few people ask for them.
    """
    heard = slices.values[~np.array(slices.silent, dtype=bool)]
    if len(heard) < _FEWEST:
        return False
    left = 1 - len(slices.values) / planned
    counted = np.array([card.vote_shares[label.kind] for label in card.vocabulary.labels])
    error = heard.std(axis=0, ddof=1) * np.sqrt(max(left, 0.0) / (len(heard) * counted))
    distance = np.abs(vote(slices, card) - _least_votes(card))
    measured = np.array([rule.evidence == "measured" for rule in card.rules])
    return bool(np.all((distance >= clearance * error)[:, measured]))


def _least_votes(card: ModelCard) -> Array:
    """The vote at which each label reaches its thresholds, the inverse of `calibrate`.

    Shape: `(P, K)`, P the profiles
    """
    least = [[rule.least(profile) for rule in card.rules] for profile in PROFILES]
    threshold = np.clip(least, _EDGE, 1 - _EDGE)
    slope = np.array([rule.slope for rule in card.rules])
    offset = np.array([rule.offset for rule in card.rules])
    logit = (np.log(threshold / (1 - threshold)) - offset) / slope
    return np.asarray(1 / (1 + np.exp(-logit)), dtype=np.float32)


def score_track(slices: SliceScores, card: ModelCard) -> TrackScores:
    """Vote, then calibrate."""
    return TrackScores(calibrate(vote(slices, card), card), card.vocabulary)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of the labels heard become tags."""

    most: Mapping[Kind, int]  # tags of each kind
    profile: Profile = "precise"
    min_confidence: float = 0.0  # on top of the model's own thresholds
    experimental: bool = False  # also labels that were never measured on real sound


def choose_tags(scores: TrackScores, card: ModelCard, choice: Choice) -> tuple[Tag, ...]:
    """The labels at or above their threshold, genres first, each kind by falling probability.

    Several may hold, or none: "not sure" is an answer.
    """
    tags: list[Tag] = []
    for kind in KINDS:
        heard = [
            Tag(kind, card.vocabulary.labels[i].name, float(scores.values[i]))
            for i in card.vocabulary.indices(kind)
            if _is_given(float(scores.values[i]), card.rules[i], choice)
        ]
        tags += sorted(heard, key=lambda tag: -tag.score)[: choice.most[kind]]
    return tuple(tags)


def _is_given(probability: float, rule: LabelRule, choice: Choice) -> bool:
    least = max(rule.least(choice.profile), choice.min_confidence)
    return probability >= least and (choice.experimental or rule.evidence == "measured")
