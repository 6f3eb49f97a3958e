from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from sklearn.metrics import average_precision_score, roc_auc_score

from tagger.models.model import find_card
from tests.training_data import write_data
from training.cli.program import main
from training.experiments.out_of_fold import table


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_each_song_is_judged_by_the_run_that_did_not_learn_from_it() -> None:
    rng = np.random.default_rng(0)
    targets = (rng.random((60, 2)) < 0.4).astype(np.float32)
    fold_of = np.arange(60) % 2 + 1
    weak = rng.random((60, 2)).astype(np.float32) + 0.5 * targets
    votes = np.stack([np.where((fold_of == run)[:, None], weak, targets) for run in (1, 2)])
    lines = [cells(line) for line in table(targets, votes, fold_of)]
    assert [line[0] for line in lines[2:]] == ["fold 1", "fold 2", "all"]
    assert [line[1:3] for line in lines[2:4]] == [["1.000", "1.000"]] * 2  # learned by heart
    expected = [
        np.mean([metric(targets[:, i], weak[:, i]) for i in (0, 1)])
        for metric in (roc_auc_score, average_precision_score)
    ]
    assert lines[4][3:] == [f"{value:.3f}" for value in expected]


def folds(data: Path, cache: Path, cards: list[Path]) -> Result:
    arguments = ["folds", "--data", str(data), "--cache", str(cache), *map(str, cards)]
    return CliRunner().invoke(main, arguments)


@pytest.mark.parametrize("runs", [1, 4])
def test_command_reads_cards_and_songs(tmp_path: Path, runs: int) -> None:
    data = write_data(tmp_path / "data")
    done = folds(data, tmp_path / "cache", [find_card("small")] * runs)
    assert done.exit_code == 0, done.output
    assert done.output.count("| fold ") == runs
    assert "| all |" in done.output


def test_model_with_other_labels_is_refused(tmp_path: Path, tiny_card: Path) -> None:
    done = folds(write_data(tmp_path / "data"), tmp_path / "cache", [Path(tiny_card)])
    assert done.exit_code == 1
    assert "has other labels" in done.output
