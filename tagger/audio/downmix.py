"""Many channels and sample formats to one channel of float32."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tagger.audio.types import Samples

# Full scale of each integer format; FFmpeg keeps 24 bits in the upper part of 32.
_FULL_SCALE = {"u1": 2.0**7, "i2": 2.0**15, "i4": 2.0**31, "i8": 2.0**63}


def mix(samples: NDArray[np.generic]) -> Samples:
    """Mean of the channels, integers scaled to ±1.

    A product with weights, because `samples.mean(1)` takes thirty times as long on two channels.

    Shape:
        - Input: `(T, C)`
        - Output: `(T,)`

    >>> mix(np.array([[16384, 0], [-32768, -32768]], np.int16)).tolist()
    [0.25, -1.0]
    """
    kind = samples.dtype.str[1:]
    channels = samples.shape[1]
    weights = np.full(channels, 1 / channels / _FULL_SCALE.get(kind, 1), np.float32)
    # A broken float file holds infinities; the window says so later, numpy need not.
    with np.errstate(invalid="ignore", over="ignore"):
        mixed: Samples = samples.astype(np.float32, copy=False) @ weights
    return mixed - np.float32(1) if kind == "u1" else mixed
