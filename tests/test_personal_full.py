"""The whole network trained on, and thresholds by example."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import mediafile
import numpy as np
import onnx
import onnxruntime
import pytest
import soundfile
import torch

from tagger.models.card import load_card
from tagger.models.model import SHIPPED, load_model
from tests.personal_library import RATE, sound, write_folders
from tests.program import musictag
from tests.tiny_model import SPEC
from training.finetune import full_training, onnx_graph
from training.finetune.calibration import follow, tune
from training.finetune.heads import start_from
from training.finetune.onnx_graph import Head
from training.finetune.torch_network import GraphModule, put_back


@pytest.fixture(autouse=True)
def _home(home: Path) -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize("card", sorted(SHIPPED.glob("*.json")), ids=lambda path: path.stem)
def test_the_shipped_network_in_torch_is_the_one_that_runs(card: Path) -> None:
    network = onnx_graph.read_network(card.with_suffix(".onnx"))
    spec = load_card(card).mel
    mel = np.random.default_rng(1).random((2, spec.n_mels, spec.n_frames)).astype(np.float32)
    session = onnxruntime.InferenceSession(network.SerializeToString())
    (expected,) = session.run(["logits"], {"mel": mel})
    module = GraphModule(network, ("logits",))
    (found,) = module(torch.from_numpy(mel))
    np.testing.assert_allclose(found.detach().numpy(), expected, atol=1e-3)
    assert sum(p.numel() for p in module.parameters()) > 100_000
    assert onnx.load_from_string(put_back(network, module)) == network


def trained_head(card: Path) -> Any:
    """The tiny network with a head for one new label, like none."""
    read = load_card(card)
    start = start_from(read, read.vocabulary.labels[:1], {})
    width = SPEC.n_mels
    head = Head(start.slope, start.shift, np.zeros((1, width), np.float32), np.zeros(1, np.float32))
    network = onnx_graph.read_network(card.with_suffix(".onnx"))
    return onnx.load_from_string(onnx_graph.with_head(network, head, card))


def quiet(label: str, length: int) -> Any:
    del label, length
    return nullcontext(lambda: None)


class KilledError(Exception):
    """Stands for whatever ends a run."""


def test_stopped_and_resumed_training_makes_the_same_network(
    tiny_card: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    power = [rng.standard_normal((2, SPEC.n_mels, 90)).astype(np.float16) for _ in range(6)]
    targets = np.array([[0], [1]] * 3, np.float32)
    settings = replace(full_training.Settings(), steps=12, save_every=4, batch=4)
    arguments = (power, targets, SPEC, settings)
    network, cpu = trained_head(tiny_card), torch.device("cpu")
    whole = full_training.train(network, *arguments, tmp_path / "whole", cpu, quiet)
    advance, steps = full_training._Run.advance, 0

    def killed(self: full_training._Run, *given: Any) -> float:
        nonlocal steps
        steps += 1
        if steps == 7:
            raise KilledError
        return advance(self, *given)

    monkeypatch.setattr(full_training._Run, "advance", killed)
    with pytest.raises(KilledError):
        full_training.train(network, *arguments, tmp_path / "halves", cpu, quiet)
    resumed = full_training.train(network, *arguments, tmp_path / "halves", cpu, quiet)
    assert steps == 7 + 8  # from step 4 on, where it was saved
    assert resumed == whole
    assert resumed != network.SerializeToString()


def test_full_makes_a_model_or_keeps_what_was_better(tmp_path: Path, tiny_card: Path) -> None:
    music = write_folders(tmp_path / "music", each=10)
    done = musictag(
        "train", music, "--folders", "--full", "--steps", 20, "-o", "mine", "--base", tiny_card,
        "--jobs", 1,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "average precision on held-out artists: --fast" in done.stderr
    assert len(load_model("mine").card.vocabulary) == 7
    assert [*(tmp_path / "cache").rglob("checkpoint.pt")]


def test_thresholds_follow_what_was_accepted_and_refused(tiny_card: Path) -> None:
    card = load_card(tiny_card)
    chances = np.linspace(0.3, 0.9, 30, dtype=np.float32)[:, None].repeat(4, axis=1)
    truth = np.full((30, 4), np.nan, np.float32)
    truth[:, 0] = chances[:, 0] > 0.7  # draws the line higher than 0.5
    truth[:, 1] = chances[:, 1] > 0.4  # and lower
    truth[:, 2] = 0  # refuses everything
    rules, moved = tune(truth, chances, card)
    before = [rule.threshold for rule in card.rules]
    assert before == [0.5] * 4
    assert 0.6 < rules[0].threshold < 0.72
    assert 0.39 < rules[1].threshold < 0.45
    assert rules[2].threshold > 0.7
    assert rules[3] == card.rules[3]
    assert (moved[0].name, moved[0].accepted) == ("Low", 10)


def test_threshold_stays_where_any_would_do() -> None:
    truth = np.array([1, 1, 0, 0], np.float32)
    chances = np.array([0.9, 0.8, 0.3, 0.2], np.float32)
    assert follow(truth, chances, 0.5) == pytest.approx(0.55)


@pytest.fixture
def tracks(tmp_path: Path) -> list[Path]:
    paths = []
    for i in range(16):
        path = tmp_path / "music" / f"{i:02}.flac"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, sound("Deep" if i % 2 else "Bright", i), RATE)
        paths.append(path)
    return paths


def test_a_reviewed_plan_moves_thresholds(
    tracks: list[Path], tmp_path: Path, tiny_card: Path
) -> None:
    plan = tmp_path / "plan.json"
    done = musictag("scan", tracks[0].parent, "--plan", plan, "--model", tiny_card)
    assert done.exit_code == 0, done.output
    content = json.loads(plan.read_text())
    assert len(content["files"]) == 16
    for record in content["files"]:  # the person takes "Low" out of every file
        genres = record["genres"]
        genres["after"] = [name for name in genres["after"] if name != "Low"]
    plan.write_text(json.dumps(content))
    done = musictag("calibrate", "--from", plan, "--model", tiny_card, "-o", "mine")
    assert done.exit_code == 0, done.output
    old, new = load_card(tiny_card), load_model("mine").card
    assert new.rules[0].threshold > old.rules[0].threshold
    assert "refused 8" in next(x for x in done.stdout.splitlines() if " Low " in x)
    assert new.sha256 == old.sha256
    assert "16 reviewed tracks" in new.data


def test_an_untouched_plan_refuses_nothing_and_moves_nothing(
    tracks: list[Path], tmp_path: Path, tiny_card: Path
) -> None:
    plan = tmp_path / "plan.json"
    musictag("scan", tracks[0].parent, "--plan", plan, "--model", tiny_card)
    done = musictag("calibrate", "--from", plan, "--model", tiny_card, "-o", "mine")
    assert done.exit_code == 0, done.output
    assert load_model("mine").card.rules == load_card(tiny_card).rules


def test_corrected_tags_move_thresholds_and_empty_ones_say_nothing(
    tracks: list[Path], tmp_path: Path, tiny_card: Path
) -> None:
    done = musictag("calibrate", "--from", tracks[0].parent, "--model", tiny_card, "-o", "mine")
    assert done.exit_code == 1
    assert "says nothing of any file" in done.stderr
    for path in tracks[:6]:
        file = mediafile.MediaFile(path)
        file.genres = ["High"]
        file.save()
    done = musictag("calibrate", "--from", tracks[0].parent, "--model", tiny_card, "-o", "mine")
    assert done.exit_code == 0, done.output
    assert "6 reviewed tracks" in load_model("mine").card.data
    assert musictag("calibrate", "--from", tracks[0].parent, "--model", "mine").exit_code == 0


def test_a_broken_plan_is_one_line(tmp_path: Path, tiny_card: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text("{}")
    done = musictag("calibrate", "--from", plan, "--model", tiny_card, "-o", "mine")
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 1
    assert "not a valid plan" in done.stderr
