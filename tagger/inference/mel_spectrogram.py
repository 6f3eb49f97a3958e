"""Log-mel slices.

`log_mel` runs the graph of `mel_graph`; `mel_power` and `compress` say in plain numpy what it
computes, 2.5 times as slowly. Neither torch (750 MB) nor scipy (143 MB) is needed for either.
`training.networks.mel_frontend` holds the same computation in torch; a test keeps the three equal,
and equal to librosa.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tagger.inference.mel_graph import mel_graph, used_samples
from tagger.models.card import MelSpec
from tagger.models.session import open_session

Array = npt.NDArray[np.float32]

# Slaney's Auditory Toolbox (1998) makes the scale linear below 1 kHz, 3 mel to 200 Hz, and
# logarithmic above, 27 mel to a factor of 6.4.
_HZ_PER_MEL = 200.0 / 3.0
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27.0


def hz_to_mel(hz: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Slaney's mel of each frequency in Hz.

    >>> hz_to_mel([0, 1000, 6400]).round(6).tolist()
    [0.0, 15.0, 42.0]
    """
    hz = np.asarray(hz, dtype=np.float64)
    above = _BREAK_MEL + np.log(np.maximum(hz, _BREAK_HZ) / _BREAK_HZ) / _LOG_STEP
    return np.where(hz < _BREAK_HZ, hz / _HZ_PER_MEL, above)


def mel_to_hz(mel: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Frequency in Hz of each of Slaney's mels, the inverse of `hz_to_mel`."""
    mel = np.asarray(mel, dtype=np.float64)
    above = _BREAK_HZ * np.exp(_LOG_STEP * (np.maximum(mel, _BREAK_MEL) - _BREAK_MEL))
    return np.where(mel < _BREAK_MEL, mel * _HZ_PER_MEL, above)


@lru_cache(maxsize=4)
def filter_bank(spec: MelSpec) -> Array:
    """Triangles over the FFT's bins, each of equal area, as librosa's `filters.mel` makes them.

    Shape: `(M, n_fft // 2 + 1)`
    """
    bins = np.linspace(0.0, spec.rate / 2, spec.n_fft // 2 + 1)
    edges = mel_to_hz(np.linspace(hz_to_mel(spec.fmin), hz_to_mel(spec.fmax), spec.n_mels + 2))
    rise = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    area = (edges[2:] - edges[:-2])[:, None] / 2
    return (np.maximum(0.0, np.minimum(rise, fall)) / area).astype(np.float32)


@lru_cache(maxsize=4)
def hann(n_fft: int) -> Array:
    """The periodic Hann window. Shape: `(n_fft,)`."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)).astype(np.float32)


def mel_power(samples: Array, spec: MelSpec) -> Array:
    """Power in each mel band of each frame.

    Shape:
        - Input: `(S, T)`, mono at `spec.rate` Hz
        - Output: `(S, M, F)`
    """
    frames = np.lib.stride_tricks.sliding_window_view(samples, spec.n_fft, axis=-1)
    spectrum = np.fft.rfft(frames[..., :: spec.hop, :] * hann(spec.n_fft))
    power = spectrum.real**2 + spectrum.imag**2
    bands = np.empty((*power.shape[:-1], spec.n_mels), dtype=np.float32)
    for i, (first, stop, weights) in enumerate(_triangles(spec)):
        bands[..., i] = np.einsum("...k,k->...", power[..., first:stop], weights)
    return np.swapaxes(bands, -1, -2)


@lru_cache(maxsize=4)
def _triangles(spec: MelSpec) -> tuple[tuple[int, int, Array], ...]:
    """First bin, end and weights of each filter where it is not zero.

    A filter covers some ten of 513 bins. Summing just those takes a tenth of the time of a matrix
    product, and keeps BLAS out: its threads spin while they wait, which cost ten times the product
    itself as soon as another program wanted a core.
    """
    spans = []
    for row in filter_bank(spec):
        (bins,) = np.nonzero(row)
        first, stop = (bins[0], bins[-1] + 1) if len(bins) else (0, 0)
        spans.append((int(first), int(stop), row[first:stop].copy()))
    return tuple(spans)


def compress(power: Array, spec: MelSpec) -> Array:
    """Scale each slice to the same mean power, then take the logarithm.

    Shape: `(S, M, F)` in and out
    """
    mean = power.mean(axis=(-2, -1), keepdims=True)
    scale = np.float32(spec.log_gain) / np.maximum(mean, np.float32(spec.power_floor))
    # log1p keeps small values exact; dividing by ln(10) makes one unit ten decibels.
    return np.asarray(np.log1p(power * scale) / np.float32(np.log(10)), dtype=np.float32)


def log_mel(samples: Array, spec: MelSpec) -> Array:
    """The slices a network takes.

    Shape:
        - Input: `(S, T)` with T = `spec.slice_samples`
        - Output: `(S, M, F)` with F = `spec.n_frames`
    """
    if samples.ndim != 2 or samples.shape[1] != spec.slice_samples:
        raise ValueError(f"expected (S, {spec.slice_samples}) samples, got {samples.shape}")
    # Slice by slice, which fits into the processor's cache.
    mel = np.empty((len(samples), spec.n_mels, spec.n_frames), dtype=np.float32)
    used = np.ascontiguousarray(samples[:, : used_samples(spec)], dtype=np.float32)
    for i, row in enumerate(used):
        (mel[i],) = _session(spec).run(["mel"], {"samples": row})
    return mel


@lru_cache(maxsize=4)
def _session(spec: MelSpec) -> Any:
    content = mel_graph(spec, filter_bank(spec), hann(spec.n_fft))
    return open_session(content, Path("mel"), threads=1)
