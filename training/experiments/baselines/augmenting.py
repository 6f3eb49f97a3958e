"""Changes to slices while a network learns: of their sound first, then of their pictures.

Each draws its parameters, then applies them; all randomness comes from the generator passed in.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from training.augment.mixup import beta_shares, blend, outside_rectangle
from training.augment.spectrogram import AugmentConfig, mask


@dataclass(frozen=True, slots=True)
class Augmenting:
    """How often and how much; the figures are those that were published with GTZAN."""

    audio: float = 0.5  # share of slices whose sound may change; of these:
    shift: float = 0.3  # share moved in time, around the end
    noise: float = 0.35  # share with Gaussian noise
    image: float = 0.8  # share of slices whose picture may change; of these:
    mixup: float = 0.65  # share blended with another
    mixup_alpha: float = 0.5
    cutmix: bool = False  # half of those take a rectangle of the other instead
    mask_bands: float = 0.2  # of all bands, blanked at most
    mask_frames: float = 0.3  # of all frames, blanked at most


@dataclass(frozen=True, slots=True, eq=False)
class AudioDraw:
    """Shape: `(B,)` each."""

    shift: Tensor  # samples
    noise: Tensor  # of its RMS to the slice's; 0: none

    @property
    def changed(self) -> Tensor:
        """Which slices are not as they were."""
        return (self.shift != 0) | (self.noise != 0)

    def only(self, chosen: Tensor) -> AudioDraw:
        """The draw for some of the slices."""
        return AudioDraw(self.shift[chosen], self.noise[chosen])


def audio_draw(n: int, length: int, config: Augmenting, rng: torch.Generator) -> AudioDraw:
    """For `n` slices of `length` samples."""
    chosen = torch.rand(n, generator=rng) < config.audio
    moved = chosen & (torch.rand(n, generator=rng) < config.shift)
    hissing = chosen & (torch.rand(n, generator=rng) < config.noise)
    shift = torch.randint(1, length, (n,), generator=rng)
    level = 10 ** -(1 + 1.5 * torch.rand(n, generator=rng))  # 20 to 50 dB under the slice
    return AudioDraw(torch.where(moved, shift, 0), torch.where(hissing, level, 0.0))


def change_audio(waves: Tensor, draw: AudioDraw, rng: torch.Generator) -> Tensor:
    """Slices moved around and with noise. Shape: `(B, T)` in and out."""
    at = (torch.arange(waves.shape[1])[None] - draw.shift[:, None]) % waves.shape[1]
    moved = torch.gather(waves, 1, at)
    rms = moved.square().mean(dim=1, keepdim=True).sqrt()
    return moved + torch.randn(moved.shape, generator=rng) * rms * draw.noise[:, None]


@dataclass(frozen=True, slots=True, eq=False)
class BlendDraw:
    """Shape: `(B,)`, `(B,)`, and `(B, M, F)` that is 1 where a slice keeps its own picture."""

    partner: Tensor
    share: Tensor  # of a slice's own labels that stay
    own: Tensor


def blend_draw(
    chosen: Tensor, shape: tuple[int, int], config: Augmenting, rng: torch.Generator
) -> BlendDraw:
    """Mixup or CutMix for some of the chosen slices.

    Source: Zhang et al. 2018, "mixup"; Yun et al. 2019, "CutMix". Shape: `chosen` `(B,)`
    """
    n = len(chosen)
    blended = chosen & (torch.rand(n, generator=rng) < config.mixup)
    share = torch.where(blended, beta_shares(n, config.mixup_alpha, rng), 1.0)
    own = share[:, None, None].expand(n, *shape)
    if config.cutmix:
        cut = blended & (torch.rand(n, generator=rng) < 0.5)
        outside = outside_rectangle(share, shape, rng)
        own = torch.where(cut[:, None, None], outside, own)
        share = torch.where(cut, outside.mean(dim=(1, 2)), share)
    return BlendDraw(torch.randperm(n, generator=rng), share, own)


def change_images(
    images: Tensor, targets: Tensor, config: Augmenting, rng: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Blended and masked pictures with their labels. Shape: `(B, M, F)` and `(B, C)`."""
    chosen = torch.rand(len(images), generator=rng) < config.image
    n_bands, n_frames = images.shape[1:]
    draw = blend_draw(chosen, (n_bands, n_frames), config, rng)
    images = blend(images, draw.own, draw.partner)
    targets = blend(targets, draw.share[:, None], draw.partner)
    masks = AugmentConfig(
        masks=1,
        mask_bands=round(config.mask_bands * n_bands),
        mask_frames=round(config.mask_frames * n_frames),
    )
    return torch.where(chosen[:, None, None], mask(images, masks, rng), images), targets
