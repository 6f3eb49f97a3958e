"""Votes -> calibrated probabilities by Platt's rule (1999), and back from thresholds to votes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tagger.models.card import PROFILES, LabelRule, ModelCard

Array = npt.NDArray[np.float32]

_EDGE = 1e-6  # keeps the logit of a vote finite


def calibrate(votes: Array, card: ModelCard) -> Array:
    """Votes to probabilities, by the card's rule for each label. Shape: `(..., K)` in and out."""
    return calibrate_by(card.rules, votes)


def calibrate_by(rules: Sequence[LabelRule], votes: Array) -> Array:
    """Votes to probabilities, by one rule for each label. Shape: `(..., K)` in and out."""
    slope = np.array([rule.slope for rule in rules])
    offset = np.array([rule.offset for rule in rules])
    clipped = np.clip(votes.astype(np.float64), _EDGE, 1 - _EDGE)
    probability = 1 / (1 + np.exp(-(slope * np.log(clipped / (1 - clipped)) + offset)))
    # A vote of nothing (silence) stays nothing, whatever the offset.
    return np.where(votes > 0, probability, 0).astype(np.float32)


def threshold_votes(card: ModelCard) -> Array:
    """The vote at which each label reaches its thresholds, the inverse of `calibrate`.

    Shape: `(P, K)`, P the profiles
    """
    least = [[rule.least(profile) for rule in card.rules] for profile in PROFILES]
    threshold = np.clip(least, _EDGE, 1 - _EDGE)
    slope = np.array([rule.slope for rule in card.rules])
    offset = np.array([rule.offset for rule in card.rules])
    logit = (np.log(threshold / (1 - threshold)) - offset) / slope
    return np.asarray(1 / (1 + np.exp(-logit)), dtype=np.float32)
