"""Labels that a person's rules name, held against those of a model: a slip is not passed over."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from tagger.vocabulary import Vocabulary, wider_labels
from tagger.writing.genre_rules import Taste, sense_key


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
    labels = {sense_key(label.name): label.name for label in vocabulary.labels}
    own_parents = [x for x, wide in taste.parents.items() if wider_labels().get(x) != wide]
    named = [*taste.aliases.values(), *(taste.parents[name] for name in own_parents)]
    wider = [wide for name in (*labels.values(), *named) for wide in taste.ancestors(name)]
    known = labels | {sense_key(name): name for name in (*named, *wider)}
    for place, names, allowed in (
        ("only", taste.only, known),
        ("ignore", taste.ignore, known),
        ("aliases", taste.aliases, labels),
        ("parents", own_parents, known),
    ):
        for name in names:
            if sense_key(name) not in allowed:
                yield f"{place}: the model has no label {name!r}{_suggestion(name, allowed)}"


def _suggestion(name: str, known: dict[str, str]) -> str:
    near = difflib.get_close_matches(sense_key(name), known, n=2, cutoff=0.6)
    if near:
        return f"; did you mean {' or '.join(known[key] for key in near)}?"
    return "; musictag labels lists them"
