"""Slices blended with slices: mixup, CutMix along time, and CutMix by rectangles.

Each draws how much of a slice is its own and whose the rest is; `blend` then mixes slices, and
labels where they are plain numbers.
"""

from __future__ import annotations

import torch
from torch import Tensor

from training.config import Config


def blend_draw(config: Config, n: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Each slice's own share, in every frame or in all alike, and whose slice takes up the rest.

    Shape: `(n, F)` or `(n, 1)`, and `(n,)`
    """
    share, partner = mixup_draw(config, n, rng)
    if not config.loop.cutmix:
        return share, partner
    return cut_draw(
        share,
        partner,
        songs=config.recipe.songs,
        chance=config.loop.cutmix,
        n_frames=config.mel.n_frames,
        rng=rng,
    )


def mixup_draw(config: Config, n: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Each slice's own share, at least a half, and whose slice takes up the rest.

    Only songs are blended (they come first in a batch): sums of instruments are mixed as sound
    already. A slice that is not blended is its own partner, so that nothing which is unknown of
    another hides what is known of it. Both partners keep their own mask of the unknown.
    Source: Zhang et al. 2018, "mixup".

    Shape: `(n, 1)` and `(n,)`
    """
    songs = config.recipe.songs
    partner = torch.arange(n)
    partner[:songs] = torch.randperm(songs, generator=rng)
    share = beta_shares(n, config.loop.mixup_alpha, rng)
    share = torch.maximum(share, 1 - share)
    blended = torch.rand(n, generator=rng) < config.loop.mixup
    share = torch.where(blended & (torch.arange(n) < songs), share, 1.0)
    return share[:, None], torch.where(share < 1, partner, torch.arange(n))


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

    Source: Yun et al. 2019, "CutMix"; along time only, since a stretch of a few bands is no sound.
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


def outside_rectangle(share: Tensor, shape: tuple[int, int], rng: torch.Generator) -> Tensor:
    """1 outside of a rectangle that covers about `1 - share` of a picture, 0 inside.

    Source: Yun et al. 2019, "CutMix". Shape: `(n,)` in, `(n, M, F)` out
    """
    inside = torch.ones(len(share), *shape, dtype=torch.bool)
    for axis, length in enumerate(shape):
        extent = (1 - share).sqrt() * length
        first = torch.rand(len(share), generator=rng) * (length - extent)
        along = torch.arange(length)[None]
        within = (along >= first[:, None]) & (along < (first + extent)[:, None])
        inside &= within[:, :, None] if axis == 0 else within[:, None, :]
    return (~inside).float()


def beta_shares(n: int, alpha: float, rng: torch.Generator) -> Tensor:
    """Draws of Beta(alpha, alpha), from two of Gamma: torch's own takes no generator.

    Shape: `(n,)`
    """
    gamma = torch._standard_gamma(torch.full((2, n), alpha), generator=rng)
    return gamma[0] / gamma.sum(dim=0).clamp_min(1e-9)


def blend(values: Tensor, weight: Tensor, partner: Tensor) -> Tensor:
    """Each slice's own values by weight, its partner's for the rest.

    Shape: `values` `(n, ...)`, `weight` one that goes with it and `partner` `(n,)` in, `(n, ...)`
    out
    """
    return values * weight + values[partner] * (1 - weight)
