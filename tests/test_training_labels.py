from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training_data import state
from training.data.taxonomy import (
    ALLMUSIC,
    FAMILIES,
    GENRE_SLICE,
    GENRES,
    INSTRUMENT_SLICE,
    INSTRUMENTS,
    LISTED_GENRES,
    UNLABELLED_INSTRUMENTS,
    VOCABULARY,
    WEAK_GENRES,
    genre_targets,
    instrument_targets,
    unknown,
)
from training.synth.general_midi import NAMES

ALL_NAMES = sorted({*INSTRUMENTS, *UNLABELLED_INSTRUMENTS})
PLAYERS_OF_BRASS = ["Trumpet", "Trombone", "French Horn", "Tuba"]


def test_vocabulary_is_the_genres_then_the_instruments() -> None:
    assert VOCABULARY.names("genre") == GENRES
    assert VOCABULARY.names("instrument") == INSTRUMENTS
    assert [label.name for label in VOCABULARY.labels[GENRE_SLICE]] == list(GENRES)
    assert [label.name for label in VOCABULARY.labels[INSTRUMENT_SLICE]] == list(INSTRUMENTS)


def test_tables_name_only_labels_there_are() -> None:
    assert {name for name in ALLMUSIC.values() if name} == set(LISTED_GENRES)
    assert not set(LISTED_GENRES) & set(WEAK_GENRES)
    assert not UNLABELLED_INSTRUMENTS & set(INSTRUMENTS)
    assert {*FAMILIES, *(m for ms in FAMILIES.values() for m in ms)} <= set(ALL_NAMES)


def test_every_name_the_renderer_writes_is_known() -> None:
    assert set(NAMES) <= set(ALL_NAMES)


def test_complete_list_of_genres_makes_the_others_absent() -> None:
    targets = genre_targets(["Rap", "Pop/Rock"], complete=True)
    assert [name for name in GENRES if state(targets, name) == "present"] == ["Hip-Hop", "Pop Rock"]
    assert not np.isnan(targets[: len(LISTED_GENRES)]).any()
    assert np.isnan(targets[len(LISTED_GENRES) :]).all()


def test_incomplete_list_of_genres_leaves_the_others_unknown() -> None:
    targets = genre_targets(["Stage & Screen"], complete=False)
    assert state(targets, "Soundtrack") == "present"
    assert np.isnan(targets).sum() == len(VOCABULARY) - 1


def test_genre_left_out_on_purpose_is_no_label() -> None:
    assert (genre_targets(["Holiday"], complete=True)[: len(LISTED_GENRES)] == 0).all()
    assert np.isnan(genre_targets(["Holiday"], complete=False)).all()


@pytest.mark.parametrize(
    ("present", "absent", "unsure", "expected"),
    [
        pytest.param(
            ["Violin"], None, [],
            {"Violin": "present", "Strings": "present", "Cello": "absent", "Brass": "absent"},
            id="a player makes the family present and no other player",
        ),
        pytest.param(
            ["Viola"], None, [], {"Strings": "present", "Violin": "absent"},
            id="so does one without a label of its own",
        ),
        pytest.param(
            ["Strings"], None, [],
            {"Strings": "present", "Violin": "unknown", "Cello": "unknown", "Trumpet": "absent"},
            id="a section may hide its players",
        ),
        pytest.param(
            ["Strings", "Cello"], None, [], {"Cello": "present", "Violin": "unknown"},
            id="but not one that is named",
        ),
        pytest.param(
            ["Strings"], ["Violin", "Viola", "Cello", "Piano"], [],
            {"Violin": "unknown", "Cello": "unknown", "Piano": "absent", "Flute": "unknown"},
            id="a section hides players from a list of absent names too",
        ),
        pytest.param(
            ["Brass Section"], None, [],
            {"Brass": "present", "Trumpet": "unknown", "Violin": "absent"},
            id="a brass section is brass",
        ),
        pytest.param(
            ["Trombone"], None, [], {"Brass": "present", "Trumpet": "absent"}, id="a brass player"
        ),
        pytest.param(
            [], PLAYERS_OF_BRASS, [],
            {"Brass": "absent", "Trumpet": "absent", "Piano": "unknown"},
            id="no player of it, no brass, though no list names brass itself",
        ),
        pytest.param(
            [], PLAYERS_OF_BRASS[:3], [], {"Brass": "unknown", "Trumpet": "absent"},
            id="the tuba may play",
        ),
        pytest.param(
            [], ["Violin", "Viola", "Cello"], [], {"Strings": "unknown", "Violin": "absent"},
            id="lists do name Strings",
        ),
        pytest.param(
            [], ["Strings", "Violin", "Viola", "Cello"], [], {"Strings": "absent"}, id="no strings"
        ),
        pytest.param(
            ["Piano"], None, ["Violin"],
            {"Violin": "unknown", "Strings": "unknown", "Cello": "absent", "Piano": "present"},
            id="an unsure player leaves the family open",
        ),
        pytest.param(
            ["Piano"], None, ["Strings"],
            {"Strings": "unknown", "Violin": "unknown", "Cello": "unknown", "Brass": "absent"},
            id="an unsure section leaves its players open",
        ),
        pytest.param(
            [], None, ["Brass Section"], {"Brass": "unknown", "Trumpet": "unknown"},
            id="an unsure brass section",
        ),
        pytest.param(
            ["Violin"], None, ["Cello"], {"Strings": "present", "Cello": "unknown"},
            id="a family is present whoever else is unsure",
        ),
        pytest.param(
            ["Choir"], None, [], {"Choir": "present", "Voice": "unknown", "Drums": "absent"},
            id="a choir may pass for singing",
        ),
        pytest.param(
            ["Voice"], None, [], {"Voice": "present", "Choir": "absent"}, id="a singer is no choir"
        ),
        pytest.param(
            [], ["Flute", "Harp"], ["Flute"], {"Flute": "unknown", "Harp": "absent"},
            id="unsure outweighs absent",
        ),
        pytest.param(
            [], PLAYERS_OF_BRASS, ["Tuba"], {"Brass": "unknown"}, id="also within a family"
        ),
    ],
)  # fmt: skip
def test_instruments(
    present: list[str], absent: list[str] | None, unsure: list[str], expected: dict[str, str]
) -> None:
    targets = instrument_targets(present, absent, unsure)
    assert {name: state(targets, name) for name in expected} == expected
    assert np.isnan(targets[GENRE_SLICE]).all()


def test_nothing_listed_is_all_absent_or_all_unknown() -> None:
    assert (instrument_targets([], None)[INSTRUMENT_SLICE] == 0).all()
    assert np.isnan(instrument_targets([], [])).all()
    assert np.isnan(unknown()).all()


@pytest.mark.parametrize("column", ["present", "absent", "unsure"])
def test_unknown_instrument_is_named(column: str) -> None:
    cells: dict[str, list[str]] = {"present": [], "absent": [], "unsure": [], column: ["Theremin"]}
    with pytest.raises(KeyError, match="Theremin"):
        instrument_targets(**cells)


def test_unknown_genre_is_named() -> None:
    with pytest.raises(KeyError, match="Polka"):
        genre_targets(["Jazz", "Polka"], complete=True)


names = st.sets(st.sampled_from(ALL_NAMES), max_size=5)


@given(present=names, absent=st.none() | names, unsure=names)
def test_labels_contradict_no_list(
    present: Collection[str], absent: Collection[str] | None, unsure: Collection[str]
) -> None:
    targets = instrument_targets(present, absent, unsure)
    for name in INSTRUMENTS:
        members = {name, *FAMILIES.get(name, ())}
        assert (state(targets, name) == "present") == bool(members & set(present))
        if state(targets, name) == "absent":
            assert not members & set(unsure)
            assert absent is None or not set(absent).isdisjoint(members)
