"""Held-out clips, scored slice by slice by a network as it was trained."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from tagger.models.card import MelSpec
from training.data.datasets import Clip
from training.data.mel_cache import Mel, spread
from training.networks import PooledNetwork

Array = npt.NDArray[np.float32]

MOST = 10  # slices of a clip, as in a scan


@torch.no_grad()
def score_clips(
    network: PooledNetwork, clips: Sequence[Clip], features: dict[str, Mel], spec: MelSpec
) -> list[Array]:
    """What the network says of the slices of each clip, probabilities before calibration.

    Shape: `(S, K)` for each clip, S at most `MOST`, fewer of a clip that has no more
    """
    device = next(network.parameters()).device
    network.eval()
    scores: list[Array] = []
    for clip in clips:
        mel = features[clip.id]
        count = min(MOST, max(1, len(mel) // spec.n_frames))
        slices = spread(mel, spec, count).to(device)
        scores.append(torch.sigmoid(network(slices)).cpu().numpy())
    return scores
