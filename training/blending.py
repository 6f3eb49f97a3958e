"""CutMix along time: a stretch of one song in the place of another's.

Source: Yun et al. 2019, "CutMix"; along time only, since a stretch of a few bands is no sound.
"""

from __future__ import annotations

import torch
from torch import Tensor


def cut_draw(
    share: Tensor,
    partner: Tensor,
    *,
    songs: int,
    chance: float,
    n_frames: int,
    rng: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """How much of each frame is a slice's own, and whose the rest is.

    Slices that are blended already keep their share in every frame; of the other songs, which come
    first in a batch, some lose a stretch of at most half their frames to another song. Both keep
    their own mask of the unknown.

    Shape: `share` `(n, 1)` and `partner` `(n,)` in, `(n, F)` and `(n,)` out
    """
    n = len(share)
    weight = share.expand(n, n_frames).clone()
    chosen = (torch.rand(n, generator=rng) < chance) & (share[:, 0] == 1)
    chosen &= torch.arange(n) < songs
    length = (torch.rand(n, 1, generator=rng) * 0.5 * n_frames).floor()
    start = (torch.rand(n, 1, generator=rng) * (n_frames - length)).floor()
    other = torch.arange(n)
    other[:songs] = torch.randperm(songs, generator=rng)
    frame = torch.arange(n_frames)[None]
    inside = (frame >= start) & (frame < start + length) & chosen[:, None]
    weight[inside] = 0.0
    return weight, torch.where(chosen & (length[:, 0] > 0), other, partner)


def blend(mel: Tensor, weight: Tensor, partner: Tensor) -> Tensor:
    """Each slice's own frames by weight, its partner's for the rest.

    Shape: `(n, M, F)`, `(n, F)` or `(n, 1)`, and `(n,)` in, `(n, M, F)` out
    """
    return mel * weight[:, None, :] + mel[partner] * (1 - weight[:, None, :])
