from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from tagger.audio import Windows
from tagger.card import LabelRule
from tagger.inference import SliceScores, score_windows
from tagger.model import Model
from tagger.voting import Choice, calibrate, choose_tags, score_track, vote
from tests.tiny_model import SPEC

Array = npt.NDArray[np.float32]
ALL = Choice({"genre": 3, "instrument": 5})


def windows(*rows: Array) -> Windows:
    return Windows(np.stack(rows), tuple(map(float, range(len(rows)))), SPEC.rate, len(rows), ())


def tone(hz: float) -> Array:
    time = np.arange(SPEC.slice_samples) / SPEC.rate
    return (0.3 * np.sin(2 * np.pi * hz * time)).astype(np.float32)


SILENCE = np.zeros(SPEC.slice_samples, dtype=np.float32)


def slices(values: list[list[float]], silent: list[bool] | None = None) -> SliceScores:
    n = len(values)
    return SliceScores(
        np.array(values, dtype=np.float32), (0.0,) * n, tuple(silent or [False] * n), 3.0 * n, ()
    )


def test_low_and_high_tones_are_told_apart(tiny: Model) -> None:
    scores = score_windows(tiny, [windows(tone(120)), windows(tone(3500))])
    assert scores.values.shape == (2, 4)
    assert scores.values[0, 0] > 0.9
    assert scores.values[1, 1] > 0.9


def test_chunks_make_no_difference(tiny: Model) -> None:
    rows = [tone(hz) for hz in (120, 500, 3500)]
    together = score_windows(tiny, [windows(*rows)])
    apart = score_windows(tiny, [windows(row) for row in rows])
    np.testing.assert_allclose(together.values, apart.values, atol=1e-6)


def test_vote_is_the_mean_over_slices_that_sound() -> None:
    scores = slices([[0.2, 0.9], [0.4, 0.7], [1.0, 1.0]], silent=[False, False, True])
    np.testing.assert_allclose(vote(scores), [0.3, 0.8], atol=1e-6)


def test_silence_gets_no_tag_and_no_score(tiny: Model) -> None:
    scores = score_windows(tiny, [windows(SILENCE, SILENCE)])
    assert scores.silent == (True, True)
    track = score_track(scores, tiny.card)
    assert not track.values.any()
    assert choose_tags(track, tiny.card, ALL) == ()


def test_neutral_rule_changes_nothing(tiny: Model) -> None:
    votes = np.array([0.01, 0.3, 0.5, 0.99], dtype=np.float32)
    np.testing.assert_allclose(calibrate(votes, tiny.card), votes, atol=1e-6)


def test_calibration_moves_but_does_not_reorder(tiny: Model) -> None:
    card = replace(tiny.card, rules=(LabelRule(2.0, -1.0, 0.5),) * 4)
    votes = np.array([0.1, 0.4, 0.6, 0.9], dtype=np.float32)
    calibrated = calibrate(votes, card)
    assert (np.diff(calibrated) > 0).all()
    # By hand: logit(0.4) = ln(2/3); 2 * ln(2/3) - 1 = -1.811; its sigmoid is 0.1405.
    assert float(calibrated[1]) == pytest.approx(0.1405, abs=1e-4)


def test_tags_are_those_at_their_threshold_best_first(tiny: Model) -> None:
    rules = (
        LabelRule(1, 0, 0.3), LabelRule(1, 0, 0.3), LabelRule(1, 0, 0.95), LabelRule(1, 0, 0.3),
    )  # fmt: skip
    card = replace(tiny.card, rules=rules)
    track = score_track(slices([[0.4, 0.8, 0.9, 0.2]]), card)
    tags = choose_tags(track, card, ALL)
    assert [tag.name for tag in tags] == ["High", "Low"]
    assert tags[0].score == pytest.approx(0.8, abs=1e-5)


def test_no_more_tags_than_asked_for(tiny: Model) -> None:
    track = score_track(slices([[0.9, 0.8, 0.9, 0.8]]), tiny.card)
    one = Choice({"genre": 1, "instrument": 0})
    assert [tag.name for tag in choose_tags(track, tiny.card, one)] == ["Low"]


def test_no_windows_at_all_is_not_sure(tiny: Model) -> None:
    track = score_track(score_windows(tiny, []), tiny.card)
    assert choose_tags(track, tiny.card, ALL) == ()


def test_profile_says_how_sure_a_tag_must_be(tiny: Model) -> None:
    card = replace(tiny.card, rules=(LabelRule(1, 0, 0.5, precise=0.7),) * 4)
    track = score_track(slices([[0.6, 0.8, 0.6, 0.8]]), card)
    assert [tag.name for tag in choose_tags(track, card, ALL)] == ["High", "High Whistle"]
    balanced = replace(ALL, profile="balanced")
    assert len(choose_tags(track, card, balanced)) == 4
    assert choose_tags(track, card, replace(balanced, min_confidence=0.9)) == ()


def test_experimental_labels_are_given_only_when_asked_for(tiny: Model) -> None:
    rules = (LabelRule(1, 0, 0.5), LabelRule(1, 0, 0.5, evidence="experimental")) * 2
    card = replace(tiny.card, rules=rules)
    track = score_track(slices([[0.9, 0.8, 0.9, 0.8]]), card)
    assert len(choose_tags(track, card, ALL)) == 2
    assert len(choose_tags(track, card, replace(ALL, experimental=True))) == 4
