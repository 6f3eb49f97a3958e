"""Outputs of musicnn for the middle of a file, cached."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from training.data.mel_cache import cached_array, read_mono
from training.data.teacher_outputs import Outputs
from training.teachers.arrays import load_arrays
from training.teachers.musicnn import HOP, N_FRAMES, N_TAGS, RATE, Musicnn, log_mel

ARRAYS = "teachers/msd_musicnn.npz"  # in the data folder
PATCHES = 16  # scored in a file: at 80 ms each it is slow, and a song is much the same
LOUDNESS = np.float32(2**0.5)  # the stored outputs are of (L + R) / sqrt(2)


class MusicnnTeacher:
    """Scores files; its outputs are cached in a folder."""

    def __init__(self, data: Path, cache: Path) -> None:
        self._folder = cache / "msd_musicnn"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._network = Musicnn(load_arrays(data / ARRAYS, "musicnn")).eval()

    def outputs(self, path: Path) -> dict[str, Outputs]:
        """Tags and embeddings, a row for each patch of the file; NaN where it was not run."""
        values = cached_array(path, self._folder, lambda: self._ask(path))
        return {"msd": values[:, :N_TAGS], "msd_embedding": values[:, N_TAGS:]}

    def _ask(self, path: Path) -> Outputs:
        samples = read_mono(path, RATE) * LOUDNESS
        count = max(1, len(samples) // (N_FRAMES * HOP))
        asked = min(count, PATCHES)
        first = (count - asked) // 2
        rows = np.full((count, N_TAGS + 200), np.nan, dtype=np.float16)
        rows[first : first + asked] = self._patches(samples[first * N_FRAMES * HOP :], asked)
        return rows

    def _patches(self, samples: npt.NDArray[np.float32], count: int) -> Outputs:
        mel = log_mel(samples[: count * N_FRAMES * HOP + 512])
        padded = functional.pad(mel, (0, 0, 0, max(0, count * N_FRAMES - len(mel))))
        patches = padded[: count * N_FRAMES].reshape(count, N_FRAMES, -1)
        with torch.no_grad():
            logits, embeddings = self._network(patches)
        return torch.cat([torch.sigmoid(logits), embeddings], dim=1).numpy().astype(np.float16)
