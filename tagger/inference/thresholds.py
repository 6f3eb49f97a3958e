"""Track scores -> tags: the one place where a threshold is applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tagger.inference.aggregation import TrackScores
from tagger.models.card import LabelRule, ModelCard, Profile
from tagger.vocabulary import KINDS, Kind, Tag


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of the labels become tags."""

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
        reached = [
            Tag(kind, card.vocabulary.labels[i].name, float(scores.values[i]))
            for i in card.vocabulary.indices(kind)
            if _is_given(float(scores.values[i]), card.rules[i], choice)
        ]
        tags += sorted(reached, key=lambda tag: -tag.score)[: choice.most[kind]]
    return tuple(tags)


def _is_given(probability: float, rule: LabelRule, choice: Choice) -> bool:
    least = max(rule.least(choice.profile), choice.min_confidence)
    return probability >= least and (choice.experimental or rule.evidence == "measured")
