"""When the windows scored so far settle the tags of a track, so that the rest need not be read."""

from __future__ import annotations

import numpy as np

from tagger.inference.aggregation import vote
from tagger.inference.calibration import threshold_votes
from tagger.inference.slice_scores import SliceScores
from tagger.models.card import ModelCard

# Standard errors by which each vote must be clear of its threshold for no further window to be
# read. `python -m benchmarks.voting` measures what a value costs and saves.
CLEARANCE = 1.0

_FEWEST = 3  # windows that sound, from which a spread can be told


def is_settled(
    slices: SliceScores, planned: int, card: ModelCard, clearance: float = CLEARANCE
) -> bool:
    """Whether the rest of `planned` windows is unlikely to change any tag.

    The windows scored are a sample of those planned. The standard error of their mean, corrected
    for a finite population (Cochran 1977, section 2.6), says how far it may be from the mean of
    all; no label may have a threshold, of whichever profile, within `clearance` times that. A vote
    that rests on a share of the windows is as uncertain as the mean of so many. Labels that were
    never measured are not waited for: their votes waver most, and few people ask for them.
    """
    scores = slices.sounding
    if len(scores) < _FEWEST:
        return False
    left = 1 - len(slices.values) / planned
    counted = np.array([card.vote_shares[label.kind] for label in card.vocabulary.labels])
    error = scores.std(axis=0, ddof=1) * np.sqrt(max(left, 0.0) / (len(scores) * counted))
    distance = np.abs(vote(slices, card) - threshold_votes(card))
    default = np.array([rule.is_default for rule in card.rules])
    return bool(np.all((distance >= clearance * error)[:, default]))
