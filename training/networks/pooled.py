"""What every network here is around its convolutions."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class PooledNetwork(nn.Module):
    """Log-mel slices to label logits.

    Args:
        features: convolutions, `(B, 1, M, F)` to `(B, width, M', F')`.
        width: maps they give.
        n_labels: of the vocabulary.
        n_mels: bands of a slice.
        dropout: share of the embedding that is hidden while learning.

    Shape:
        - Input: `(B, M, F)`
        - Output: `(B, K)`
    """

    def __init__(
        self, features: nn.Module, width: int, n_labels: int, n_mels: int, *, dropout: float
    ) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(n_mels)
        self.features = features
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * width, n_labels)

    def embed(self, mel: Tensor) -> Tensor:
        """Return what the network makes of each slice before it names anything.

        Shape:
            - Input: `(B, M, F)`
            - Output: `(B, 2 * width)`, the mean over time beside the maximum
        """
        # Channels last is the layout in which CPUs run depthwise convolutions fastest.
        image = self.norm(mel).unsqueeze(1).contiguous(memory_format=torch.channels_last)
        maps = self.features(image).mean(dim=2)
        return torch.cat([maps.mean(dim=2), maps.amax(dim=2)], dim=1)

    def forward(self, mel: Tensor) -> Tensor:
        """Return the logits of all labels for each slice."""
        logits: Tensor = self.head(self.dropout(self.embed(mel)))
        return logits
