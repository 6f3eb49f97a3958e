"""musicnn, rebuilt from its arrays: 50 tags and an embedding.

Source: Pons and Serra 2019, "musicnn: pre-trained convolutional neural networks for music audio
tagging" (ISC licence).
"""

from __future__ import annotations

from collections.abc import Mapping

import librosa
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

RATE = 16_000  # Hz
HOP = 256  # samples: 62.5 frames a second
N_MELS, N_FRAMES = 96, 187  # of a patch of 2.992 s
N_TAGS, EMBEDDING = 50, 200

Arrays = Mapping[str, npt.NDArray[np.float32]]


def log_mel(samples: npt.NDArray[np.float32]) -> Tensor:
    """The network's own front end. Shape: `(T,)`, mono at `RATE`, in; `(F, N_MELS)` out."""
    power = librosa.feature.melspectrogram(
        y=samples, sr=RATE, n_fft=512, hop_length=HOP, n_mels=N_MELS
    ).astype(np.float16)
    return torch.from_numpy(np.log10(10000 * power.T.astype(np.float32) + 1))


class Musicnn(nn.Module):
    """Log-mel patches in, tag logits and the embedding out."""

    def __init__(self, arrays: Arrays) -> None:
        super().__init__()
        self.norm = _norm(arrays, 0)
        self.front = nn.ModuleList(_Layer(arrays, i) for i in range(5))  # timbral, temporal
        self.middle = nn.ModuleList(_Layer(arrays, i) for i in (5, 6, 7))
        self.pooled, self.hidden = _norm(arrays, 9), _norm(arrays, 10)
        self.dense, self.tags = _dense(arrays, "dense"), _dense(arrays, "dense_1")

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits and embeddings.

        Shape: `(B, N_FRAMES, N_MELS)` in, `(B, N_TAGS)` and `(B, EMBEDDING)` out
        """
        x = self.norm(mel[:, None])
        front = torch.cat([layer(x).amax(dim=3) for layer in self.front], dim=1)
        first = self._over_time(front, 0)
        second = self._over_time(first, 1) + first
        third = self._over_time(second, 2) + second
        maps = torch.cat([front, first, second, third], dim=1)  # (B, 753, F)
        pooled = torch.stack([maps.amax(dim=2), maps.mean(dim=2)], dim=2).flatten(1)
        embedding = self.hidden(torch.relu(self.dense(self.pooled(pooled))))
        return self.tags(embedding), embedding

    def _over_time(self, maps: Tensor, index: int) -> Tensor:
        """One convolution over time of all channels. Shape: `(B, C, F)` in, `(B, 64, F)` out."""
        out: Tensor = self.middle[index](maps.transpose(1, 2)[:, None])
        return out.squeeze(3)


class _Layer(nn.Module):
    """A convolution that keeps the length, ReLU, and only then batch norm."""

    def __init__(self, arrays: Arrays, index: int) -> None:
        super().__init__()
        name = "conv2d" + (f"_{index}" if index else "")
        kernel = torch.from_numpy(arrays[f"{name}.kernel"]).permute(3, 2, 0, 1)
        out, channels, height, width = kernel.shape
        self.convolution = nn.Conv2d(channels, out, (height, width))
        self.convolution.load_state_dict(
            {"weight": kernel, "bias": torch.from_numpy(arrays[f"{name}.bias"])}
        )
        self.norm = _norm(arrays, index + 1)
        self._padding = (0, 0, (height - 1) // 2, height // 2)  # of time only

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.norm(torch.relu(self.convolution(functional.pad(x, self._padding))))
        return out


def _norm(arrays: Arrays, index: int) -> nn.BatchNorm1d | nn.BatchNorm2d:
    name = "batch_normalization" + (f"_{index}" if index else "")
    gamma = torch.from_numpy(arrays[f"{name}.gamma"])
    norm = (nn.BatchNorm1d if index > 8 else nn.BatchNorm2d)(len(gamma), eps=1e-3)
    norm.load_state_dict(
        {
            "weight": gamma,
            "bias": torch.from_numpy(arrays[f"{name}.beta"]),
            "running_mean": torch.from_numpy(arrays[f"{name}.moving_mean"]),
            "running_var": torch.from_numpy(arrays[f"{name}.moving_variance"]),
            "num_batches_tracked": torch.tensor(0),
        }
    )
    return norm


def _dense(arrays: Arrays, name: str) -> nn.Linear:
    kernel = torch.from_numpy(arrays[f"{name}.kernel"]).T.contiguous()
    layer = nn.Linear(kernel.shape[1], kernel.shape[0])
    layer.load_state_dict({"weight": kernel, "bias": torch.from_numpy(arrays[f"{name}.bias"])})
    return layer
