from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pytest

from tagger.vocabulary import Label, Vocabulary
from training.evaluation.metrics import (
    LEAST_POSITIVES,
    average_precision,
    label_metrics,
    macro,
    roc_auc,
    summary,
)

Array = npt.NDArray[np.float32]

VOCABULARY = Vocabulary(
    (Label("genre", "Jazz"), Label("genre", "Blues"), Label("instrument", "Piano"))
)
# By falling score: six present, an absent one, a present one, four absent, a present one, three
# absent.
RANKED = [1, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0]
SCORES = np.linspace(0.95, 0.05, 16).tolist()
THRESHOLD = 0.5  # eight are above it


def _columns(first: Sequence[float], second: Sequence[float], third: Sequence[float]) -> Array:
    return np.array([first, second, third], dtype=np.float32).T


def test_figures_of_a_ranking_worked_out_by_hand() -> None:
    rows = label_metrics(
        _columns(RANKED, [0] * 16, RANKED[::-1]),
        _columns(SCORES, SCORES, SCORES[::-1]),
        np.full(3, THRESHOLD, dtype=np.float32),
        VOCABULARY,
        "genre",
    )
    (row,) = rows
    assert (row.label, row.positives, row.negatives) == ("Jazz", 8, 8)
    # The seventh positive ranks below one negative of eight, the eighth below five.
    assert row.roc_auc == pytest.approx((6 * 8 + 7 + 3) / 64, abs=1e-4)
    assert row.ap == pytest.approx((6 + 7 / 8 + 8 / 13) / 8, abs=1e-4)
    assert row.f1 == pytest.approx(2 * 7 / (8 + 8), abs=1e-4)


def test_each_kind_has_its_own_labels() -> None:
    targets = _columns(RANKED, RANKED, RANKED)
    scores = _columns(SCORES, SCORES, SCORES)
    thresholds = np.full(3, THRESHOLD, dtype=np.float32)
    genres = label_metrics(targets, scores, thresholds, VOCABULARY, "genre")
    instruments = label_metrics(targets, scores, thresholds, VOCABULARY, "instrument")
    assert [row.label for row in genres] == ["Jazz", "Blues"]
    assert [row.label for row in instruments] == ["Piano"]


def test_unknown_targets_are_passed_over() -> None:
    targets = _columns(RANKED, RANKED, RANKED)
    scores = _columns(SCORES, SCORES, SCORES)
    thresholds = np.full(3, THRESHOLD, dtype=np.float32)
    more = np.full((5, 3), np.nan, dtype=np.float32)
    before = label_metrics(targets, scores, thresholds, VOCABULARY, "genre")
    after = label_metrics(
        np.concatenate([more, targets]),
        np.concatenate([np.ones((5, 3), np.float32), scores]),
        thresholds,
        VOCABULARY,
        "genre",
    )
    assert before == after


def test_threshold_itself_is_a_yes() -> None:
    thresholds = np.full(3, np.float32(SCORES[7]), dtype=np.float32)
    columns = _columns(SCORES, SCORES, SCORES)
    rows = label_metrics(_columns(RANKED, RANKED, RANKED), columns, thresholds, VOCABULARY, "genre")
    assert rows[0].f1 == pytest.approx(14 / 16)


@pytest.mark.parametrize("value", [0, 1])
def test_label_with_too_few_on_one_side_is_left_out(value: int) -> None:
    few = [float(value)] * (LEAST_POSITIVES - 1) + [1.0 - value] * 20
    enough = [float(value)] * LEAST_POSITIVES + [1.0 - value] * 19
    scores = np.linspace(0, 1, 3 * 27).reshape(27, 3).astype(np.float32)
    targets = _columns(few, enough, enough)
    rows = label_metrics(targets, scores, np.full(3, 0.5, np.float32), VOCABULARY, "genre")
    assert [row.label for row in rows] == ["Blues"]


def test_summary_is_the_plain_mean_over_labels() -> None:
    targets = _columns(RANKED, RANKED[::-1], RANKED)
    scores = _columns(SCORES, SCORES, SCORES)
    rows = label_metrics(targets, scores, np.full(3, THRESHOLD, np.float32), VOCABULARY, "genre")
    figures = summary(rows)
    assert figures["macro_roc_auc"] == pytest.approx(0.5, abs=1e-4)  # one the other's mirror
    assert figures["macro_f1"] == pytest.approx((14 / 16 + 2 / 16) / 2, abs=1e-4)
    assert figures["macro_ap"] == pytest.approx((rows[0].ap + rows[1].ap) / 2, abs=1e-4)
    assert [row["label"] for row in figures["labels"]] == ["Jazz", "Blues"]


def test_summary_of_nothing_says_so() -> None:
    figures = summary([])
    assert figures.pop("labels") == []
    assert figures == {"macro_roc_auc": None, "macro_ap": None, "macro_f1": None}


@pytest.mark.parametrize(("metric", "expected"), [(roc_auc, 3 / 4), (average_precision, 5 / 6)])
def test_metric_with_unknown_targets_is_that_of_the_known(
    metric: Callable[[Array, Array], float], expected: float
) -> None:
    targets = np.array([1, np.nan, 0, 1, np.nan, 0], np.float32)
    scores = np.array([0.9, 0.1, 0.8, 0.7, 0.95, 0.2], np.float32)
    known = ~np.isnan(targets)
    assert metric(targets, scores) == metric(targets[known], scores[known])
    # The second of two positives ranks below one of two negatives.
    assert metric(targets, scores) == pytest.approx(expected)


def test_macro_passes_over_labels_of_one_class() -> None:
    targets = np.array([[1, 1, np.nan], [0, 1, np.nan], [1, 1, np.nan]], np.float32)
    scores = np.array([[0.9, 0.9, 0.9], [0.5, 0.5, 0.5], [0.1, 0.1, 0.1]], np.float32)
    assert macro(roc_auc, targets, scores) == 0.5
    assert np.isnan(macro(roc_auc, targets[:, 1:], scores[:, 1:]))
