from __future__ import annotations

import pytest

from tagger.models.model import load_model
from tagger.vocabulary import PARENTS, Label, Vocabulary


@pytest.mark.parametrize(
    "name", ["Funk / Soul", "Rock; Pop", "Folk, World", "", " Jazz", "A\x1b[2J"]
)
def test_label_that_players_would_split_or_obey_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="label name"):
        Label("genre", name)


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="mood"):
        Label("mood", "Happy")  # type: ignore[arg-type]


def test_same_label_twice_is_refused_whatever_its_case() -> None:
    with pytest.raises(ValueError, match="twice"):
        Vocabulary((Label("genre", "Jazz"), Label("genre", "jazz")))


def test_same_word_may_be_genre_and_instrument() -> None:
    vocabulary = Vocabulary((Label("genre", "Organ"), Label("instrument", "Organ")))
    assert vocabulary.indices("genre") == (0,)
    assert vocabulary.names("instrument") == ("Organ",)


def test_empty_vocabulary_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        Vocabulary(())


def test_tree_has_no_loops_and_only_labels_of_the_shipped_model() -> None:
    names = {label.name for label in load_model().card.vocabulary.labels}
    for name, parent in PARENTS.items():
        assert {name, parent} <= names
        above = [name]
        while (wider := PARENTS.get(above[-1])) is not None:
            assert wider not in above
            above.append(wider)
