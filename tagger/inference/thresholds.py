"""Track scores -> tags: the one place where a threshold is applied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tagger.inference.aggregation import TrackScores
from tagger.models.card import LabelRule, ModelCard, Profile
from tagger.vocabulary import KINDS, Kind, Tag

MOST_CANDIDATES = 3  # of each kind


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of the labels become tags."""

    most: Mapping[Kind, int]  # tags of each kind
    profile: Profile = "precise"
    min_confidence: float = 0.0  # on top of the model's own thresholds
    experimental: bool = False  # also labels that were never measured on real sound


def decide(
    scores: TrackScores, card: ModelCard, choice: Choice
) -> tuple[tuple[Tag, ...], tuple[Tag, ...]]:
    """The tags of a track, and the candidates that are too unsure for it."""
    tags = choose_tags(scores, card, choice)
    return tags, choose_candidates(scores, card, choice, tags)


def choose_tags(scores: TrackScores, card: ModelCard, choice: Choice) -> tuple[Tag, ...]:
    """The labels at or above their threshold, genres first, each kind by falling probability.

    Several may hold, or none: "not sure" is an answer.
    """
    tags: list[Tag] = []
    for kind in KINDS:
        indices = card.vocabulary.indices(kind)
        given = [i for i in indices if _is_given(float(scores.values[i]), card.rules[i], choice)]
        # Experimental labels only fill the places that others leave.
        given.sort(key=lambda i: (not card.rules[i].is_default, -scores.values[i]))
        tags += _ranked(given[: choice.most[kind]], scores)
    return tuple(tags)


def choose_candidates(
    scores: TrackScores, card: ModelCard, choice: Choice, tags: Sequence[Tag]
) -> tuple[Tag, ...]:
    """The most probable labels that did not become tags, genres first, each kind by probability.

    Only of kinds that are asked for, and of labels that the choice allows; none of silence.
    """
    given = {(tag.kind, tag.name) for tag in tags}
    candidates: list[Tag] = []
    for kind in KINDS:
        others = [
            i
            for i in card.vocabulary.indices(kind)
            if _is_allowed(card.rules[i], choice) and scores.values[i] > 0
        ]
        ranked = [tag for tag in _ranked(others, scores) if (kind, tag.name) not in given]
        candidates += ranked[:MOST_CANDIDATES] if choice.most[kind] else []
    return tuple(candidates)


def _ranked(indices: Iterable[int], scores: TrackScores) -> list[Tag]:
    labels = scores.vocabulary.labels
    tags = [Tag(labels[i].kind, labels[i].name, float(scores.values[i])) for i in indices]
    return sorted(tags, key=lambda tag: -tag.score)


def _is_given(probability: float, rule: LabelRule, choice: Choice) -> bool:
    least = max(rule.least(choice.profile), choice.min_confidence)
    return probability >= least and _is_allowed(rule, choice)


def _is_allowed(rule: LabelRule, choice: Choice) -> bool:
    return choice.experimental or rule.is_default
