"""Tones that fade by themselves: pianos, bell, synthesizer basses and leads."""

from __future__ import annotations

import numpy as np

from tagger.demo.synth import (
    RATE,
    Sound,
    envelope,
    fade,
    n_samples,
    noise,
    oscillate,
    saw,
    sine,
    square,
    times,
)


def piano(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Piano: stretched partials, two strings to a note, a felt thump. Shape: (T,).

    Source: N. Fletcher and T. Rossing, The Physics of Musical Instruments, 2nd ed. 1998, ch. 12:
    partial n lies at n f sqrt(1 + B n^2), high partials and high notes die sooner.
    """
    length = seconds + 0.3
    t = times(length)
    stretch = 0.0004 * (hz / 262) ** 1.2
    out = np.zeros(t.size, np.float32)
    for n in range(1, min(18, int(9000 / hz)) + 1):
        partial = n * hz * (1 + stretch * n * n) ** 0.5
        out += _partial(partial, n, hz, t)
    thump = 0.05 * noise(length, rng) * fade(t, 0.012)
    return (out + thump) * envelope(seconds, attack=0.002, release=0.3)


def electric_piano(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Electric piano by frequency modulation: a bar and the short ping of its tine. Shape: (T,).

    Source: J. Chowning, The Synthesis of Complex Audio Spectra by Means of Frequency Modulation,
    J. Audio Eng. Soc. 21(7), 1973; ratios 1:1 and 1:14 are those of the well-known DX7 voice.
    """
    length = seconds + 0.15
    t = times(length)
    bar = _modulated(hz, 1.0, 1.1 * fade(t, 0.6), length)
    tine = _modulated(hz, 14.0, 0.5 * fade(t, 0.12), length)
    loudness = envelope(seconds, attack=0.002, decay=1.2, sustain=0.0, release=0.15)
    return (0.75 * bar + 0.35 * tine) * loudness * np.float32(rng.normal(1, 0.02))


def bell(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Bell by frequency modulation at the ratio 1:1.4, which no harmonic series has. Shape: (T,).

    Source: Chowning 1973, as above.
    """
    length = seconds + 2.0
    index = 3 * fade(times(length), 0.7)
    loudness = envelope(seconds, attack=0.003, decay=0.9, sustain=0.0, release=2.0)
    return _modulated(hz, 1.4, index, length) * loudness * np.float32(rng.normal(1, 0.02))


def synth_bass(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Saw bass whose filter closes after the attack. Shape: (T,)."""
    return _closing(saw(hz, 2500.0), saw(hz, 250.0), hz, seconds, rng)


def pluck_lead(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Short square-wave note for arpeggios. Shape: (T,)."""
    return _closing(square(hz, 7000.0), square(hz, 700.0), hz, seconds, rng)


def sub_bass(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Long sine bass that drops into its pitch, like a tuned kick drum. Shape: (T,)."""
    length = seconds + 0.2
    drop = 1 + fade(times(length), 0.02)
    loudness = envelope(seconds, attack=0.003, decay=0.9, sustain=0.1, release=0.2)
    return np.asarray(np.tanh(1.5 * sine(hz * drop, length)) * loudness)


def _closing(
    bright: Sound, dull: Sound, hz: float, seconds: float, rng: np.random.Generator
) -> Sound:
    """Note that fades from one wave to a duller one: a swept filter without a recursion."""
    length, start = seconds + 0.05, rng.uniform()
    closing = fade(times(length), 0.08)
    bottom = oscillate(dull, hz, length, start)
    tone = bottom + closing * (oscillate(bright, hz, length, start) - bottom)
    return tone * envelope(seconds, attack=0.002, decay=0.4, sustain=0.5, release=0.05)


def _partial(hz: float, n: int, fundamental: float, t: Sound) -> Sound:
    """The n-th partial of a piano note: two strings that beat slowly. Shape: (T,)."""
    life = 2.5 * (262 / fundamental) ** 0.6 / (1 + 0.25 * (n - 1))  # seconds to fall to 1/e
    strength = np.sin(np.pi * n / 8) / n**1.1 if n % 8 else 0.02  # hammer strikes at 1/8
    audible = min(t.size, n_samples(6 * life))  # what comes later is below -50 dB
    seconds = audible / RATE
    pair = sine(hz, seconds) + np.float32(0.6) * sine(hz * 1.0006, seconds)
    out = np.zeros_like(t)
    out[:audible] = np.float32(strength) * pair * fade(t[:audible], life)
    return out


def _modulated(hz: float, ratio: float, index: Sound, seconds: float) -> Sound:
    """Sine at `hz` whose phase is swayed by one at `ratio` times that. Shape: (T,)."""
    phase = np.float32(2 * np.pi * hz) * times(seconds)
    return np.sin(phase + index * sine(hz * ratio, seconds))
