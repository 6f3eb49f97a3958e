"""A teacher as an ONNX session on one core: five times faster there than plain PyTorch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from tagger.models.session import open_session
from training.networks.onnx_export import export_onnx

Array = npt.NDArray[np.float32]

BATCH = 64  # windows at once


class TeacherSession:
    """Windows in, logits and embeddings out."""

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
