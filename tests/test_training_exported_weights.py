from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor

from tagger.errors import DataError
from tests.training_data import CONFIG, SPEC
from training.data.taxonomy import VOCABULARY
from training.data.teacher_outputs import WIDTH, columns
from training.networks import build
from training.networks.mobile import MobileConfig, Stage
from training.trainer.checkpoints import mean_weights
from training.trainer.export import export
from training.trainer.exported_weights import write_start
from training.trainer.loop import Student

SHAPE = MobileConfig(
    stem=(4, 8), stages=(Stage(8, 2, 3, (2, 2)),), embedding=16, dropout=0.0
)  # fmt: skip
DEEP = replace(CONFIG, network=SHAPE)
ASKED = columns("audioset")


def _mel(seed: int, n: int = 32) -> Tensor:
    rng = np.random.default_rng(seed)
    levels = rng.uniform(0.5, 4, size=(n, 1, 1)).astype(np.float32)
    return torch.from_numpy(rng.random((n, SPEC.n_mels, SPEC.n_frames), np.float32) * levels)


def _slices(n: int) -> Iterator[tuple[Tensor, np.ndarray]]:
    """A teacher says how loud a slice is."""
    for seed in range(n):
        mel = _mel(seed)
        soft = np.full((len(mel), WIDTH), np.nan, dtype=np.float32)
        soft[:, ASKED] = mel.mean(dim=(1, 2))[:, None].numpy()
        yield mel, soft


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a network whose normalisations have moments of their own."""
    torch.manual_seed(1)
    network = build(SHAPE, len(VOCABULARY), SPEC.n_mels)
    with torch.no_grad():
        for seed in range(40):
            network.train()(_mel(100 + seed) * 2 + 1)
    folder = tmp_path_factory.mktemp("exported")
    return export(network.eval(), DEEP, folder).with_suffix(".onnx")


def _student(path: Path) -> Student:
    student = Student(DEEP)
    student.load_state_dict(mean_weights([path], student.state_dict(), torch.device("cpu")))
    return student


def _said(exported: Path, mel: Tensor) -> np.ndarray:
    (found,) = onnxruntime.InferenceSession(exported).run(None, {"mel": mel.numpy()})
    return np.asarray(found)


def test_checkpoint_says_what_the_model_says(exported: Path, tmp_path: Path) -> None:
    write_start(exported, DEEP, _slices(10), tmp_path / "start.pt")
    mel = _mel(50)
    with torch.no_grad():
        logits, _ = _student(tmp_path / "start.pt").eval()(mel)
    np.testing.assert_allclose(logits.numpy(), _said(exported, mel), atol=1e-4)


def test_checkpoint_says_nearly_the_same_while_it_learns(exported: Path, tmp_path: Path) -> None:
    """Moments of a batch take the place of the measured ones; unmeasured, all would change."""
    write_start(exported, DEEP, _slices(10), tmp_path / "start.pt")
    mel = _mel(50, 64)
    student = _student(tmp_path / "start.pt").train()
    student.network.norm.eval()  # its own moments are those of what the network learned from
    with torch.no_grad():
        logits, _ = student(mel)
    said = _said(exported, mel)
    assert np.abs(logits.numpy() - said).mean() < 0.3 * said.std()


def test_head_of_the_teachers_is_fitted(exported: Path, tmp_path: Path) -> None:
    write_start(exported, DEEP, _slices(20), tmp_path / "start.pt")
    mel = _mel(50, 64)
    with torch.no_grad():
        _, answers = _student(tmp_path / "start.pt").eval()(mel)
    loud = mel.mean(dim=(1, 2)).numpy()
    assert np.corrcoef(answers[:, ASKED].mean(dim=1).numpy(), loud)[0, 1] > 0.5
    assert not answers[:, columns("msd")].any()  # nobody asked


def test_network_of_another_shape_is_refused(exported: Path, tmp_path: Path) -> None:
    wide = replace(DEEP, network=replace(SHAPE, embedding=32))
    with pytest.raises(DataError, match="another shape"):
        write_start(exported, wide, _slices(1), tmp_path / "start.pt")
    assert not (tmp_path / "start.pt").exists()
