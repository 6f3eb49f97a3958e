from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import expit, logit

from tagger.models.card import LabelRule
from tagger.vocabulary import Label, Vocabulary
from training.evaluation.calibration import (
    PRECISION_TARGETS,
    PULL,
    SLOPES,
    THRESHOLDS,
    best_f1_threshold,
    fit_rules,
)

Array = npt.NDArray[np.float32]

N = 4000
TRUE = ((1.7, -0.8), (0.6, 0.5))  # slope and offset
GENRES = Vocabulary((Label("genre", "Jazz"), Label("genre", "Blues"), Label("genre", "Folk")))


def _drawn(*rules: tuple[float, float], n: int = N, seed: int = 1) -> tuple[Array, Array]:
    """Targets that hold with the probability that each rule gives to a vote."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 1.5, (n, len(rules)))
    chance = expit(np.array([r[0] for r in rules]) * scores + np.array([r[1] for r in rules]))
    targets = (rng.random((n, len(rules))) < chance).astype(np.float32)
    return targets, expit(scores).astype(np.float32)


def _fitted(rule: LabelRule) -> tuple[float, float]:
    return rule.slope, rule.offset


def _with_third(third: Array, votes: Array | None = None) -> tuple[LabelRule, ...]:
    """Rules when two labels follow one law and a third has these targets."""
    targets, scores = _drawn(TRUE[0], TRUE[0], TRUE[0])
    targets[:, 2] = third
    if votes is not None:
        scores[:, 2] = votes
    return fit_rules(targets, scores, GENRES)


def test_slope_and_offset_are_found_again() -> None:
    targets, votes = _drawn(*TRUE, (1.0, 0.0))
    rules = fit_rules(targets, votes, GENRES)
    for rule, true in zip(rules, TRUE, strict=False):
        assert _fitted(rule) == pytest.approx(true, abs=0.15)


def test_probabilities_are_right_as_often_as_they_say() -> None:
    targets, votes = _drawn(*TRUE, (1.0, 0.0))
    rules = fit_rules(targets, votes, GENRES)
    for k, rule in enumerate(rules):
        said = expit(rule.slope * logit(votes[:, k]) + rule.offset)
        for low in (0.0, 0.25, 0.5, 0.75):
            within = (said >= low) & (said < low + 0.25)
            assert targets[within, k].mean() == pytest.approx(said[within].mean(), abs=0.06)


def test_threshold_is_near_the_best_f1() -> None:
    targets, votes = _drawn(*TRUE, (1.0, 0.0))
    for k, rule in enumerate(fit_rules(targets, votes, GENRES)):
        said, truth = expit(rule.slope * logit(votes[:, k]) + rule.offset), targets[:, k] == 1
        f1 = {
            float(t): 2 * (truth & (said >= t)).sum() / (truth.sum() + (said >= t).sum())
            for t in (*np.linspace(*THRESHOLDS, 60), rule.threshold)
        }
        assert f1[rule.threshold] >= max(f1.values()) - 0.01


def test_label_without_positives_or_without_any_target_has_the_common_rule() -> None:
    unknown = np.full(N, np.nan, dtype=np.float32)
    targets, votes = _drawn(TRUE[0], TRUE[0], TRUE[0])
    alone = fit_rules(targets[:, :1], votes[:, :1], Vocabulary(GENRES.labels[:1]))
    rule = _with_third(unknown)[2]
    assert _fitted(rule) == pytest.approx(TRUE[0], abs=0.1)
    assert rule.threshold == pytest.approx(alone[0].threshold, abs=0.05)
    never = _with_third(np.zeros(N, np.float32))[2]
    assert never.slope > 0
    assert never.offset < rule.offset - 1  # what never holds is made unlikely
    assert THRESHOLDS[0] <= never.threshold <= THRESHOLDS[1]


def test_rare_label_is_pulled_to_the_common_fit() -> None:
    rare, plenty = np.full(N, np.nan, np.float32), np.full(N, np.nan, np.float32)
    # The same law against the votes, seen in few tracks and in many.
    votes = _drawn(TRUE[0], TRUE[0], TRUE[0])[1][:, 2]
    law = (expit(-1.5 - 0.3 * logit(votes)) > np.random.default_rng(3).random(N)).astype(np.float32)
    rare[:10], plenty[:] = law[:10], law
    common = _fitted(_with_third(np.full(N, np.nan, np.float32))[2])

    def distance(rule: LabelRule) -> float:
        return float(np.hypot(rule.slope - common[0], rule.offset - common[1]))

    assert 0 < distance(_with_third(rare)[2]) < 0.5 * distance(_with_third(plenty)[2])


def test_threshold_of_a_rare_label_moves_by_its_share() -> None:
    unknown = np.full(N, np.nan, dtype=np.float32)
    one = unknown.copy()
    one[0] = 1.0
    votes = _drawn(TRUE[0], TRUE[0], TRUE[0])[1][:, 2]
    votes[0] = 0.999
    common = _with_third(unknown)[2].threshold
    share = 1 / (1 + PULL)
    moved = abs(_with_third(one, votes)[2].threshold - common)
    assert 0 < moved <= share * (THRESHOLDS[1] - THRESHOLDS[0]) + 1e-3


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("law", [(-3.0, 0.0), (0.0, 0.0), (20.0, 0.0), (1.0, -20.0), (1.0, 20.0)])
def test_rules_stay_within_bounds_whatever_is_seen(law: tuple[float, float], seed: int) -> None:
    targets, votes = _drawn(law, law, law, n=60, seed=seed)
    votes[:5] = [0.0, 1.0, 1e-7]
    for rule in fit_rules(targets, votes, GENRES):
        assert SLOPES[0] <= rule.slope <= SLOPES[1]
        assert THRESHOLDS[0] <= rule.threshold <= THRESHOLDS[1]
        assert np.isfinite(rule.offset)


def test_nothing_known_gives_the_neutral_rule() -> None:
    nothing = np.full((5, 3), np.nan, dtype=np.float32)
    rules = fit_rules(nothing, np.full((5, 3), 0.5, np.float32), GENRES)
    assert rules == (LabelRule(1.0, 0.0, 0.5, precise=0.7),) * 3


def test_silent_tracks_teach_nothing() -> None:
    targets, votes = _drawn(*TRUE, (1.0, 0.0), n=300)
    silent = np.zeros((50, 3), np.float32)
    with_silent = fit_rules(
        np.concatenate([targets, silent + 1]), np.concatenate([votes, silent]), GENRES
    )
    assert with_silent == fit_rules(targets, votes, GENRES)


def test_kinds_are_fitted_apart_and_keep_the_order() -> None:
    mixed = Vocabulary((Label("instrument", "Piano"), Label("genre", "Jazz")))
    targets, votes = _drawn(*TRUE)
    both = fit_rules(targets, votes, mixed)
    apart = [
        fit_rules(targets[:, [i]], votes[:, [i]], Vocabulary((mixed.labels[i],)))[0]
        for i in range(2)
    ]
    assert list(both) == apart
    assert both[0].slope > both[1].slope


def test_precise_tags_are_right_as_often_as_promised() -> None:
    targets, votes = _drawn(*TRUE, (1.0, 0.0))
    given = right = 0
    for k, rule in enumerate(fit_rules(targets, votes, GENRES)):
        said = expit(rule.slope * logit(votes[:, k]) + rule.offset)
        assert rule.precise >= rule.threshold
        given += int((said >= rule.precise).sum())
        right += int(targets[said >= rule.precise, k].sum())
    assert right / given == pytest.approx(PRECISION_TARGETS["genre"], abs=0.02)


def test_best_f1_threshold_never_parts_equal_probabilities() -> None:
    truth = np.array([1, 1, 1, 0, 0], np.float32)
    probability = np.array([0.9, 0.7, 0.7, 0.7, 0.55], np.float32)
    assert best_f1_threshold(truth, probability) == pytest.approx((0.7 + 0.55) / 2)


def test_best_f1_threshold_of_equally_good_ones_is_the_nearest() -> None:
    truth = np.array([1, 0, 0, 1, 0], np.float32)  # F1 is 2/3 after the first and after the fourth
    probability = np.array([0.9, 0.8, 0.7, 0.6, 0.1], np.float32)
    assert best_f1_threshold(truth, probability) == pytest.approx(0.85)
    assert best_f1_threshold(truth, probability, near=0.3) == pytest.approx(0.35)
