"""The front end of `tagger.inference.mel_spectrogram` in torch, for training on CPU or GPU.

The filter bank and window are the tagger's own arrays, so only the arithmetic is written twice;
tests/test_mel.py holds the two to within float32 rounding of each other.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tagger.inference.mel_spectrogram import filter_bank, hann
from tagger.models.card import MelSpec


def mel_power(samples: Tensor, spec: MelSpec) -> Tensor:
    """Power in each mel band of each frame.

    Shape:
        - Input: `(B, T)`, mono at `spec.rate` Hz, any T of at least `spec.n_fft`
        - Output: `(B, M, F)`
    """
    spectrum = torch.stft(
        samples,
        spec.n_fft,
        spec.hop,
        window=torch.from_numpy(hann(spec.n_fft)).to(samples.device),
        center=False,
        return_complex=True,
    )
    power = spectrum.real**2 + spectrum.imag**2
    return torch.from_numpy(filter_bank(spec)).to(samples.device) @ power


def compress(power: Tensor, spec: MelSpec) -> Tensor:
    """Scale each slice to the same mean power, then take the logarithm.

    Shape: `(B, M, F)` in and out
    """
    mean = power.mean(dim=(-2, -1), keepdim=True)
    scaled = power * (spec.log_gain / mean.clamp_min(spec.power_floor))
    return torch.log1p(scaled) / math.log(10)
