"""Outputs of the AudioSet teacher for each window of a file, cached."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from tagger.models.session import open_session
from training.data.mel_cache import cached_array, read_mono
from training.data.teacher_outputs import AUDIOSET_CLASSES, AUDIOSET_HOP_S, Outputs
from training.networks.onnx_export import export_onnx
from training.teachers.arrays import load_arrays
from training.teachers.audioset import HOP, N_MELS, RATE, AudioSetNetwork, log_mel

ARRAYS = "teachers/audioset_mn04.npz"  # in the data folder
WINDOW_S = 3.0
_WINDOW = round(WINDOW_S * RATE / HOP)  # frames
_STEP = round(AUDIOSET_HOP_S * RATE / HOP)
BATCH = 64  # windows at once

Array = npt.NDArray[np.float32]


class AudioSetTeacher:
    """Scores files; its outputs are cached in a folder."""

    def __init__(self, data: Path, cache: Path) -> None:
        self._folder = cache / "audioset_mn04"
        network = AudioSetNetwork(load_arrays(data / ARRAYS, "AudioSet")).eval()
        example = np.zeros((2, N_MELS, _WINDOW), dtype=np.float32)
        self._session = TeacherSession(network, example, self._folder, "network")

    def outputs(self, path: Path) -> dict[str, Outputs]:
        """Logits of the musical classes and embeddings of a file's windows, by their names."""
        values = cached_array(path, self._folder, lambda: self._ask(path))
        n = len(AUDIOSET_CLASSES)
        return {"audioset": values[:, :n], "audioset_embedding": values[:, n:]}

    def _ask(self, path: Path) -> Outputs:
        logits, embeddings = self._session(windows(read_mono(path, RATE)))
        return np.concatenate([logits[:, AUDIOSET_CLASSES], embeddings], axis=1).astype(np.float16)


def windows(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The teacher's view of a sound, a window every `AUDIOSET_HOP_S`; short sounds end in silence.

    Shape: `(T,)`, mono at `RATE`, in; `(windows, N_MELS, F)` out
    """
    least = round(WINDOW_S * RATE)
    padded = np.pad(samples, (0, max(0, least - len(samples))))
    mel = log_mel(torch.from_numpy(padded)).numpy()
    count = 1 + (len(padded) - least) // round(AUDIOSET_HOP_S * RATE)
    return np.stack([mel[:, i * _STEP : i * _STEP + _WINDOW] for i in range(count)])


class TeacherSession:
    """Windows in, logits and embeddings out: ONNX on one core, five times faster than PyTorch."""

    def __init__(self, network: nn.Module, example: Array, folder: Path, name: str) -> None:
        path = folder / f"{name}.onnx"
        if not path.exists():
            export_onnx(network, torch.from_numpy(example), path)
        self._session = open_session(path.read_bytes(), path, threads=1)

    def __call__(self, windows: Array) -> tuple[Array, Array]:
        """Return logits and embeddings. Shape: `(B, ...)` in, `(B, K)` and `(B, E)` out."""
        parts = [
            self._session.run(None, {"mel": windows[at : at + BATCH]})
            for at in range(0, len(windows), BATCH)
        ]
        logits, embeddings = (np.concatenate(part) for part in zip(*parts, strict=True))
        return logits, embeddings
