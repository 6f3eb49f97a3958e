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
    mel_range: float = 0.0  # bands by which either end of the mel range moves, at most
    mix_style: float = 0.0  # share of slices that take on the spectral colour of another
    mix_style_alpha: float = 0.4


def augment_power(power: Tensor, config: AugmentConfig, rng: torch.Generator) -> Tensor:
    """Transposed, filtered and noisy versions. Shape: `(B, M, F)` in and out."""
    power = _transpose(power, config.transpose, rng)
    if config.mel_range:  # draws nothing where it is off, so that older runs stay the same
        power = stretch_bands(power, *mel_range_draw(len(power), config.mel_range, rng))
    power = power * _equaliser(power, config.eq_db, rng)
    power = power * _low_pass(power, config.low_pass, rng)
    return power + _noise(power, config.noise, rng)


def mask(mel: Tensor, config: AugmentConfig, rng: torch.Generator) -> Tensor:
    """Blank bands and frames of log-mel slices, with the very draws of torchaudio's masks.

    Source: Park et al. 2019, "SpecAugment". Shape: `(B, M, F)` in and out
    """
    # Drawn where the slices are: on a GPU a generator of the processor would be waited for.
    draws = torch.Generator(mel.device)
    draws.manual_seed(int(torch.randint(2**62, (1,), generator=rng)))
    for _ in range(config.masks):
        mel = _masked(mel, config.mask_bands, 1, draws)
        mel = _masked(mel, config.mask_frames, 2, draws)
    return mel


def _masked(mel: Tensor, most: int, axis: int, rng: torch.Generator) -> Tensor:
    """Each slice with up to `most` neighbours along an axis blanked. Shape: `(B, M, F)`."""
    size, length = (len(mel), 1), mel.shape[axis]
    width = torch.rand(size, generator=rng, device=mel.device, dtype=mel.dtype) * (most + 1)
    share = torch.rand(size, generator=rng, device=mel.device, dtype=mel.dtype)
    first = (share * (length - width)).long()
    place = torch.arange(length, device=mel.device)[None]
    inside = (place >= first) & (place < first + width.long())
    return mel.masked_fill(inside.unsqueeze(3 - axis), 0.0)


def mel_range_draw(n: int, most: float, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """How far the lowest and the highest band of each slice move, in bands. Shape: `(n,)` twice."""
    moves = (torch.rand(2, n, generator=rng) * 2 - 1) * most
    return moves[0], moves[1]


def stretch_bands(power: Tensor, lowest: Tensor, highest: Tensor) -> Tensor:
    """As if the mel bands had been laid from a little lower or higher to a little lower or higher.

    What the other bands would have heard beyond the old ones is silence. Source: the jitter of
    fmin and fmax in PaSST (Koutini et al. 2022). Shape: `(B, M, F)`, `(B,)`, `(B,)` in, `(B, M, F)`
    """
    n_mels = power.shape[1]
    along = torch.linspace(0, 1, n_mels)[None]
    place = torch.arange(n_mels)[None] + lowest[:, None] * (1 - along) + highest[:, None] * along
    below = place.floor()
    share = (place - below).to(power.device)[:, :, None]
    return _bands(power, below) * (1 - share) + _bands(power, below + 1) * share


def mix_style_draw(n: int, config: AugmentConfig, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """How much of its own colour each slice keeps, and whose the rest is. Shape: `(n,)` twice."""
    alpha = torch.full((2, n), config.mix_style_alpha)
    gamma = torch._standard_gamma(alpha, generator=rng)
    share = gamma[0] / gamma.sum(dim=0).clamp_min(1e-9)
    chosen = _draw(n, rng) < config.mix_style
    return torch.where(chosen, share, 1.0), torch.randperm(n, generator=rng)


def mix_style(mel: Tensor, share: Tensor, partner: Tensor) -> Tensor:
    """Give each band the mean and spread over time of a blend of two slices.

    Labels stay: what differs is the colour of the recording. Source: Kim et al. 2022, "Domain
    Generalization on Efficient Acoustic Scene Classification Using Residual Normalization"
    (Freq-MixStyle), after Zhou et al. 2021. Shape: `(B, M, F)`, `(B,)`, `(B,)` in, `(B, M, F)` out
    """
    own = share.to(mel.device)[:, None, None]
    mean, spread = mel.mean(dim=2, keepdim=True), mel.std(dim=2, keepdim=True) + 1e-6
    new_mean = own * mean + (1 - own) * mean[partner]
    new_spread = own * spread + (1 - own) * spread[partner]
    return (mel - mean) / spread * new_spread + new_mean


def _bands(power: Tensor, index: Tensor) -> Tensor:
    """Each slice's bands of these numbers, silence where there is no such band."""
    inside = ((index >= 0) & (index < power.shape[1])).to(power.device)[:, :, None]
    at = index.clamp(0, power.shape[1] - 1).long().to(power.device)
    return torch.gather(power, 1, at[:, :, None].expand_as(power)) * inside


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
