"""EfficientAT's mn04_as, rebuilt from its arrays: 527 AudioSet classes and an embedding.

Source: Schmid, Koutini and Widmer 2023, "Efficient large-scale audio tagging via
transformer-to-CNN knowledge distillation" (MIT licence); the blocks are those of MobileNetV3-Large,
Howard et al. 2019, table 1, at 0.4 times the width.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

RATE = 32_000  # Hz
N_MELS = 128
HOP = 320  # samples: 100 frames a second
N_CLASSES, EMBEDDING = 527, 384
_N_FFT, _WINDOW = 1024, 800
_FMAX = 15_000.0  # Hz
# Of each of the fifteen inverted residual blocks: stride, and whether it is a hard swish.
_BLOCKS = (
    (1, False), (2, False), (1, False), (2, False), (1, False), (1, False), (2, True), (1, True),
    (1, True), (1, True), (1, True), (1, True), (2, True), (1, True), (1, True),
)  # fmt: skip

Arrays = Mapping[str, npt.NDArray[np.float32]]


def log_mel(samples: Tensor) -> Tensor:
    """The network's own front end.

    Shape: `(T,)`, mono at `RATE`, in; `(N_MELS, F)` out, 100 frames a second
    """
    emphasised = samples[1:] - 0.97 * samples[:-1]
    spectrum = torch.stft(
        emphasised,
        _N_FFT,
        HOP,
        win_length=_WINDOW,
        window=torch.hann_window(_WINDOW, periodic=False),
        return_complex=True,
    )
    power = spectrum.real**2 + spectrum.imag**2
    return ((_filter_bank() @ power + 1e-5).log() + 4.5) / 5


@cache
def _filter_bank() -> Tensor:
    """Triangles of height 1 on Kaldi's mel scale. Shape: `(N_MELS, bins)`."""

    def mel(hz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return 1127 * np.log(1 + hz / 700)

    edges = np.linspace(0, mel(np.array(_FMAX)), N_MELS + 2)
    bins = mel(np.arange(_N_FFT // 2) * RATE / _N_FFT)
    lower, centre, upper = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (bins - lower) / (centre - lower), (upper - bins) / (upper - centre)
    triangles = np.maximum(0, np.minimum(rising, falling))
    return torch.from_numpy(np.pad(triangles, ((0, 0), (0, 1))).astype(np.float32))


class AudioSetNetwork(nn.Module):
    """Log-mel windows in, class logits and the embedding out."""

    def __init__(self, arrays: Arrays) -> None:
        super().__init__()
        blocks = [_Block(arrays, i + 1, *kind) for i, kind in enumerate(_BLOCKS)]
        self.features = nn.Sequential(
            _normed(arrays, "features.0", 2, swish=True),
            *blocks,
            _normed(arrays, "features.16", 1, swish=True),
        )
        self.widen = _linear(arrays, "classifier.2")
        self.classify = _linear(arrays, "classifier.5")

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits and embeddings.

        Shape: `(B, N_MELS, F)` in, `(B, N_CLASSES)` and `(B, EMBEDDING)` out
        """
        embedding = self.features(mel[:, None]).mean(dim=(2, 3))
        return self.classify(nn.functional.hardswish(self.widen(embedding))), embedding


class _Block(nn.Module):
    """An inverted residual block: widen, filter each channel, gate, narrow."""

    def __init__(self, arrays: Arrays, index: int, stride: int, swish: bool) -> None:
        super().__init__()
        name = f"features.{index}.block"
        layers: list[nn.Module] = []
        at = 0
        if arrays[f"{name}.0.0.weight"].shape[1] != 1:  # the first block does not widen
            layers.append(_normed(arrays, f"{name}.0", 1, swish=swish))
            at = 1
        layers.append(_normed(arrays, f"{name}.{at}", stride, swish=swish))
        if f"{name}.{at + 1}.conc_se_layers.0.fc1.weight" in arrays:
            layers.append(_Gate(arrays, f"{name}.{at + 1}.conc_se_layers.0"))
            at += 1
        layers.append(_normed(arrays, f"{name}.{at + 1}", 1))
        self.layers = nn.Sequential(*layers)
        width_in = arrays[f"{name}.0.0.weight"].shape[1 if len(layers) > 2 else 0]
        width = arrays[f"{name}.{at + 1}.0.weight"].shape[0]
        self.residual = stride == 1 and width_in == width

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(x)
        return x + out if self.residual else out


class _Gate(nn.Module):
    """Squeeze-and-excitation over the mean of each channel."""

    def __init__(self, arrays: Arrays, name: str) -> None:
        super().__init__()
        self.squeeze, self.excite = _linear(arrays, f"{name}.fc1"), _linear(arrays, f"{name}.fc2")

    def forward(self, x: Tensor) -> Tensor:
        pooled = x.mean(dim=(2, 3))
        weights = torch.sigmoid(self.excite(torch.relu(self.squeeze(pooled))))
        return x * weights[:, :, None, None]


def _normed(arrays: Arrays, name: str, stride: int, *, swish: bool | None = None) -> nn.Sequential:
    """A convolution with its batch norm and activation (`swish` None: none, False: ReLU)."""
    weight = arrays[f"{name}.0.weight"]
    out, per_group, kernel, _ = weight.shape
    depthwise = per_group == 1 and name != "features.0"
    convolution = nn.Conv2d(
        out if depthwise else per_group, out, kernel, stride, (kernel - 1) // 2,
        groups=out if depthwise else 1, bias=False,
    )  # fmt: skip
    norm = nn.BatchNorm2d(out, eps=1e-3)
    state = {key: torch.from_numpy(arrays[f"{name}.1.{key}"]) for key in _NORM}
    norm.load_state_dict({**norm.state_dict(), **state})
    convolution.load_state_dict({"weight": torch.from_numpy(weight)})
    activation = [] if swish is None else [nn.Hardswish() if swish else nn.ReLU()]
    return nn.Sequential(convolution, norm, *activation)


_NORM = ("weight", "bias", "running_mean", "running_var")


def _linear(arrays: Arrays, name: str) -> nn.Linear:
    weight, bias = arrays[f"{name}.weight"], arrays[f"{name}.bias"]
    layer = nn.Linear(math.prod(weight.shape[1:]), weight.shape[0])
    flat = torch.from_numpy(weight.reshape(weight.shape[0], -1))
    layer.load_state_dict({"weight": flat, "bias": torch.from_numpy(bias)})
    return layer
