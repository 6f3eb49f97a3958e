from __future__ import annotations

import pytest
from mutagen.id3 import TCON

from tagger.models.model import load_model
from tagger.vocabulary import (
    Label,
    Vocabulary,
    all_terms,
    are_near,
    canonical,
    is_placeholder,
    kind_of,
    lineage,
    name_key,
    names_nothing,
    parents,
    synonyms,
    wider_labels,
)


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


LABELS_OF_A_WIDER_MODEL = (
    "Rock", "Pop", "Metal", "Punk", "Indie", "Alternative", "Electronic", "Techno", "House",
    "Trance", "Disco", "Drum and Bass", "Hip-Hop", "Soul", "Funk", "Ambient", "Soundtrack",
    "Gospel", "Ska", "Singer-Songwriter", "Mandolin", "Banjo", "Harmonica", "Trombone", "Ukulele",
)  # fmt: skip


def test_taxonomy_row_is_consistent() -> None:
    terms = {term.name: term for term in all_terms()}
    assert len(terms) == len({(term.name.casefold()) for term in all_terms()})
    for term in terms.values():
        assert term.kind is None or Label(term.kind, term.name)
        assert all(terms[name].kind == term.kind for name in (*term.parents, *term.near))
        assert term.name not in parents(term.name), "a loop"


def test_taxonomy_spelling_means_one_term() -> None:
    meant: dict[tuple[str | None, str], str] = {}
    for term in all_terms():
        for spelling in (term.name, *term.spellings):
            assert meant.setdefault((term.kind, name_key(spelling)), term.name) == term.name
        keys = [name_key(spelling) for spelling in (term.name, *term.spellings)]
        assert len(set(keys)) == len(keys), f"{term.name}: a spelling that adds nothing"


def test_taxonomy_has_every_label_of_the_shipped_model_and_of_a_wider_one() -> None:
    for label in load_model().card.vocabulary.labels:
        assert canonical(label.name, label.kind) == label.name
        assert kind_of(label.name) == label.kind
    for name in LABELS_OF_A_WIDER_MODEL:
        assert canonical(name) == name


def test_wider_label_of_a_shipped_label_is_shipped_or_above_it() -> None:
    shipped = {label.name for label in load_model().card.vocabulary.labels}
    above = {name: wide for name, wide in wider_labels().items() if name in shipped}
    assert set(above.values()) <= shipped
    assert above["Metal"] == "Rock"
    assert above["Indie"] == "Pop Rock"
    assert "Electric Guitar" not in above, "no model gives the label Guitar"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("rnb", "R&B"), ("R'n'B", "R&B"), ("R and B", "R&B"), ("Rhythm & Blues", "R&B"),
        ("Rap", "Hip-Hop"), ("HipHop", "Hip-Hop"), ("hip hop", "Hip-Hop"), ("Рэп", "Hip-Hop"),
        ("Klassik", "Classical"), ("クラシック", "Classical"), ("Música Clásica", "Classical"),
        ("Alt. Rock", "Alternative"), ("Électronique", "Electronic"),
        ("Rock & Roll", "Rock and Roll"), ("Rock'n'Roll", "Rock and Roll"),
        ("Rock `n` Roll", "Rock and Roll"), ("ELECTRONIQUE", "Electronic"),
        ("Pop/Rock", "Pop Rock"), ("Drum'n'Bass", "Drum and Bass"), ("dnb", "Drum and Bass"),
        ("Filmmusik", "Soundtrack"), ("OST", "Soundtrack"), ("Bande Originale", "Soundtrack"),
        ("Death-Metal", "Death Metal"), ("Melodic Death Metal", "Melodic Death Metal"),
    ],
)  # fmt: skip
def test_canonical_knows_what_people_write_for_genres(written: str, meant: str) -> None:
    assert canonical(written, "genre") == canonical(written) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Gesang", "Voice"), ("Vocals", "Voice"), ("Schlagzeug", "Drums"), ("Batería", "Drums"),
        ("E-Gitarre", "Electric Guitar"), ("guitare électrique", "Electric Guitar"),
        ("Bass Guitar", "Electric Bass"), ("Kontrabass", "Double Bass"), ("Geige", "Violin"),
        ("fiddle", "Violin"), ("ピアノ", "Piano"), ("Flöte", "Flute"),
        ("Tenor Sax", "Tenor Saxophone"),
    ],
)  # fmt: skip
def test_canonical_knows_what_people_write_for_instruments(written: str, meant: str) -> None:
    assert canonical(written, "instrument") == meant


def test_canonical_keeps_kinds_apart() -> None:
    assert canonical("vocal", "genre") == "Vocal"
    assert canonical("vocal", "instrument") == "Voice"
    assert canonical("Schlagzeug", "genre") is None


@pytest.mark.parametrize("name", ["Late Night", "", "???", "Kazoo Jazz"])
def test_canonical_of_a_private_label_is_none(name: str) -> None:
    assert canonical(name) is None
    assert lineage(name) == (name,)
    assert synonyms(name) == ()
    assert not names_nothing(name)


def test_lineage_goes_up_every_branch_nearest_first() -> None:
    assert lineage("Indie Rock") == ("Indie Rock", "Indie", "Rock", "Pop Rock")
    assert parents("Tenor Saxophone") == ("Saxophone",)


def test_synonyms_are_spellings_of_the_name() -> None:
    assert {"HipHop", "Rap"} & set(synonyms("Hip-Hop")) == {"Rap"}, "HipHop adds nothing"
    assert {canonical(name, "genre") for name in synonyms("Hip-Hop")} == {"Hip-Hop"}


def test_placeholder_is_what_rippers_fill_in_and_no_season() -> None:
    assert all(map(is_placeholder, ("Other", "misc", "Unknown Genre", "Sonstiges", "genre")))
    assert not is_placeholder("Christmas")
    assert names_nothing("Christmas")
    assert names_nothing("Other")
    assert not names_nothing("Jazz")


def test_genres_that_programs_number_are_known() -> None:
    """ID3v1 and its extension by Winamp number 192 genres; most files name one of them."""
    unknown = [name for name in TCON.GENRES if canonical(name) is None]
    assert [name for name in unknown if not names_nothing(name)] == []


def test_name_key_keeps_vowel_signs_of_other_scripts() -> None:
    assert name_key("ร็อก") != name_key("รก")
    assert name_key("ガ") != name_key("カ")
    assert name_key("Noël") == name_key("noel")


def test_near_is_mutual() -> None:
    assert are_near("Ambient", "New Age")
    assert are_near("New Age", "Ambient")
    assert not are_near("Metal", "New Age")
