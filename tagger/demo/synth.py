"""Oscillators, envelopes and noise: the raw material of every instrument of the demo.

Oscillators read one cycle of a wave from a table that is built from its harmonics. Nothing above
`_TOP_HZ` ever enters the table, so no wave aliases, and a low-pass filter costs nothing: it is a
choice of amplitudes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float32]

RATE = 44100  # Hz; what most music files of a library have

_TOP_HZ = 16000.0
_TABLE = 2048  # samples; interpolation noise stays below -60 dB for the harmonics that are strong
_MAX_HARMONICS = 512


def hertz(pitch: float) -> float:
    """Frequency in Hz of a MIDI pitch, equal temperament, A4 = 69 = 440 Hz.

    Source: MIDI 1.0 Detailed Specification, 1995 (note numbers); ISO 16:1975 (440 Hz).

    >>> hertz(69), round(hertz(60), 2)
    (440.0, 261.63)
    """
    return float(440.0 * 2.0 ** ((pitch - 69) / 12))


def n_samples(seconds: float) -> int:
    """Count of samples in a length of time."""
    return round(seconds * RATE)


def times(seconds: float) -> Sound:
    """Time of each sample in seconds. Shape: (T,)."""
    return np.arange(n_samples(seconds), dtype=np.float32) / np.float32(RATE)


def harmonics(hz: float) -> Sound:
    """Frequencies in Hz of the harmonics of a tone that may sound. Shape: (harmonics,)."""
    count = min(max(int(_TOP_HZ / hz), 1), _MAX_HARMONICS)
    return (np.arange(1, count + 1) * hz).astype(np.float32)


def saw(hz: float, cutoff: float = _TOP_HZ) -> Sound:
    """One cycle of a sawtooth behind a two-pole low-pass (`cutoff` in Hz). Shape: (table,)."""
    freqs = harmonics(hz)
    return cycle(hz / freqs / (1 + (freqs / cutoff) ** 2))


def square(hz: float, cutoff: float = _TOP_HZ) -> Sound:
    """One cycle of a square wave behind a two-pole low-pass (`cutoff` in Hz). Shape: (table,)."""
    freqs = harmonics(hz)
    amplitudes = hz / freqs / (1 + (freqs / cutoff) ** 2)
    amplitudes[1::2] = 0  # a square wave has odd harmonics only
    return cycle(amplitudes)


def cycle(amplitudes: Sound) -> Sound:
    """One cycle of the wave whose k-th harmonic has the k-th amplitude; its first sample repeats.

    >>> cycle(np.array([1.0], np.float32))[[0, 512, 1024]].round(3).tolist()
    [0.0, 1.0, 0.0]
    """
    spectrum = np.zeros(_TABLE // 2 + 1, np.complex64)
    spectrum[1 : 1 + amplitudes.size] = amplitudes * np.complex64(-0.5j * _TABLE)
    wave = np.fft.irfft(spectrum, _TABLE)
    return np.append(wave, wave[:1]).astype(np.float32)


def oscillate(wave: Sound, hz: float | Sound, seconds: float, phase: float = 0.0) -> Sound:
    """Play a cycle at a fixed frequency in Hz, or at one for each sample. Shape: (T,)."""
    return _lookup(wave, _phases(hz, seconds, phase))


def sine(hz: float | Sound, seconds: float, phase: float = 0.0) -> Sound:
    """Play a sine at a fixed frequency in Hz, or at one for each sample. Shape: (T,)."""
    turns = _phases(hz, seconds, phase)
    return np.asarray(np.sin(np.float32(2 * np.pi) * turns))


def vibrato(
    hz: float, seconds: float, rng: np.random.Generator, *, rate: float = 5.3, depth: float = 0.006
) -> Sound:
    """Frequency in Hz of each sample of a tone that sways (`rate` in Hz, `depth` relative).

    Vibrato sets in after the attack, as players do.
    Shape: (T,).
    """
    t = times(seconds)
    sway = np.sin(np.float32(2 * np.pi * rate) * t + np.float32(rng.uniform(0, 2 * np.pi)))
    onset = np.minimum(t / np.float32(0.4), 1)
    return np.asarray(np.float32(hz) * (1 + np.float32(depth) * onset * sway))


def fade(t: Sound, life: float) -> Sound:
    """Decay to 1/e in `life` seconds from time 0, and 1 before. Shape: as `t`, in seconds."""
    return np.asarray(np.exp(np.maximum(t, 0) / np.float32(-life)))


def envelope(
    seconds: float, *, attack: float, decay: float = 1.0, sustain: float = 1.0, release: float
) -> Sound:
    """Loudness of a note held for `seconds`, then released. All times in seconds.

    Shape: (T,), `seconds + release` long.
    """
    t = times(seconds + release)
    rise = np.minimum(t / np.float32(attack), 1)
    fall = np.clip(1 - (t - np.float32(seconds)) / np.float32(release), 0, 1) ** 2
    return np.asarray(rise * (sustain + (1 - sustain) * fade(t, decay)) * fall)


def together(sounds: Sequence[Sound]) -> Sound:
    """Sum of sounds of one length. Shape: (T,)."""
    return np.asarray(np.sum(sounds, axis=0), np.float32)


def noise(seconds: float, rng: np.random.Generator) -> Sound:
    """White noise of RMS 1. Shape: (T,)."""
    return rng.standard_normal(n_samples(seconds), dtype=np.float32)


def _phases(hz: float | Sound, seconds: float, phase: float) -> Sound:
    """Position in the cycle, 0 to 1, of each sample. Shape: (T,)."""
    # Doubles: after 30 s a float32 count of turns is wrong by a thousandth of a turn.
    turns: NDArray[np.float64]
    if isinstance(hz, np.ndarray):
        turns = phase + np.cumsum(hz, dtype=np.float64) / RATE
    else:
        turns = phase + np.arange(n_samples(seconds), dtype=np.float64) * (hz / RATE)
    return (turns - np.floor(turns)).astype(np.float32)


def _lookup(wave: Sound, phases: Sound) -> Sound:
    """Table values between whole samples, by linear interpolation. Shape: (T,)."""
    place = phases * np.float32(_TABLE)
    # A phase just below 1 may round up to 1: the last cell then ends at the repeated sample.
    left = np.minimum(place.astype(np.int32), _TABLE - 1)
    start = wave[left]
    return np.asarray(start + (place - left.astype(np.float32)) * (wave[left + 1] - start))
