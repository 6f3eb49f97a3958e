from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tagger.errors import DataError
from tagger.models.card import LabelRule, ModelCard
from tagger.models.model import Model
from tests.training_data import held_out_of
from training.data.taxonomy import GENRES, INSTRUMENT_SLICE, INSTRUMENTS, VOCABULARY, WEAK_GENRES
from training.evaluation.calibration import expected_calibration_error
from training.evaluation.held_out_votes import HeldOut, join, load_votes, save_votes
from training.evaluation.label_evidence import with_evidence
from training.evaluation.reliability import check, out_of_fit


@pytest.fixture
def card(tiny: Model) -> ModelCard:
    return tiny.card


@pytest.fixture
def held_out() -> HeldOut:
    """Sounds that are what they are heard as less often than the votes say."""
    rng = np.random.default_rng(1)
    votes = rng.uniform(0.01, 0.99, (2000, 4)).astype(np.float32)
    targets = (rng.uniform(0, 1, votes.shape) < votes**2).astype(np.float32)
    targets[::7, 1] = np.nan
    return held_out_of(targets, votes)


def test_no_group_shapes_the_rules_it_is_checked_with(held_out: HeldOut, card: ModelCard) -> None:
    parts = out_of_fit(held_out, card)
    assert sum(len(part) for part, _ in parts) == len(held_out)
    groups = [set(part.groups) for part, _ in parts]
    assert all(not a & b for i, a in enumerate(groups) for b in groups[:i])
    assert len({own.rules for _, own in parts}) == len(parts)


def test_calibration_error_is_the_distance_of_said_from_true() -> None:
    said = np.array([[0.9], [0.9], [0.1], [0.1]], dtype=np.float32)
    true = np.array([[1], [0], [0], [np.nan]], dtype=np.float32)
    # The two at 0.9 are right half the time: 0.4 off, of two thirds of the three that are known.
    assert expected_calibration_error(true, said) == pytest.approx((0.8 + 0.1) / 3, abs=1e-6)
    assert expected_calibration_error(true * np.nan, said) == 0


def test_fitted_rules_say_what_is_true(held_out: HeldOut, card: ModelCard) -> None:
    figures = check(held_out, card, "genre")
    assert figures["ece_before"] > 0.1
    assert figures["ece"] < 0.04
    assert figures["precision_precise"] > 0.8 > figures["precision_balanced"]
    assert figures["recall_precise"] < figures["recall_balanced"]
    assert figures["tags_precise"] < figures["tags_balanced"]
    assert 0 < figures["tagged_precise"] < figures["tagged_balanced"] <= 1


def test_experimental_labels_do_not_count(held_out: HeldOut, card: ModelCard) -> None:
    rules = tuple(
        replace(rule, evidence="experimental" if i == 1 else "measured")
        for i, rule in enumerate(card.rules)
    )
    worse = replace(held_out, targets=held_out.targets.copy())
    worse.targets[:, 1] = 1 - worse.targets[:, 1]
    chosen = replace(card, rules=rules)
    assert check(worse, chosen, "genre")["tags_balanced"] == pytest.approx(
        check(held_out, chosen, "genre")["tags_balanced"], rel=0.1
    )


def evidence(name: str, *, positives: int = 8, real: bool = True, noise: float = 0.0) -> str:
    """The evidence for a label that a hundred sounds hold or not."""
    n, column = 100, [label.name for label in VOCABULARY.labels].index(name)
    targets = np.full((n, len(VOCABULARY)), np.nan, dtype=np.float32)
    targets[:, column] = np.arange(n) < positives
    votes = np.full(targets.shape, 0.5, dtype=np.float32)
    votes[:, column] = targets[:, column] * (1 - noise) + noise * np.arange(n) / n
    held_out = replace(held_out_of(targets, votes), real=np.full(n, real))
    rules = with_evidence((LabelRule(1.0, 0.0, 0.5),) * len(VOCABULARY), held_out)
    return rules[column].evidence


def test_evidence_is_recordings_labelled_by_people_and_well_heard() -> None:
    assert evidence("Jazz") == evidence(INSTRUMENTS[0]) == "measured"
    assert evidence("Jazz", positives=7) == "experimental"
    assert evidence("Jazz", noise=1.0) == "experimental"
    assert evidence("Piano", real=False) == "experimental"
    assert evidence(WEAK_GENRES[0]) == "experimental"
    assert len(VOCABULARY) == len(GENRES) + len(INSTRUMENTS) == INSTRUMENT_SLICE.stop


def test_saved_votes_come_back(held_out: HeldOut, tmp_path: Path) -> None:
    path = tmp_path / "heard.npz"
    save_votes({"genres": held_out, "instruments": held_out.rows(held_out.real)}, path)
    back = load_votes(path)
    assert set(back) == {"genres", "instruments"}
    both = join([back["genres"], back["instruments"]])
    assert len(both) == 2 * len(held_out)
    np.testing.assert_array_equal(back["genres"].targets, held_out.targets)
    assert back["genres"].groups.tolist() == held_out.groups.tolist()
    path.write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(DataError, match="not the votes of a run"):
        load_votes(path)
