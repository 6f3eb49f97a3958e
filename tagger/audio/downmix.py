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
    weights = np.full(samples.shape[1], _weight(samples, samples.shape[1]), np.float32)
    # A broken float file holds infinities; the window says so later, numpy need not.
    with np.errstate(invalid="ignore", over="ignore"):
        return _centred(samples.astype(np.float32, copy=False) @ weights, samples)


def mix_planes(planes: NDArray[np.generic]) -> Samples:
    """The same for channels that lie apart, in blocks one after the other.

    Shape:
        - Input: `(N, C, T)`
        - Output: `(N * T,)`

    >>> mix_planes(np.array([[[16384], [0]], [[-32768], [-32768]]], np.int16)).tolist()
    [0.25, -1.0]
    """
    weights = np.full((1, planes.shape[1]), _weight(planes, planes.shape[1]), np.float32)
    with np.errstate(invalid="ignore", over="ignore"):
        mixed = np.matmul(weights, planes.astype(np.float32, copy=False))
    return _centred(mixed.ravel(), planes)


def _weight(samples: NDArray[np.generic], channels: int) -> float:
    return 1 / channels / _FULL_SCALE.get(samples.dtype.str[1:], 1)


def _centred(mixed: Samples, samples: NDArray[np.generic]) -> Samples:
    """Unsigned bytes have their zero in the middle."""
    return mixed - np.float32(1) if samples.dtype.str[1:] == "u1" else mixed
