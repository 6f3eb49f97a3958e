"""Labels that a person's rules name, held against those of a model: a slip is not passed over."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from tagger.vocabulary import PARENTS, Vocabulary
from tagger.writing.genre_rules import Taste, key_of


def unknown_labels(taste: Taste, vocabulary: Vocabulary) -> Iterator[str]:
    """One sentence for each name that the model cannot give, with the nearest ones it can.

    A name is known if it is a label of the model, or what the rules make of one.

    >>> from tagger.vocabulary import Label
    >>> jazz = Vocabulary((Label("genre", "Jazz"),))
    >>> list(unknown_labels(Taste(only=("Jaz",)), jazz))
    ["only: the model has no label 'Jaz'; did you mean Jazz?"]
    >>> list(unknown_labels(Taste(only=("Swing",), aliases={"jazz": "Swing"}), jazz))
    []
    """
    labels = {key_of(label.name): label.name for label in vocabulary.labels}
    made = [*taste.aliases.values(), *taste.parents.values()]
    known = labels | {key_of(name): name for name in made}
    own_parents = [child for child, parent in taste.parents.items() if PARENTS.get(child) != parent]
    for place, names, allowed in (
        ("only", taste.only, known),
        ("ignore", taste.ignore, known),
        ("aliases", taste.aliases, labels),
        ("parents", own_parents, known),
    ):
        for name in names:
            if key_of(name) not in allowed:
                yield f"{place}: the model has no label {name!r}{_suggestion(name, allowed)}"


def _suggestion(name: str, known: dict[str, str]) -> str:
    near = difflib.get_close_matches(key_of(name), known, n=2, cutoff=0.6)
    if near:
        return f"; did you mean {' or '.join(known[key] for key in near)}?"
    return "; musictag labels lists them"
