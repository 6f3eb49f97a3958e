from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.audio import Windows
from tagger.inference.aggregation import score_track, vote
from tagger.inference.calibration import calibrate
from tagger.inference.early_exit import is_settled
from tagger.inference.slice_scores import SliceScores, iter_mel, predict_slices, score_windows
from tagger.inference.thresholds import Choice, choose_tags
from tagger.models.card import LabelRule, ModelCard
from tagger.models.model import Model
from tagger.models.session import open_network
from tagger.vocabulary import Label, Vocabulary
from tests.tiny_model import SPEC
from training.finetune.onnx_graph import read_network, with_embedding

Array = npt.NDArray[np.float32]
ALL = Choice({"genre": 3, "instrument": 5})


def windows(*rows: Array) -> Windows:
    starts = tuple(map(float, range(len(rows))))
    return Windows(np.stack(rows), starts, SPEC.rate, len(rows), (), len(rows))


def tone(hz: float) -> Array:
    time = np.arange(SPEC.slice_samples) / SPEC.rate
    return (0.3 * np.sin(2 * np.pi * hz * time)).astype(np.float32)


HALVES = slice(SPEC.n_mels // 2), slice(SPEC.n_mels // 2, None)  # of the bands
SILENCE = np.zeros(SPEC.slice_samples, dtype=np.float32)


def scores_of(values: list[list[float]], silent: list[bool] | None = None) -> SliceScores:
    n = len(values)
    return SliceScores(
        np.array(values, dtype=np.float32), (0.0,) * n, tuple(silent or [False] * n), 3.0 * n, ()
    )


def test_embeddings_come_with_the_logits_where_the_network_has_them(
    tiny: Model, tiny_card: Path
) -> None:
    weights = tiny_card.with_suffix(".onnx")
    network = open_network(with_embedding(read_network(weights), weights), weights)
    chunks = [replace(windows(tone(120), tone(3500)), starts=starts) for starts in ((0, 9), (4, 2))]
    found = predict_slices(network, iter_mel([*chunks, windows(SILENCE)], SPEC))
    scores = score_windows(tiny, [*chunks, windows(SILENCE)])
    np.testing.assert_array_equal(found.scores().values, scores.values)
    assert found.slices.starts == scores.starts == (0, 0, 2, 4, 9)
    assert found.output.embeddings is not None
    low, high = (found.output.embeddings[:, half].mean(axis=1) for half in HALVES)
    np.testing.assert_allclose(5 * (low - high), found.output.logits[:, 0], atol=1e-5)
    sounding = found.sounding()
    assert len(sounding.logits) == len(scores.sounding) == 4
    assert predict_slices(tiny.network, iter_mel(chunks, SPEC)).output.embeddings is None


def test_low_and_high_tones_are_told_apart(tiny: Model) -> None:
    scores = score_windows(tiny, [windows(tone(120)), windows(tone(3500))])
    assert scores.values.shape == (2, 4)
    assert scores.values[0, 0] > 0.9
    assert scores.values[1, 1] > 0.9


def test_chunks_make_no_difference(tiny: Model) -> None:
    rows = [tone(hz) for hz in (120, 500, 3500)]
    together = score_windows(tiny, [windows(*rows)])
    apart = score_windows(
        tiny, [replace(windows(row), starts=(float(i),)) for i, row in enumerate(rows)]
    )
    np.testing.assert_allclose(together.values, apart.values, atol=1e-6)


def test_vote_is_the_mean_over_slices_that_sound(tiny: Model) -> None:
    rows = [[0.2, 0.9, 0.2, 0.9], [0.4, 0.7, 0.4, 0.7], [1.0, 1.0, 1.0, 1.0]]
    scores = scores_of(rows, silent=[False, False, True])
    np.testing.assert_allclose(vote(scores, tiny.card), [0.3, 0.8, 0.3, 0.8], atol=1e-6)


def test_instrument_that_rests_for_half_a_song_is_heard_in_the_other(tiny: Model) -> None:
    card = replace(tiny.card, vote_shares={"genre": 1.0, "instrument": 0.5})
    scores = scores_of(
        [[0.9, 0.9, 0.9, 0.1], [0.7, 0.7, 0.7, 0.3], [0.1] * 4, [0.1] * 4, [0.1] * 4]
    )
    # Of five slices the upper half are three; each label has its own.
    expected = [0.38, 0.38, 1.7 / 3, 0.5 / 3]
    np.testing.assert_allclose(vote(scores, card), expected, atol=1e-6)
    with pytest.raises(ValueError, match="vote_shares"):
        replace(tiny.card, vote_shares={"genre": 1.0, "instrument": 0.0})


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
    track = score_track(scores_of([[0.4, 0.8, 0.9, 0.2]]), card)
    tags = choose_tags(track, card, ALL)
    assert [tag.name for tag in tags] == ["High", "Low"]
    assert tags[0].score == pytest.approx(0.8, abs=1e-5)


def test_no_more_tags_than_asked_for(tiny: Model) -> None:
    track = score_track(scores_of([[0.9, 0.8, 0.9, 0.8]]), tiny.card)
    one = Choice({"genre": 1, "instrument": 0})
    assert [tag.name for tag in choose_tags(track, tiny.card, one)] == ["Low"]


def test_no_windows_at_all_is_not_sure(tiny: Model) -> None:
    track = score_track(score_windows(tiny, []), tiny.card)
    assert choose_tags(track, tiny.card, ALL) == ()


def test_profile_says_how_sure_a_tag_must_be(tiny: Model) -> None:
    card = replace(tiny.card, rules=(LabelRule(1, 0, 0.5, precise=0.7),) * 4)
    track = score_track(scores_of([[0.6, 0.8, 0.6, 0.8]]), card)
    assert [tag.name for tag in choose_tags(track, card, ALL)] == ["High", "High Whistle"]
    balanced = replace(ALL, profile="balanced")
    assert len(choose_tags(track, card, balanced)) == 4
    assert choose_tags(track, card, replace(balanced, min_confidence=0.9)) == ()


def test_experimental_labels_are_given_only_when_asked_for(tiny: Model) -> None:
    rules = (LabelRule(1, 0, 0.5), LabelRule(1, 0, 0.5, evidence="experimental")) * 2
    card = replace(tiny.card, rules=rules)
    track = score_track(scores_of([[0.9, 0.8, 0.9, 0.8]]), card)
    assert len(choose_tags(track, card, ALL)) == 2
    assert len(choose_tags(track, card, replace(ALL, experimental=True))) == 4


def heard_so_far(votes: list[list[float]], tiny: Model, *, planned: int = 10) -> bool:
    """Whether windows with these values settle a track; the thresholds of `tiny` lie at 0.5."""
    return is_settled(scores_of(votes), planned, tiny.card, 1.0)


def test_clear_and_steady_votes_settle_a_track(tiny: Model) -> None:
    assert heard_so_far([[0.9, 0.1, 0.9, 0.1]] * 4, tiny)
    assert heard_so_far([[0.9, 0.1, 0.8, 0.2], [0.8, 0.2, 0.9, 0.1]] * 2, tiny)


def test_one_label_near_its_threshold_keeps_a_track_open(tiny: Model) -> None:
    near = [[0.9, 0.1, 0.9, value] for value in (0.1, 0.9, 0.2, 0.9)]
    assert not heard_so_far(near, tiny)
    assert heard_so_far(near, tiny, planned=4)  # nothing is left that could change it


def test_labels_that_were_never_measured_are_not_waited_for(tiny: Model) -> None:
    near = scores_of([[0.9, 0.1, 0.9, value] for value in (0.1, 0.9, 0.2, 0.9)])
    *rules, last = tiny.card.rules
    card = replace(tiny.card, rules=(*rules, replace(last, evidence="experimental")))
    assert not is_settled(near, 10, tiny.card, 1.0)
    assert is_settled(near, 10, card, 1.0)


def test_two_windows_settle_nothing(tiny: Model) -> None:
    assert not heard_so_far([[0.9, 0.1, 0.9, 0.1]] * 2, tiny)
    silent = scores_of([[0.9, 0.1, 0.9, 0.1]] * 4, silent=[True, True, False, False])
    assert not is_settled(silent, 10, tiny.card, 1.0)


def test_threshold_is_that_of_the_calibrated_probability(tiny: Model) -> None:
    """A vote of 0.3 is as probable as 0.5 where the calibration says so."""
    offset = float(np.log(0.7 / 0.3))
    card = replace(tiny.card, rules=(LabelRule(1.0, offset, 0.5),) * 4)
    steady = [[0.25, 0.35, 0.25, 0.35], [0.27, 0.33, 0.27, 0.33]] * 2
    assert is_settled(scores_of(steady), 10, card, 1.0)
    across = [[0.2, 0.2, 0.4, 0.4], [0.4, 0.4, 0.2, 0.2]] * 2
    assert not is_settled(scores_of(across), 10, card, 1.0)
    assert is_settled(scores_of(across), 10, tiny.card, 1.0)


def one_label_card() -> ModelCard:
    return ModelCard(
        name="one", version="1", licence="MIT", data="", trained_at="test", mel=SPEC,
        vocabulary=Vocabulary((Label("genre", "Low"),)), rules=(LabelRule(1.0, 0.0, 0.5),),
        weights="one.onnx", sha256="0" * 64, self_test=(0.0,), metrics={},
    )  # fmt: skip


@given(
    left=st.lists(st.floats(0.01, 0.99), min_size=10, max_size=10),
    clearance=st.floats(0.1, 4),
)
def test_more_clearance_never_settles_sooner(left: list[float], clearance: float) -> None:
    card = one_label_card()
    for n in range(1, 11):
        heard = scores_of([[value] for value in left[:n]])
        if is_settled(heard, 10, card, 2 * clearance):
            assert is_settled(heard, 10, card, clearance)


def test_hearing_stops_when_enough_is_heard_and_reads_no_further(tiny: Model) -> None:
    read: list[int] = []

    def chunks() -> Iterator[Windows]:
        for i, starts in enumerate([(0.0, 9.0), (4.0, 2.0), (1.0, 3.0)]):
            read.append(i)
            yield replace(windows(tone(120), tone(3500)), starts=starts, planned=6)

    asked: list[tuple[int, int]] = []

    def enough(heard: SliceScores, planned: int) -> bool:
        asked.append((len(heard.values), planned))
        return len(heard.values) == 4

    scores = score_windows(tiny, chunks(), enough)
    assert read == [0, 1]
    assert asked == [(2, 6), (4, 6)]
    assert scores.starts == (0.0, 2.0, 4.0, 9.0)  # in the order of time again
    low = scores.values[:, 0] > 0.5
    assert low.tolist() == [True, False, True, False]
