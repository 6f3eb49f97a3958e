"""The head of a network for genres, fitted anew by shrunken logistic regression.

Five hundred songs with labels of artists are learned by heart by any network that is shown them
often: mean average precision 1.0 on them and no better than before on others. A network that
learned from teachers alone, under a regression with strong shrinkage, ranks the songs of unknown
artists better (training/results). So teachers make the body, and the labels only this head.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from sklearn.linear_model import LogisticRegression

from tagger.models.card import MelSpec
from training.data.batch_sampler import Pool
from training.data.datasets import Clip
from training.data.mel_cache import Mel, song_windows
from training.data.taxonomy import LISTED_GENRES
from training.networks import PooledNetwork
from training.networks.mel_frontend import compress

Array = npt.NDArray[np.float32]


@torch.no_grad()
def shrink_head(network: PooledNetwork, songs: Pool, strength: float) -> PooledNetwork:
    """Replace the rows of the listed genres; returns the same network, on the CPU.

    Args:
        network: trained; its embeddings are what the regression learns from.
        songs: those of which people listed all genres are learned from.
        strength: C of scikit-learn: the smaller, the more shrunken.
    """
    clips = [clip for clip in songs.clips if _is_listed(clip)]
    if not clips:
        return network
    network = network.cpu().eval()
    values = np.stack([mean_embedding(network, songs.features[c.id], songs.spec) for c in clips])
    truth = np.stack([clip.targets[: len(LISTED_GENRES)] for clip in clips])
    for i, column in enumerate(truth.T):
        if 0 < column.sum() < len(column):
            weights, bias = _fit(values, column, strength)
            network.head.weight[i] = torch.from_numpy(weights)
            network.head.bias[i] = bias
    return network


def mean_embedding(network: PooledNetwork, mel: Mel, spec: MelSpec) -> Array:
    """What the network makes of a song, the mean over its windows. Shape: `(D,)`."""
    power = torch.from_numpy(np.stack(list(song_windows(mel, spec))))
    return np.asarray(network.embed(compress(power, spec)).mean(dim=0).detach().numpy())


def _is_listed(clip: Clip) -> bool:
    """Whether people said which of all genres a song has; talk, which has none, is no song."""
    listed = clip.targets[: len(LISTED_GENRES)]
    return bool(not np.isnan(listed).any() and listed.any())


def _fit(values: Array, truth: Array, strength: float) -> tuple[Array, float]:
    """Weights and bias for values as they are. Shape: `(N, D)` and `(N,)` in, `(D,)` out."""
    mean, spread = values.mean(axis=0), values.std(axis=0) + 1e-6
    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=300)
    found = model.fit((values - mean) / spread, truth)
    weights = (found.coef_[0] / spread).astype(np.float32)
    return weights, float(found.intercept_[0] - mean @ weights)
