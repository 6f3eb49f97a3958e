from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from click.testing import CliRunner

import training
from tagger.errors import DataError
from tagger.inference.mel_spectrogram import log_mel
from tagger.inference.slice_scores import sigmoid
from tagger.models.card import load_card
from tagger.models.model import Model, load_model
from tagger.models.self_test import TOLERANCE, self_test_scores
from tests.training_data import (
    HIGH,
    LOW,
    RATE,
    SPEC,
    TOML,
    clip,
    tone,
    with_steps,
    write_data,
    write_rendered,
    write_sound,
)
from training.cli.program import main
from training.config import DEFAULT, load_config
from training.data.batch_sampler import Pool, Pools
from training.data.taxonomy import GENRES, VOCABULARY, unknown
from training.evaluation.held_out_votes import HeldOut
from training.evaluation.predict import predict_votes
from training.networks import PooledNetwork
from training.trainer.export import NEUTRAL
from training.trainer.loop import train

STEPS = 300


@dataclass(frozen=True)
class Run:
    """What `train` made of the miniature data."""

    sources: list[str]  # options that name the data
    folder: Path
    output: str

    @property
    def card(self) -> Path:
        return self.folder / "tiny.json"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("pipeline")
    data, rendered = write_data(folder / "data"), write_rendered(folder / "rendered")
    config = folder / "tiny.toml"
    config.write_text(TOML)
    sources = ["--data", str(data), "--rendered", str(rendered)]
    options = ["--out", str(folder / "run"), "--config", str(config), "--steps", str(STEPS)]
    result = CliRunner().invoke(main, ["train", *sources, *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return Run(sources, folder / "run", result.stdout)


@pytest.fixture(scope="module")
def model(run: Run) -> Model:
    return load_model(str(run.card))


@pytest.fixture(scope="module")
def network(run: Run) -> PooledNetwork:
    """The trained network, from the checkpoint of the finished run."""
    mel = np.zeros((50, SPEC.n_mels), np.float16)
    pool = Pool.of([clip("a", unknown())], {"a": mel}, {}, SPEC)
    return train(with_steps(STEPS), Pools(pool, pool, None), run.folder, torch.device("cpu"))


def test_model_is_what_the_config_and_labels_say(model: Model) -> None:
    card = model.card
    assert (card.name, card.version, card.mel) == ("tiny", "0", SPEC)
    assert card.vocabulary == VOCABULARY
    assert re.fullmatch(r"[\d,]+ steps over \d+ songs \(.+\); .*held out: \d+ clips", card.data)
    assert card.vote_shares == {"genre": 1.0, "instrument": 0.5}
    assert card.metrics["genres"]["precision_target"] == 0.93


@pytest.mark.parametrize("n_slices", [1, 2, 7])
def test_exported_network_answers_as_the_trained_one(
    model: Model, network: PooledNetwork, n_slices: int
) -> None:
    rng = np.random.default_rng(n_slices)
    mel = rng.random((n_slices, SPEC.n_mels, SPEC.n_frames), np.float32) * 4
    with torch.no_grad():
        expected = network(torch.from_numpy(mel)).numpy()
    np.testing.assert_allclose(model.logits(mel), expected, atol=1e-4)
    assert np.ptp(expected) > 0.1


def test_self_test_scores_are_in_the_card(model: Model) -> None:
    np.testing.assert_allclose(self_test_scores(model), model.card.self_test, atol=TOLERANCE)
    assert len(set(model.card.self_test)) > 1


def test_network_tells_nothing_of_the_machine_it_was_exported_on(run: Run) -> None:
    content = (run.folder / "tiny.onnx").read_bytes()
    for trace in (str(Path(training.__file__).parent), "site-packages", ".py"):
        assert trace.encode() not in content


def test_teachers_head_is_not_exported(model: Model, run: Run) -> None:
    assert [output.name for output in model.network.session.get_outputs()] == ["logits"]
    assert sorted(path.name for path in run.folder.iterdir()) == [
        "checkpoint.pt", "heard.npz", "loss.csv", "pictures.html", "tiny.json", "tiny.onnx",
    ]  # fmt: skip


def test_metrics_are_in_the_card_and_the_card_is_named(model: Model, run: Run) -> None:
    metrics = model.card.metrics
    assert str(run.folder / "tiny.json") in run.output
    assert set(metrics) == {
        "genres", "genres_in_all_runs", "genres_of_teachers", "instruments",
        "instruments_in_real_mixes", "instruments_in_recordings",
    }  # fmt: skip
    assert {row["label"] for row in metrics["genres"]["labels"]} == {"Jazz", "Blues"}
    assert [(r["positives"], r["negatives"]) for r in metrics["genres"]["labels"]] == [(8, 8)] * 2
    assert metrics["genres"]["macro_roc_auc"] > 0.9  # a high tone and a low one
    assert metrics["instruments_in_real_mixes"]["labels"] == []  # two windows are too few


def test_card_is_there_only_when_it_is_finished(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(run.folder, folder, ignore=shutil.ignore_patterns("*.json", "*.onnx"))
    options = ["--out", str(folder), "--steps", str(STEPS)]
    arguments = ["train", *run.sources, "--config", str(run.folder.parent / "tiny.toml"), *options]
    with monkeypatch.context() as killed:
        killed.setattr("training.trainer.run.judge", Mock(side_effect=KeyboardInterrupt))
        assert CliRunner().invoke(main, arguments).exit_code != 0
    assert not [path for path in folder.rglob("*") if path.suffix in (".json", ".onnx")]
    assert CliRunner().invoke(main, arguments, catch_exceptions=False).exit_code == 0
    assert load_model(str(folder / "tiny.json")).card.metrics == load_card(run.card).metrics


def test_rules_are_fitted(model: Model) -> None:
    assert all(rule.slope > 0 for rule in model.card.rules)
    assert len(set(model.card.rules)) > len(VOCABULARY) // 2
    assert NEUTRAL not in model.card.rules


def test_loss_of_each_step_is_written(run: Run) -> None:
    with (run.folder / "loss.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert [int(step) for step, _ in rows] == list(range(1, STEPS + 1))
    losses = [float(loss) for _, loss in rows]
    assert np.mean(losses[-5:]) < np.mean(losses[:5])


def test_evaluate_draws_what_it_measures(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "heard.html"
    arguments = ["evaluate", *run.sources, "--model", str(run.card), "--pictures", str(page)]
    assert CliRunner().invoke(main, arguments, catch_exceptions=False).exit_code == 0
    for picture in ("Learning curve</text>", "Reliability: genres</text>"):
        assert picture in page.read_text("utf-8")
        assert picture in (run.folder / "pictures.html").read_text("utf-8")


def test_evaluate_measures_the_same(run: Run) -> None:
    arguments = ["evaluate", *run.sources, "--model", str(run.card)]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    kept = load_model(str(run.folder / "tiny.json")).card.metrics
    for part, figures in json.loads(result.stdout).items():
        assert figures == {key: kept[part][key] for key in figures}


def test_rules_of_a_run_that_holds_nothing_out_come_from_others(run: Run, tmp_path: Path) -> None:
    config = tmp_path / "tiny.toml"
    config.write_text(TOML)
    options = ["--out", str(tmp_path / "all"), "--config", str(config), "--steps", "2"]
    arguments = ["train", *run.sources, *options, "--everything"]
    alone = CliRunner().invoke(main, arguments)
    assert alone.exit_code == 2
    assert "--everything and --rules go together" in alone.stderr
    others = ["--start", str(run.folder / "checkpoint.pt"), "--rules", str(run.folder)]
    done = CliRunner().invoke(main, [*arguments, *others], catch_exceptions=False)
    assert done.exit_code == 0
    card, other = (load_model(str(p)).card for p in (tmp_path / "all" / "tiny.json", run.card))
    assert card.rules == other.rules
    assert card.metrics["genres"] == other.metrics["genres"]
    assert card.sha256 != other.sha256
    measured = ["evaluate", *run.sources, "--model", str(tmp_path / "all" / "tiny.json")]
    assert "figures flatter it" in CliRunner().invoke(main, measured).stderr
    measured[-1] = str(run.card)
    assert "flatter" not in CliRunner().invoke(main, measured).stderr


def test_evaluate_writes_the_pack(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    arguments = ["evaluate", *run.sources, "--model", str(run.card), "--out", str(folder)]
    result = CliRunner().invoke(main, [*arguments, "--draws", "50"], catch_exceptions=False)
    assert result.exit_code == 0
    content = json.loads((folder / "report.json").read_text("utf-8"))
    measured = {part["name"]: part for part in content["parts"]}
    metrics = load_model(str(run.card)).card.metrics
    for name in ("genres", "instruments"):
        by_label = {row["label"]: row for row in measured[name]["labels"]}
        for row in metrics[name]["labels"]:
            for figure in ("roc_auc", "ap", "f1"):
                assert by_label[row["label"]][figure]["value"] == pytest.approx(row[figure])
    changes = [row["change"] for row in content["robustness"] if row["part"] == "genres"]
    assert len(changes) == 8
    assert f"wrote {folder / 'report.md'}" in result.stderr


def test_labelled_windows_are_heard_one_by_one(model: Model, tmp_path: Path) -> None:
    samples = np.concatenate([tone(HIGH, 3), tone(LOW, 3)])
    path = write_sound(tmp_path / "a.flac", samples)
    windows = [
        clip(str(start), unknown() * 0 + i, path=path, start_s=start, end_s=start + 3)
        for i, start in enumerate((0.0, 3.0))
    ]
    held_out = predict_votes(model, windows)
    slices = np.stack([samples[:RATE], samples[3 * RATE : 4 * RATE]])
    expected = sigmoid(model.logits(log_mel(slices, SPEC)))
    np.testing.assert_allclose(held_out.votes, expected, atol=1e-3)  # FLAC holds 16 bits
    jazz = GENRES.index("Jazz")
    assert held_out.votes[0, jazz] > held_out.votes[1, jazz]


def test_whole_file_is_heard_in_ten_windows_and_a_vote(model: Model, tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.flac", np.concatenate([tone(HIGH, 10), tone(LOW, 10)]))
    parts = [write_sound(tmp_path / f"{hz}.flac", tone(hz, 10)) for hz in (HIGH, LOW)]
    calls: list[None] = []
    clips = [clip(str(i), unknown(), path=p) for i, p in enumerate((path, *parts))]
    both, high, low = predict_votes(model, clips, lambda: calls.append(None)).votes
    # A genre is judged by all of a song, an instrument by the half where it is heard most.
    n = len(GENRES)
    np.testing.assert_allclose(both[:n], (high[:n] + low[:n]) / 2, atol=0.05)
    np.testing.assert_allclose(both[n:], np.maximum(high[n:], low[n:]), atol=0.05)
    assert len(calls) == 3


def test_nothing_to_hear_is_no_error(model: Model) -> None:
    held_out = predict_votes(model, [])
    assert isinstance(held_out, HeldOut)
    assert held_out.targets.shape == held_out.votes.shape == (0, len(VOCABULARY))


def test_run_goes_on_from_an_exported_model(run: Run, model: Model, tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text(TOML)
    config = ["--config", str(tmp_path / "tiny.toml")]
    made = [
        "--cache",
        str(tmp_path / "features"),
        "--batches",
        "8",
        "--out",
        str(tmp_path / "a.pt"),
    ]
    arguments = ["checkpoint", *run.sources, *config, *made, str(run.card)]
    done = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    again = ["--out", str(tmp_path / "run"), *config, "--steps", "0", "--start", made[-1]]
    result = CliRunner().invoke(main, ["train", *run.sources, *again], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    mel = np.random.default_rng(1).random((4, SPEC.n_mels, SPEC.n_frames), np.float32)
    same = load_model(str(tmp_path / "run" / "tiny.json"))
    np.testing.assert_allclose(same.logits(mel), model.logits(mel), atol=1e-3)


@pytest.mark.parametrize("command", ["train", "evaluate", "checkpoint"])
def test_help_names_the_options(command: str) -> None:
    result = CliRunner().invoke(main, [command, "--help"])
    assert result.exit_code == 0
    assert {"--data", "--rendered", "--fold"} <= set(result.output.split())


def test_help_does_not_wait_for_torch() -> None:
    code = "import sys, training.cli.program; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_data_must_be_there(tmp_path: Path) -> None:
    arguments = ["train", "--data", str(tmp_path / "none"), "--out", str(tmp_path / "run")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "does not exist" in result.output


def test_default_config_is_valid() -> None:
    config = load_config(DEFAULT)
    assert (config.name, config.mel.slice_s, config.mel.n_frames) == ("small", 3.0, 147)


def test_config_file_says_what_the_dataclasses_do(tmp_path: Path) -> None:
    path = tmp_path / "tiny.toml"
    path.write_text(TOML)
    assert load_config(path) == with_steps(6)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "tiny"', ""),
        ("steps = 6", "stepps = 6"),
        ('version = "0"', 'version = "0"\nextra = 1'),
        ("rate = 8000", "rate = 0"),
        ("[[8, 1, 3, [2, 2]]]", "[[8, 1, 3]]"),
        ("[[8, 1, 3, [2, 2]]]", "[8]"),
        ('name = "tiny"', "name = tiny"),
        ('version = "0"', 'version = "0"\ndecision = {vote_shares = {genre = 1.0}}'),
        ('version = "0"', 'version = "0"\ndecision = {precision = {genre = 2, instrument = 1}}'),
    ],
)
def test_bad_config_is_named(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "tiny.toml"
    assert old in TOML
    path.write_text(TOML.replace(old, new))
    with pytest.raises(DataError, match="not a valid training config") as caught:
        load_config(path)
    assert caught.value.path == path


def test_missing_config_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        load_config(tmp_path / "none.toml")
    assert caught.value.path == tmp_path / "none.toml"
