"""What names of genres and instruments say of the labels, whatever the vocabulary holds today.

The tables of the sources name what a label says as finely as it says it ("Metal", "Viola"); what
the vocabulary has no label for counts for the kinds it belongs to. So a table stays true when the
vocabulary grows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from tagger.vocabulary import all_terms, are_near, canonical, lineage, names_nothing
from training.data.taxonomy import VOCABULARY, Targets, unknown


class Spellings(Mapping[str, str | None]):
    """What people write for genres and instruments -> the taxonomy's names; None: no such thing.

    >>> Spellings()["rap"], Spellings()["Christmas"], "Late Night" in Spellings()
    ('Hip-Hop', None, False)
    """

    def __getitem__(self, word: str) -> str | None:
        name = canonical(word)
        if name is None and not names_nothing(word):
            raise KeyError(word)
        return name

    def __iter__(self) -> Iterator[str]:
        return (term.name for term in all_terms())

    def __len__(self) -> int:
        return len(all_terms())


@cache
def apart(one: str, other: str) -> bool:
    """Whether two genres are so far from each other that a listing of one denies the other.

    >>> apart("Metal", "Jazz"), apart("Metal", "Pop"), apart("Disco", "Funk")
    (True, False, False)
    """
    return not any(x == y or are_near(x, y) for x in lineage(one) for y in lineage(other))


def targets_of(present: Iterable[str], absent: Iterable[str] = ()) -> Targets:
    """Targets from names: upward what is present is present, downward what is absent is absent.

    A name that is in no label's lineage says nothing; where names contradict, presence wins.
    Shape: `(K,)`
    """
    targets = unknown()
    here = {x for name in present for x in lineage(name)}
    gone = set(absent)
    for i, label in enumerate(VOCABULARY.labels):
        if label.name in here:
            targets[i] = 1.0
        elif gone & set(lineage(label.name)):
            targets[i] = 0.0
    return targets
