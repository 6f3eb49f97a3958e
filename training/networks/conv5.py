"""Five plain convolutions with pooling between: the classic network of music tagging.

Source: Choi, Fazekas and Sandler 2016, "Automatic Tagging Using Deep Convolutional Neural
Networks". A yardstick: what is larger or cleverer has to be better than this.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from training.networks.pooled import PooledNetwork

# (mel, time): time is halved three times only, as in the mobile network, so that a short sound can
# stand out in the maximum over time.
POOLS = ((2, 2), (2, 2), (2, 2), (2, 1), (2, 1))


@dataclass(frozen=True, slots=True)
class Conv5Config:
    """The shape of the network."""

    widths: tuple[int, ...] = (32, 64, 96, 128, 192)  # maps of each of the five convolutions
    dropout: float = 0.3

    def __post_init__(self) -> None:
        if len(self.widths) != len(POOLS):
            raise ValueError(f"{len(self.widths)} widths for {len(POOLS)} convolutions")


class Conv5(PooledNetwork):
    """See `PooledNetwork` for shapes."""

    def __init__(self, n_labels: int, n_mels: int, config: Conv5Config) -> None:
        layers: list[nn.Module] = []
        width_in = 1
        for width, pool in zip(config.widths, POOLS, strict=True):
            layers += [
                nn.Conv2d(width_in, width, 3, padding=1, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(),
                nn.MaxPool2d(pool),
            ]
            width_in = width
        super().__init__(nn.Sequential(*layers), width_in, n_labels, n_mels, dropout=config.dropout)
