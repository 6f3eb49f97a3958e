"""What a person is offered for one kind of tag of one file, and what a choice makes of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from tagger.scanning.results import Result, Track
from tagger.vocabulary import Kind, Label
from tagger.writing.genre_rules import distinct, sense_key
from tagger.writing.plan import Policy, Values, classified_file, file_change

LEAST_CANDIDATE = 0.1  # probability; what is less likely only takes room


@dataclass(frozen=True, slots=True)
class Option:
    """One name that can be ticked."""

    name: str
    score: float | None  # None: not a label of the model, an alias or a wider genre, say
    proposed: bool  # ticked to begin with


@dataclass(frozen=True, slots=True)
class Offer:
    """One kind of tag of one file.

    >>> offer = Offer(("Folk",), ("Folk", "Jazz"), (Option("Jazz", 0.9, True),))
    >>> offer.after(["Jazz"]), offer.after([])
    (('Folk', 'Jazz'), ('Folk',))
    """

    before: Values = ()
    planned: Values = ()  # what `scan --write` would leave in the file
    options: tuple[Option, ...] = ()

    @property
    def proposed(self) -> Values:
        """The names that are ticked to begin with."""
        return tuple(option.name for option in self.options if option.proposed)

    def after(self, ticked: Collection[str]) -> Values:
        """What the file will hold; without any tick what it holds, so nothing is ever emptied."""
        if not ticked:
            return self.before
        optional = {option.name for option in self.options}
        proposed = [name for name in self.planned if name in ticked or name not in optional]
        return (*proposed, *(name for name in ticked if name not in proposed))


def offer_for(result: Result, kind: Kind, policy: Policy) -> Offer:
    """The offer for a file: what a plan by this policy adds, then what else may be true."""
    before = result.existing.of(kind)
    classified = classified_file(result)
    if classified is None or result.track is None:
        return Offer(before, before)
    plain = replace(policy, join="", provenance="")
    changes = {change.field: change.after for change in file_change(classified, plain).changes}
    planned = changes.get(kind, before)
    return Offer(before, planned, _options(result.track, kind, before, planned))


def check_name(kind: Kind, name: str) -> None:
    """Raise ValueError where a name that a person typed cannot be written as a tag."""
    Label(kind, name)


def _options(track: Track, kind: Kind, before: Values, planned: Values) -> tuple[Option, ...]:
    likely = [tag for tag in track.candidates_of(kind) if tag.score >= LEAST_CANDIDATE]
    given = {tag.name: tag.score for tag in (*track.of(kind), *likely)}  # an album's, perhaps
    scores = track.scores.by_name(kind) | given
    removes = not set(before) <= set(planned)  # then what stays is a choice too
    proposed = [name for name in planned if removes or name not in before]
    offered = {sense_key(name) for name in (*before, *planned)}
    others = distinct(tag.name for tag in (*track.of(kind), *likely))
    return (
        *(Option(name, scores.get(name), True) for name in proposed),
        *(Option(name, scores[name], False) for name in others if sense_key(name) not in offered),
    )
