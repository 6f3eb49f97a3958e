"""Precision, early stop, scalars, and one run in two processes."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tagger.errors import DataError
from tagger.models.model import load_model
from tests.source_lookalikes import write_listing
from tests.training_data import CONFIG, HIGH, LOW, SPEC, TOML, clip, tone
from training.cli.program import main
from training.config import Config, load_config
from training.data.batch_sampler import Pool, Pools
from training.data.mel_cache import LEAST_POWER, Mel
from training.data.taxonomy import genre_targets, unknown
from training.networks.mel_frontend import mel_power
from training.trainer.amp import Precision
from training.trainer.distributed import ALONE
from training.trainer.early_stopping import is_validation, validation_slices
from training.trainer.loop import train

CPU = torch.device("cpu")
ROOT = Path(__file__).parent.parent


def _mel(hz: float, seed: int) -> Mel:
    power = mel_power(torch.from_numpy(tone(hz, 2, seed=seed))[None], SPEC)[0]
    return power.clamp_min(LEAST_POWER).log10().T.numpy().astype(np.float16)


@pytest.fixture(scope="module")
def pools() -> Pools:
    torch.set_num_threads(1)
    labels = [genre_targets([name], complete=True) for name in ("Jazz", "Blues")]
    songs = [clip(f"song{i}", labels[i % 2]) for i in range(8)]
    mels = {song.id: _mel(LOW if i % 2 else HIGH, i) for i, song in enumerate(songs)}
    validation = validation_slices([*songs[:4], clip("song7", unknown())], mels, SPEC)
    return Pools(Pool.of(songs, mels, {}, SPEC), validation=validation)


def with_loop(**changes: object) -> Config:
    return replace(CONFIG, loop=replace(CONFIG.loop, **changes))  # type: ignore[arg-type]


def weights(config: Config, pools: Pools, folder: Path) -> torch.Tensor:
    return train(config, pools, folder, CPU).head.weight.detach()


def test_processor_computes_as_it_did_before_it_could_choose(pools: Pools, tmp_path: Path) -> None:
    automatic = weights(CONFIG, pools, tmp_path / "auto")
    named = weights(with_loop(precision="bfloat16"), pools, tmp_path / "named")
    exact = weights(with_loop(precision="float32"), pools, tmp_path / "exact")
    assert torch.equal(automatic, named)
    assert not torch.equal(automatic, exact)
    torch.testing.assert_close(automatic, exact, atol=0.1, rtol=0.1)
    choice = Precision.of("auto", CPU)
    assert choice.dtype is torch.bfloat16
    assert not choice.scaler().is_enabled()


def test_graphics_card_without_bfloat16_gets_float16(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = torch.device("cuda")
    for has_bfloat16, dtype in ((True, torch.bfloat16), (False, torch.float16)):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda has=has_bfloat16: has)
        assert Precision.of("auto", cuda).dtype is dtype


def test_float16_scales_the_loss_and_learns(pools: Pools, tmp_path: Path) -> None:
    config = with_loop(precision="float16", steps=40)
    assert Precision.of("float16", CPU).scaler().is_enabled()
    losses: list[float] = []
    train(config, pools, tmp_path, CPU, lambda step, loss: losses.append(loss))
    assert np.isfinite(losses).all()
    assert np.mean(losses[-5:]) < 0.9 * np.mean(losses[:5])
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert state["scaler"]["scale"] > 1


def test_cut_and_styled_slices_are_learned_from(pools: Pools, tmp_path: Path) -> None:
    augment = replace(CONFIG.augment, mix_style=0.5, mel_range=2.0)
    config = replace(with_loop(steps=60, cutmix=0.5), augment=augment)
    losses: list[float] = []
    train(config, pools, tmp_path / "once", CPU, lambda step, loss: losses.append(loss))
    assert np.mean(losses[-10:]) < 0.9 * np.mean(losses[:5])
    again = weights(config, pools, tmp_path / "again")
    assert torch.equal(again, weights(config, pools, tmp_path / "once"))
    assert not torch.equal(again, weights(with_loop(steps=60), pools, tmp_path / "without"))


def test_run_without_patience_never_stops(pools: Pools, tmp_path: Path) -> None:
    steps: list[int] = []
    train(
        with_loop(steps=5),
        pools,
        tmp_path,
        CPU,
        on_validation=lambda step, value: steps.append(step),
    )
    assert steps == []


def test_run_stops_when_it_hears_no_better_and_keeps_the_best(pools: Pools, tmp_path: Path) -> None:
    config = with_loop(steps=400, patience=3, watch_every=2, save_every=100)
    validation: list[tuple[int, float]] = []
    network = train(config, pools, tmp_path, CPU, on_validation=lambda *row: validation.append(row))
    values = [value for _, value in validation]
    best = int(np.argmax(values))
    assert len(values) == best + 1 + 3
    assert validation[-1][0] < 400
    assert pools.validation
    assert pools.validation.roc_auc(network, CPU) == pytest.approx(max(values))
    again: list[int] = []
    train(config, pools, tmp_path, CPU, lambda step, loss: again.append(step))
    assert again == []  # a run that has stopped stays stopped


def test_run_killed_while_patient_goes_on_to_the_same_end(pools: Pools, tmp_path: Path) -> None:
    config = with_loop(steps=400, patience=3, watch_every=2, save_every=3)

    def kill(step: int, loss: float) -> None:
        if step == 8:
            raise InterruptedError

    whole = weights(config, pools, tmp_path / "whole")
    with pytest.raises(InterruptedError):
        train(config, pools, tmp_path / "killed", CPU, kill)
    assert torch.equal(weights(config, pools, tmp_path / "killed"), whole)


def test_validation_groups_are_one_in_ten_and_always_the_same() -> None:
    clips = [clip(str(i), unknown(), group=f"artist {i // 2}") for i in range(2000)]
    chosen = [made for made in clips if is_validation(made)]
    assert 120 < len(chosen) < 280
    groups = {made.group for made in chosen}
    assert {made.id for made in clips if made.group in groups} == {made.id for made in chosen}


def test_validation_clips_are_not_learned(tmp_path: Path) -> None:
    """All through the program: patience takes artists out, and hearings are written down."""
    table, config = write_listing(tmp_path), tmp_path / "tiny.toml"
    names = (f"Artist {i}" for i in range(100, 999))
    name = next(
        n for n in names if is_validation(clip("a", unknown(), group=f"csv:{n.casefold()}"))
    )
    fold_2 = f"{name},2"  # one that is not held out, and for validation
    table.write_text(table.read_text().replace("Artist 3,", fold_2))
    config.write_text(TOML.replace("loop = {", "loop = { patience = 2, watch_every = 1,"))
    assert load_config(config).loop.patience == 2
    arguments = ["train", "--source", f"csv:{table}", "--out", str(tmp_path / "run")]
    arguments += ["--config", str(config), "--tensorboard", "--weak-negatives"]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    with (tmp_path / "run" / "watched.csv").open(newline="") as file:
        hearings = [(int(step), float(value)) for step, value in csv.reader(file)]
    assert hearings[0][0] == 1
    assert all(0 <= value <= 1 for _, value in hearings)
    events = EventAccumulator(str(tmp_path / "run" / "tensorboard")).Reload()
    with (tmp_path / "run" / "loss.csv").open(newline="") as file:
        losses = [(int(step), float(loss)) for step, loss in csv.reader(file)]
    told = {event.step: event.value for event in events.Scalars("loss")}
    assert told == pytest.approx(dict(losses), abs=1e-4)
    assert [event.step for event in events.Scalars("watched ROC-AUC")] == [s for s, _ in hearings]


def test_tensorboard_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.trainer.run_log import open_writer

    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(DataError, match=r"pip install 'musictag\[tensorboard\]'"):
        open_writer(tmp_path)


def test_two_processes_make_one_run(tmp_path: Path) -> None:
    table, config = write_listing(tmp_path), tmp_path / "tiny.toml"
    config.write_text(TOML)
    options = ["--source", f"csv:{table}", "--config", str(config), "--weak-negatives"]
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [*launcher, "-m", "training", "train", *options, "--out", str(tmp_path / "two")],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("wrote ") == 1
    arguments = ["train", *options, "--out", str(tmp_path / "one")]
    assert CliRunner().invoke(main, arguments, catch_exceptions=False).exit_code == 0
    names = [sorted(path.name for path in (tmp_path / n).iterdir()) for n in ("one", "two")]
    assert names[0] == names[1]
    one, two = (
        torch.load(tmp_path / name / "checkpoint.pt", weights_only=True) for name in ("one", "two")
    )
    assert (one["step"], one["config"]) == (two["step"], two["config"])
    for part in ("student", "average"):
        assert one[part].keys() == two[part].keys()
    # The second process drew slices of its own.
    head = "network.head.weight"
    assert not torch.equal(one["student"][head], two["student"][head])
    torch.testing.assert_close(one["student"][head], two["student"][head], atol=0.3, rtol=1)
    with (tmp_path / "two" / "loss.csv").open(newline="") as file:
        assert [int(step) for step, _ in csv.reader(file)] == list(range(1, 7))
    assert load_model(str(tmp_path / "two" / "tiny.json")).card.name == "tiny"


def test_one_process_is_a_team_of_its_own() -> None:
    model = torch.nn.Linear(1, 1)
    assert ALONE.is_first
    assert ALONE.wrap(model, CPU) is model
    assert ALONE.agree(True, CPU)
