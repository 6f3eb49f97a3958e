"""A residual network that sees only so far: the receptive field is what keeps it from memorising.

Source: Koutini, Eghbal-zadeh and Widmer 2021, "Receptive Field Regularization Techniques for Audio
Classification and Tagging with Deep Convolutional Neural Networks" (CP-ResNet). Twelve blocks of
two convolutions each; of the 22 convolutions from the second block on, the first `rho` look at
3 x 3 values and the others at one, so `rho` sets how much of a slice one value of the last maps
has seen, without a change to depth.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from training.networks.pooled import PooledNetwork

BLOCKS = 12
POOLED = (0, 1, 3)  # blocks after which time and frequency are halved


@dataclass(frozen=True, slots=True)
class ResNetConfig:
    """The shape of the network."""

    width: int = 48  # maps in the first four blocks; twice and four times as many in the others
    # 87 bands by 87 frames: nearly all bands, and 1.7 s, so that a slice is heard in parts.
    rho: int = 5
    dropout: float = 0.3

    def __post_init__(self) -> None:
        if self.width < 1 or not 0 <= self.rho <= 2 * (BLOCKS - 1):
            raise ValueError(f"no such network: width {self.width}, rho {self.rho}")


class Block(nn.Module):
    """Two convolutions and a way around them."""

    def __init__(self, width_in: int, width: int, kernels: tuple[int, int]) -> None:
        super().__init__()
        first, second = kernels
        self.body = nn.Sequential(
            nn.Conv2d(width_in, width, first, padding=first // 2, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, second, padding=second // 2, bias=False),
            nn.BatchNorm2d(width),
        )
        self.around: nn.Module = nn.Identity()
        if width_in != width:
            self.around = nn.Sequential(
                nn.Conv2d(width_in, width, 1, bias=False), nn.BatchNorm2d(width)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum of both ways."""
        return torch.relu(self.body(x) + self.around(x))


class ResNet(PooledNetwork):
    """See `PooledNetwork` for shapes."""

    def __init__(self, n_labels: int, n_mels: int, config: ResNetConfig) -> None:
        width = config.width
        layers: list[nn.Module] = [
            nn.Conv2d(1, width, 5, stride=2, padding=2, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        ]
        for i in range(BLOCKS):
            grown = config.width * 2 ** (i // 4)
            layers.append(Block(width, grown, kernels(i, config.rho)))
            if i in POOLED:
                layers.append(nn.MaxPool2d(2))
            width = grown
        super().__init__(nn.Sequential(*layers), width, n_labels, n_mels, dropout=config.dropout)


def kernels(block: int, rho: int) -> tuple[int, int]:
    """Sizes of the two convolutions of a block.

    >>> [kernels(block, 3) for block in range(4)]
    [(3, 1), (3, 3), (3, 1), (1, 1)]
    """
    if block == 0:
        return 3, 1
    first, second = (3 if 2 * (block - 1) + k <= rho else 1 for k in (1, 2))
    return first, second
