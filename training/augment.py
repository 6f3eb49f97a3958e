"""Changes to a batch of mel slices that leave its labels true.

Each draws its parameters, then applies them; all randomness comes from the generator passed in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class AugmentConfig:
    """How often and how much."""

    eq_db: float = 6.0  # largest tilt or bend of the spectrum
    low_pass: float = 0.15  # share of slices without their highest bands
    noise: float = 0.2  # share of slices with a noise floor
    transpose: float = 0.3  # share of slices moved up or down by a band or two
    masks: int = 2  # rectangles blanked in each direction
    mask_bands: int = 10  # at most
    mask_frames: int = 20  # at most


def augment_power(power: Tensor, config: AugmentConfig, rng: torch.Generator) -> Tensor:
    """Transposed, filtered and noisy versions. Shape: `(B, M, F)` in and out."""
    power = _transpose(power, config.transpose, rng)
    power = power * _equaliser(power, config.eq_db, rng)
    power = power * _low_pass(power, config.low_pass, rng)
    return power + _noise(power, config.noise, rng)


def mask(mel: Tensor, config: AugmentConfig, rng: torch.Generator) -> Tensor:
    """Blank bands and frames of log-mel slices.

    Source: Park et al. 2019, "SpecAugment". Shape: `(B, M, F)` in and out
    """
    for _ in range(config.masks):
        bands = _stripe(mel.shape[0], mel.shape[1], config.mask_bands, rng)
        frames = _stripe(mel.shape[0], mel.shape[2], config.mask_frames, rng)
        mel = mel * (bands[:, :, None] * frames[:, None, :]).to(mel.device)
    return mel


def _draw(n: int, rng: torch.Generator) -> Tensor:
    return torch.rand(n, generator=rng)


def _chosen(power: Tensor, share: float, rng: torch.Generator) -> Tensor:
    return (_draw(len(power), rng) < share).to(power.device)[:, None, None]


def _transpose(power: Tensor, share: float, rng: torch.Generator) -> Tensor:
    shift = int(torch.randint(1, 3, (1,), generator=rng)) * (1 if _draw(1, rng) < 0.5 else -1)
    moved = torch.roll(power, shift, dims=1)
    if shift > 0:
        moved[:, :shift] = 0
    else:
        moved[:, shift:] = 0
    return torch.where(_chosen(power, share, rng), moved, power)


def _equaliser(power: Tensor, most_db: float, rng: torch.Generator) -> Tensor:
    """A slow curve over the bands: a tilt, a bow and a wave of random size."""
    bands = torch.linspace(0, math.pi, power.shape[1])
    curves = torch.stack([torch.cos(bands * k) for k in (1, 2, 3)])
    sizes = (torch.rand(len(power), 3, generator=rng) * 2 - 1) * most_db / torch.arange(1, 4)
    return (10 ** (sizes @ curves / 10)).to(power.device)[:, :, None]


def _low_pass(power: Tensor, share: float, rng: torch.Generator) -> Tensor:
    n_mels = power.shape[1]
    cut = torch.randint(n_mels * 5 // 8, n_mels, (len(power), 1), generator=rng)
    kept = (torch.arange(n_mels)[None] < cut).float().to(power.device)[:, :, None]
    return torch.where(_chosen(power, share, rng), kept, torch.ones_like(kept))


def _noise(power: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """A hiss of equal power per band, 20 to 50 dB under the mean of the slice."""
    level = 10 ** (-(2 + 3 * _draw(len(power), rng))).to(power.device)[:, None, None]
    hiss = -torch.log(torch.rand(power.shape, generator=rng).clamp_min(1e-9)).to(power.device)
    return hiss * level * power.mean(dim=(1, 2), keepdim=True) * _chosen(power, share, rng)


def _stripe(n: int, length: int, most: int, rng: torch.Generator) -> Tensor:
    """Ones with one run of zeros in each row. Shape: `(n, length)`."""
    width = (_draw(n, rng) * (most + 1)).floor()[:, None]
    start = (_draw(n, rng)[:, None] * (length - width)).floor()
    position = torch.arange(length)[None]
    return 1.0 - ((position >= start) & (position < start + width)).float()
