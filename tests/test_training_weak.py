from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tagger.errors import DataError
from tests.training_data import clip, write_tag_names
from training.data.pseudo_labels import RULES, add_weak_labels, weak_targets
from training.data.pseudo_labels import tag_names as tag_names
from training.data.taxonomy import (
    GENRES,
    INSTRUMENT_SLICE,
    INSTRUMENTS,
    LISTED_GENRES,
    WEAK_GENRES,
    Targets,
    unknown,
)
from training.data.teacher_outputs import TEACHERS


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_tag_names(tmp_path)
    return tmp_path


def heard(data: Path, given: str = "", /, **tags: float) -> Targets:
    """Targets where every tag is in mid-range but these (a space in a name is an underscore).

    `given`: a genre that people gave the song.
    """
    names = tag_names(data / "teachers" / "tags.json")
    outputs = {t.name: np.zeros((2, t.width), dtype=np.float32) for t in TEACHERS}
    for teacher, own in (("msd", "msd"), ("mtt", "mtt"), ("jamendo_musicnn", "jamendo")):
        values = np.full((2, 50), 0.1, dtype=np.float32)
        for tag, value in tags.items():
            if tag.replace("_", " ") in names[own]:
                values[:, names[own].index(tag.replace("_", " "))] = value
        outputs[teacher] = values
    np.savez(data / "soft.npz", **outputs)  # type: ignore[arg-type]
    targets = unknown()
    if given:
        targets[GENRES.index(given)] = 1.0
    return weak_targets(data / "soft.npz", names, targets)


def of(targets: Targets, name: str) -> float:
    return float(targets[INSTRUMENT_SLICE.start + INSTRUMENTS.index(name)])


def genre(targets: Targets, name: str) -> float:
    return float(targets[GENRES.index(name)])


def test_what_is_in_mid_range_stays_unknown(data: Path) -> None:
    targets = heard(data)
    assert np.isnan(targets[: len(LISTED_GENRES)]).all()
    assert np.isnan(of(targets, "Piano"))
    assert np.isnan(of(targets, "Drums"))


def test_reggae_has_an_electric_guitar_if_people_and_a_teacher_call_it_so(data: Path) -> None:
    tags = {"genre---reggae": 0.4, "guitar": 0.0}
    assert of(heard(data, "Reggae", **tags), "Electric Guitar") == 1
    assert of(heard(data, "Hip-Hop", **tags), "Electric Guitar") == 0
    assert of(heard(data, "Reggae", guitar=0.0), "Electric Guitar") == 0


def test_a_tag_far_up_is_present_and_far_down_absent(data: Path) -> None:
    assert of(heard(data, piano=0.9), "Piano") == 1
    assert of(heard(data, piano=0.001), "Piano") == 0


def test_a_violin_is_of_the_strings(data: Path) -> None:
    targets = heard(data, violin=0.6)
    assert of(targets, "Violin") == of(targets, "Strings") == 1


def test_metal_has_drums_and_no_harp(data: Path) -> None:
    targets = heard(data, metal=0.9)
    assert of(targets, "Drums") == of(targets, "Electric Guitar") == 1
    assert of(targets, "Harp") == of(targets, "Saxophone") == 0


def test_metal_is_rock_and_no_pop(data: Path) -> None:
    targets = heard(data, metal=0.9)
    assert genre(targets, "Metal") == genre(targets, "Rock") == 1
    assert genre(targets, "Pop") == 0


def test_every_weak_genre_can_be_present_and_absent() -> None:
    for name in WEAK_GENRES:
        assert any(name in rule.present for rule in RULES)
        assert any(name in rule.absent for rule in RULES)


def test_genres_that_people_gave_stay_theirs() -> None:
    listed = {label for rule in RULES for label in rule.present + rule.absent} & set(LISTED_GENRES)
    assert not listed


def test_a_stronger_rule_overrules_a_weaker(data: Path) -> None:
    # No drum tag at all, but hip-hop beyond doubt.
    quiet = {"drums": 0.0, "beat": 0.0, "beats": 0.0, "rock": 0.0, "techno": 0.0}
    assert of(heard(data, **quiet), "Drums") == 0
    assert of(heard(data, **quiet, **{"Hip-Hop": 0.9}), "Drums") == 1


def test_every_rule_names_known_labels_once() -> None:
    for rule in RULES:
        assert set(rule.present + rule.absent) <= {*INSTRUMENTS, *WEAK_GENRES}
        assert not set(rule.present) & set(rule.absent)
        assert rule.present or rule.absent
        assert rule.least > 0 or np.isfinite(rule.most)


def test_labels_are_added_only_where_nothing_was_known(data: Path) -> None:
    heard(data, metal=0.9)
    known = unknown()
    known[0], known[INSTRUMENT_SLICE.start + INSTRUMENTS.index("Drums")] = 1, 0
    song = clip("song", known, soft=data / "soft.npz")
    other = clip("other", known)
    added, untouched = add_weak_labels([song, other], data)
    assert added.targets[0] == 1
    assert of(added.targets, "Drums") == 0
    assert of(added.targets, "Electric Guitar") == 1
    assert untouched is other


def test_missingtag_names_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"tags\.json"):
        add_weak_labels([], tmp_path)
