"""What the model said of the files of a plan: what it offered, and what it was too unsure of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.vocabulary import KINDS, Kind, Tag
from tagger.writing.genre_rules import Taste

if TYPE_CHECKING:
    from tagger.scanning.results import Result

Probabilities = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the model said of one file, by the names that would be written."""

    path: Path
    audio: str
    existing: Mapping[Kind, tuple[str, ...]]
    offered: Mapping[Kind, Probabilities]  # sure enough to be tags
    candidates: Mapping[Kind, Probabilities]  # the next most probable


def opinions_of(results: Iterable[Result], taste: Taste) -> Iterator[Opinion]:
    """The opinions on all files that were classified and whose tags can be read."""
    for result in results:
        if result.track is not None and result.existing.audio:
            track = result.track
            yield Opinion(
                result.path.absolute(),
                result.existing.audio,
                {kind: result.existing.of(kind) for kind in KINDS},
                {kind: _probabilities(track.of(kind), taste) for kind in KINDS},
                {kind: _probabilities(track.candidates_of(kind), taste) for kind in KINDS},
            )


def _probabilities(tags: Iterable[Tag], taste: Taste) -> Probabilities:
    return {taste.alias(tag.name): round(tag.score, 3) for tag in tags}
