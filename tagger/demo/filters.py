"""Filters, distortion and rooms, applied through one FFT over the whole sound.

The responses are those of analogue circuits, so they are causal: an attack stays an attack,
without the echo before it that a symmetric filter would give.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tagger.demo.synth import RATE, Sound, n_samples, noise, times

_Response = Callable[[NDArray[np.complex64]], NDArray[np.complex64]]


def lowpass(sound: Sound, cutoff: float, poles: int = 2) -> Sound:
    """Sound behind `poles` one-pole low-passes at `cutoff` Hz. Shape: (T,) -> (T,)."""
    return _respond(sound, lambda s: (1 + s / cutoff) ** -poles)


def highpass(sound: Sound, cutoff: float, poles: int = 2) -> Sound:
    """Sound behind `poles` one-pole high-passes at `cutoff` Hz. Shape: (T,) -> (T,)."""
    return _respond(sound, lambda s: (s / (cutoff + s)) ** poles)


def bandpass(sound: Sound, center: float, width: float) -> Sound:
    """Sound behind one resonance at `center` Hz, `width` Hz wide at -3 dB. Shape: (T,) -> (T,)."""
    return _respond(sound, lambda s: width * s / (center**2 + s * (s + width)))


def overdrive(sound: Sound, drive: float) -> Sound:
    """Sound of an amplifier pushed `drive` times too hard, through a guitar loudspeaker.

    A guitar cabinet passes roughly 80 Hz to 5 kHz with a bump near 2.5 kHz; without it the
    distortion is a buzz.
    Shape: (T,) -> (T,).
    """
    tight = highpass(sound, 90.0, 1)
    scale = np.float32(drive / max(float(np.sqrt(np.mean(tight**2))), 1e-9))
    dirty = np.tanh(scale * tight)
    return lowpass(dirty, 5200.0, 4) + 0.6 * bandpass(dirty, 2500.0, 1500.0)


def echo(sound: Sound, delay: float, feedback: float) -> Sound:
    """Sound with `delay` seconds' repeats, each `feedback` as loud as the one before.

    Shape: (T,) -> (T,).
    """
    step = n_samples(delay)
    out = sound.copy()
    for start in range(step, sound.size, step):
        block = out[start : start + step]
        block += np.float32(feedback) * out[start - step : start - step + block.size]
    return out


def room(sound: Sound, decay: float, rng: np.random.Generator) -> Sound:
    """Reverberation alone, for two ears: noise that dies away, 60 dB in `decay` seconds.

    Source: J. A. Moorer, About This Reverberation Business, Computer Music Journal 3(2), 1979
    (the response of a concert hall is close to exponentially decaying noise).
    Shape: (T,) -> (C, T) with C = 2.
    """
    t = times(decay)
    decline = np.float32(10.0) ** (-3 * t / np.float32(decay)) * np.minimum(t / 0.01, 1)
    tails = np.stack([lowpass(noise(decay, rng) * decline, 5000.0, 1) for _ in range(2)])
    tails /= np.sqrt(np.sum(tails**2, axis=-1, keepdims=True))
    size = _fast_length(sound.size + tails.shape[-1])
    spectrum = np.fft.rfft(sound, size) * np.fft.rfft(tails, size)
    return np.fft.irfft(spectrum, size)[:, : sound.size].astype(np.float32)


def _respond(sound: Sound, response: _Response) -> Sound:
    """Sound times a frequency response, given for s = j * frequency in Hz. Shape: (T,) -> (T,)."""
    # A quarter second of silence takes up the ringing that would wrap round to the start.
    size = _fast_length(sound.size + RATE // 4)
    s = np.fft.rfftfreq(size, 1 / RATE).astype(np.float32) * np.complex64(1j)
    filtered = np.fft.irfft(np.fft.rfft(sound, size) * response(s), size)
    return filtered[: sound.size].astype(np.float32)


def _fast_length(least: int) -> int:
    """Smallest FFT length of the form 2^k, 3 * 2^k, 5 * 2^k or 9 * 2^k that is not below `least`.

    >>> _fast_length(1000), _fast_length(1100)
    (1024, 1152)
    """
    odd = (1, 3, 5, 9)
    return min(m << max((-(-least // m) - 1).bit_length(), 0) for m in odd)
