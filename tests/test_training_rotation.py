from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.metrics import average_precision_score, roc_auc_score

from tests.teacher_arrays import write_audioset
from tests.training_data import heard_all, write_data
from training.cli.program import main
from training.data.teacher_outputs import AUDIOSET_CLASSES
from training.experiments.baselines.regression import (
    Array,
    Folds,
    commonest,
    measure,
    pooled_audioset,
    pooled_musicnn,
    rotate,
)


def _songs(n: int = 80, *, clear: float = 2.0) -> tuple[Array, Array, Folds]:
    """Values in which two labels show, targets, folds."""
    rng = np.random.default_rng(1)
    targets = (rng.random((n, 2)) < 0.4).astype(np.float64)
    values = rng.normal(size=(n, 6))
    values[:, :2] += clear * targets
    return 100 + 5 * values, targets, np.arange(n) % 4 + 1


def test_what_shows_is_learned_from_other_folds() -> None:
    values, targets, folds = _songs(400)
    figures = measure(rotate(values, targets, folds), targets, folds)
    assert figures.roc_auc > 0.85
    nothing = rotate(np.random.default_rng(2).normal(size=(400, 6)), targets, folds)
    assert measure(nothing, targets, folds).roc_auc == pytest.approx(0.5, abs=0.1)


def test_answer_to_a_fold_does_not_depend_on_its_labels() -> None:
    values, targets, folds = _songs()
    flipped = targets.copy()
    flipped[folds == 2] = 1 - flipped[folds == 2]
    first, second = rotate(values, targets, folds), rotate(values, flipped, folds)
    np.testing.assert_allclose(first[folds == 2], second[folds == 2])
    assert np.abs(first[folds != 2] - second[folds != 2]).max() > 0.01


def test_decisions_are_standardised_in_each_fold() -> None:
    values, targets, folds = _songs()
    found = rotate(values, targets, folds)
    for fold in range(1, 5):
        np.testing.assert_allclose(found[folds == fold].mean(axis=0), 0, atol=1e-9)
        np.testing.assert_allclose(found[folds == fold].std(axis=0), 1)


def test_figures_are_means_over_labels() -> None:
    values, targets, folds = _songs()
    figures = measure(values[:, :2], targets, folds)
    pairs = list(zip(targets.T, values[:, :2].T, strict=True))
    assert figures.roc_auc == pytest.approx(np.mean([roc_auc_score(*pair) for pair in pairs]))
    expected = np.mean([average_precision_score(*pair) for pair in pairs])
    assert figures.average_precision == pytest.approx(expected)
    assert len(figures.fold_roc_auc) == len(figures.fold_average_precision) == 4


def test_label_that_a_fold_lacks_is_not_counted_there() -> None:
    values, targets, folds = _songs()
    targets[folds == 3, 1] = 0
    third = folds == 3
    expected = roc_auc_score(targets[third, 0], values[third, 0])
    assert measure(values[:, :2], targets, folds).fold_roc_auc[2] == pytest.approx(expected)


def test_commonest_labels_come_first() -> None:
    targets = np.array([[1, 0, 1], [0, 0, 1], [0, 1, 1]], dtype=np.float64)
    assert commonest(targets, 2) == [2, 0]


def test_song_is_mean_and_maximum_over_its_windows() -> None:
    soft = heard_all((0.25, 0.75))
    n = len(AUDIOSET_CLASSES)
    audioset, musicnn = pooled_audioset(soft), pooled_musicnn(soft)
    assert audioset.shape == (2 * 384 + 2 * n,)
    assert musicnn.shape == (2 * 200 + 50,)
    np.testing.assert_allclose(audioset[:384], 0.5)
    np.testing.assert_allclose(audioset[384:768], 0.75)
    np.testing.assert_allclose(audioset[768 : 768 + n], 0.5)
    chance = np.mean([1 / (1 + np.exp(-x)) for x in (0.25, 0.75)])
    np.testing.assert_allclose(audioset[-n:], np.log(chance + 1e-6))
    np.testing.assert_allclose(musicnn[-50:], np.log(0.5 + 1e-4), rtol=1e-6)


def test_command_writes_a_table(tmp_path: Path) -> None:
    data = write_data(tmp_path / "data")
    write_audioset(data)
    options = ["--data", str(data), "--cache", str(tmp_path / "cache"), "--labels", "2"]
    result = CliRunner().invoke(main, ["rotate", *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "32 songs, 2 genres: Blues, Jazz" in result.output
    rows = [line.split("|")[1:] for line in result.output.splitlines() if line.startswith("| ")]
    figures = {row[0].strip(): float(row[1]) for row in rows[1:]}
    assert figures["AudioSet teacher"] > 0.95  # a high tone and a low one
    assert figures["musicnn"] < 0.8  # its outputs are random here
    assert figures["both"] > 0.8
    assert len(rows[1][3].split()) == 4
