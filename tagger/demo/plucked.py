"""Plucked strings: guitars and basses.

Source: K. Karplus and A. Strong, Digital Synthesis of Plucked-String and Drum Timbres, Computer
Music Journal 7(2), 1983: a burst of noise circles in a delay line one period long and is averaged
with its neighbour at every turn, so that high partials die first, as on a string. Pluck position
and strength after D. Jaffe and J. Smith, Extensions of the Karplus-Strong Plucked-String
Algorithm, same issue.
"""

from __future__ import annotations

import numpy as np

from tagger.demo.filters import bandpass, lowpass
from tagger.demo.synth import RATE, Sound, envelope, n_samples


def string(
    hz: float,
    seconds: float,
    rng: np.random.Generator,
    *,
    bright: float = 6000.0,
    ring: float = 4.0,
    position: float = 0.18,
) -> Sound:
    """Tone of a string plucked at `position` (0 to 0.5 of its length), peak near 1.

    `bright` is the cutoff of the pluck in Hz, `ring` the time to fall by 60 dB in seconds.
    Shape: (T,).
    """
    # Averaging two neighbours delays by half a sample, so a loop of n samples sounds at n + 0.5.
    period = max(round(RATE / hz - 0.5), 2)
    ratio = hz * (period + 0.5) / RATE
    loop = _circulate(
        _burst(period, bright, position, rng),
        n_samples(seconds * ratio) + 2,
        0.5 * 10.0 ** (-3 / (hz * ring)),
    )
    # Whole periods only give coarse pitches; reading the loop at another speed tunes it exactly.
    places = np.arange(n_samples(seconds)) * ratio
    return np.asarray(np.interp(places, np.arange(loop.size), loop), np.float32)


def steel_guitar(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Acoustic guitar with steel strings, played with a soft plectrum. Shape: (T,)."""
    tone = string(hz, seconds + 0.25, rng, bright=2600.0, ring=3.5, position=0.22)
    return _body(tone) * envelope(seconds, attack=0.001, release=0.25)


def nylon_guitar(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Classical guitar, played with the fingers. Shape: (T,)."""
    tone = string(hz, seconds + 0.2, rng, bright=1800.0, ring=2.5, position=0.25)
    return _body(tone) * envelope(seconds, attack=0.003, release=0.2)


def electric_guitar(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Electric guitar at its socket; `filters.overdrive` is the amplifier. Shape: (T,)."""
    tone = string(hz, seconds + 0.06, rng, bright=5000.0, ring=9.0, position=0.1)
    return tone * envelope(seconds, attack=0.001, release=0.06)


def electric_bass(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Bass guitar. Shape: (T,)."""
    tone = string(hz, seconds + 0.06, rng, bright=900.0, ring=5.0, position=0.2)
    return tone * envelope(seconds, attack=0.003, release=0.06)


def double_bass(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Double bass, plucked: dark, soon gone, with the thump of its body. Shape: (T,)."""
    tone = string(hz, seconds + 0.1, rng, bright=420.0, ring=1.8, position=0.3)
    boxy = lowpass(tone, 900.0, 1) + 0.8 * bandpass(tone, 110.0, 60.0)
    return boxy * envelope(seconds, attack=0.006, release=0.1)


def _body(tone: Sound) -> Sound:
    """Tone of a string on a guitar's box.

    Source: N. Fletcher and T. Rossing, The Physics of Musical Instruments, 2nd ed. 1998, ch. 9
    (air resonance near 100 Hz, top plate near 200 Hz).
    """
    return np.asarray(
        0.7 * tone + 0.5 * bandpass(tone, 105.0, 40.0) + 0.5 * bandpass(tone, 205.0, 70.0)
    )


def _burst(period: int, bright: float, position: float, rng: np.random.Generator) -> Sound:
    """One period of shaped noise, peak 1. Shape: (period,)."""
    k = np.arange(period // 2 + 1)
    # Random phases under a set spectrum: plain noise may happen to lack the fundamental.
    shape = np.sin(np.pi * k * position) / (1 + (k * RATE / period / bright) ** 2)
    phases = np.exp(2j * np.pi * rng.uniform(size=k.size))
    wave = np.fft.irfft(np.abs(shape) * phases, period)
    return np.asarray(wave / np.abs(wave).max(), np.float32)


def _circulate(burst: Sound, length: int, loss: float) -> Sound:
    """Karplus-Strong recursion, one period at a time. Shape: (period,) -> (length,)."""
    period = burst.size
    out = np.zeros(max(length, period) + 1, np.float32)  # the first zero is the sample before all
    out[1 : period + 1] = burst
    for start in range(period + 1, out.size, period):
        stop = min(start + period, out.size)
        before = out[start - period - 1 : stop - period]
        out[start:stop] = np.float32(loss) * (before[1:] + before[:-1])
    return out[1 : length + 1]
