"""Mel spectrograms in dB, as images: 128 bands, 22,050 Hz, windows of 2,048 samples, 512 apart.

The bands are those of the tagger, which are librosa's. Every frame lies wholly inside its slice, so
there are 126 of them; librosa pads the ends and makes 130.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tagger.models.card import MelSpec
from training.experiments.baselines.handmade import HOP, N_FFT, RATE, SLICE_S
from training.networks.mel_frontend import mel_power

SPEC = MelSpec(
    rate=RATE,
    slice_samples=RATE * SLICE_S,
    n_fft=N_FFT,
    hop=HOP,
    n_mels=128,
    fmin=0.0,
    fmax=RATE / 2,
    power_floor=1e-10,
    log_gain=1.0,  # of no use here: dB are taken instead
)
RANGE_DB = 80.0  # below the loudest value of a slice all is silence


def images(samples: Tensor) -> Tensor:
    """Images of slices: 1 is the loudest value of a slice, 0 is `RANGE_DB` below it and less.

    As `librosa.power_to_db(power, ref=np.max, top_db=80)`, scaled. Shape: `(B, T)` in, `(B, M, F)`
    """
    level = 10 * mel_power(samples, SPEC).clamp_min(SPEC.power_floor).log10()
    below = level - level.amax(dim=(1, 2), keepdim=True)
    return (below / RANGE_DB + 1).clamp_min(0)


def compact_images(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float16]:
    """The same for arrays, in half the bytes: rounded by at most 0.02 dB."""
    made: npt.NDArray[np.float16] = images(torch.from_numpy(samples)).numpy().astype(np.float16)
    return made
