"""A small convolutional network of inverted bottlenecks over log-mel slices.

Source: Sandler et al. 2018, "MobileNetV2: Inverted Residuals and Linear Bottlenecks"; the
squeeze-and-excitation gates of Hu et al. 2018, as EfficientAT (Schmid et al. 2023) uses them for
audio tagging.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from training.networks.pooled import PooledNetwork


class Stage(NamedTuple):
    """A run of bottlenecks of one width; only the first one strides."""

    width: int
    depth: int
    kernel: int
    stride: tuple[int, int]  # (mel, time)


@dataclass(frozen=True, slots=True)
class MobileConfig:
    """The shape of the network."""

    # Plain convolutions while there are few channels: depthwise ones save little there and cost
    # more time than all the rest.
    stem: tuple[int, ...] = (16, 32)
    expand: int = 3  # how much wider a bottleneck is inside
    embedding: int = 384  # values that describe a slice before the labels are read off
    dropout: float = 0.3
    # Time is halved three times only: a slice keeps 19 steps of 160 ms, so that a short sound
    # (a drum hit, a sung word) can still stand out in the maximum over time.
    stages: tuple[Stage, ...] = (
        Stage(48, 2, 3, (2, 2)),
        Stage(80, 3, 3, (2, 1)),
        Stage(128, 2, 3, (2, 1)),
    )


class Gate(nn.Module):
    """Squeeze-and-excitation: weighs each channel by what the whole slice holds."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, max(8, channels // 8), 1)
        self.excite = nn.Conv2d(max(8, channels // 8), channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return x with each channel scaled by 0 to 1."""
        pooled = x.mean(dim=(2, 3), keepdim=True)
        return x * torch.sigmoid(self.excite(torch.relu(self.squeeze(pooled))))


class Bottleneck(nn.Module):
    """Widen, filter each channel by itself, weigh, narrow; add the input where shapes allow."""

    def __init__(
        self, width_in: int, width: int, kernel: int, stride: tuple[int, int], expand: int
    ) -> None:
        super().__init__()
        inner = width_in * expand
        self.body = nn.Sequential(
            *_normed(nn.Conv2d(width_in, inner, 1, bias=False)),
            *_normed(
                nn.Conv2d(inner, inner, kernel, stride, kernel // 2, groups=inner, bias=False)
            ),
            Gate(inner),
            nn.Conv2d(inner, width, 1, bias=False),
            nn.BatchNorm2d(width),
        )
        self.residual = width_in == width and stride == (1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the filtered maps."""
        out: Tensor = self.body(x)
        return x + out if self.residual else out


class MobileNet(PooledNetwork):
    """See `PooledNetwork` for shapes."""

    def __init__(self, n_labels: int, n_mels: int, config: MobileConfig) -> None:
        layers: list[nn.Module] = []
        width = 1
        for stem in config.stem:
            layers += _normed(nn.Conv2d(width, stem, 3, 2, 1, bias=False))
            width = stem
        for stage in config.stages:
            for i in range(stage.depth):
                stride = stage.stride if i == 0 else (1, 1)
                layers.append(Bottleneck(width, stage.width, stage.kernel, stride, config.expand))
                width = stage.width
        layers += _normed(nn.Conv2d(width, config.embedding, 1, bias=False))
        super().__init__(
            nn.Sequential(*layers), config.embedding, n_labels, n_mels, dropout=config.dropout
        )


def _normed(convolution: nn.Conv2d) -> list[nn.Module]:
    return [convolution, nn.BatchNorm2d(convolution.out_channels), nn.Hardswish()]
