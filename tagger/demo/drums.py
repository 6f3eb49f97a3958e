"""Drums and cymbals. All take a pitch and a length like other instruments and mostly ignore both.

Source: G. Reid, Synth Secrets, Sound on Sound 1999-2004 (bass drum as a falling sine, snare as two
shell modes and noise, cymbals as filtered noise with inharmonic squares).
"""

from __future__ import annotations

import numpy as np

from tagger.demo.filters import bandpass, highpass
from tagger.demo.synth import Sound, fade, noise, sine, times

# Hz; the six square waves of the TR-808 cymbal. Source: K. Werner, J. Abel and J. Smith, The
# TR-808 Cymbal: a Physically-Informed, Circuit-Bendable, Digital Model, ICMC 2014.
_METAL = (205.3, 369.6, 304.4, 522.7, 800.0, 540.0)


def kick(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Bass drum: a sine that falls from 180 to 48 Hz, and a click. Shape: (T,)."""
    t = times(0.4)
    body = sine(48 + 132 * fade(t, 0.025), 0.4) * fade(t, 0.11)
    return body + 0.04 * noise(0.4, rng) * fade(t, 0.003)


def snare(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Snare drum: two modes of the shell under the rattle of the wires. Shape: (T,)."""
    t = times(0.35)
    shell = (sine(185.0, 0.35) + 0.6 * sine(330.0, 0.35)) * fade(t, 0.045)
    return 0.7 * shell + 0.55 * highpass(noise(0.35, rng), 1200.0, 1) * fade(t, 0.075)


def rim(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Stick across the rim of the snare: a short wooden knock. Shape: (T,)."""
    t = times(0.1)
    knock = (sine(480.0, 0.1) + 0.8 * sine(1680.0, 0.1)) * fade(t, 0.012)
    return knock + 0.3 * highpass(noise(0.1, rng), 2000.0) * fade(t, 0.006)


def clap(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Hand clap of a drum machine: three bursts of noise and a tail. Shape: (T,)."""
    t = times(0.3)
    bursts = sum((t >= start) * fade(t - np.float32(start), 0.008) for start in (0, 0.011, 0.022))
    return 2 * bandpass(noise(0.3, rng), 1400.0, 1200.0) * (bursts + 0.5 * fade(t, 0.07))


def tom(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Tom: a sine that falls a little to its pitch. Shape: (T,)."""
    t = times(0.5)
    skin = sine(hz * (1 + 0.5 * fade(t, 0.04)), 0.5) * fade(t, 0.14)
    return skin + 0.08 * noise(0.5, rng) * fade(t, 0.01)


def hat(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Closed hi-hat. Shape: (T,)."""
    return _cymbal(0.12, 0.025, 7500.0, rng)


def open_hat(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Open hi-hat. Shape: (T,)."""
    return _cymbal(0.5, 0.13, 7000.0, rng)


def ride(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Ride cymbal: the ping of the stick over a long wash. Shape: (T,)."""
    t = times(1.2)
    ping = (sine(3150.0, 1.2) + 0.7 * sine(4730.0, 1.2)) * fade(t, 0.07)
    return 0.8 * _cymbal(1.2, 0.35, 4500.0, rng) + 0.15 * ping


def crash(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Crash cymbal. Shape: (T,)."""
    return _cymbal(2.5, 0.7, 3500.0, rng)


def brush(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Wire brush on a snare drum, or a shaker: noise that swells and goes. Shape: (T,)."""
    t = times(0.2)
    swell = np.minimum(t / np.float32(0.03), 1) * fade(t, 0.045)
    return np.asarray(bandpass(noise(0.2, rng), 5500.0, 5000.0) * swell)


def _cymbal(seconds: float, life: float, cutoff: float, rng: np.random.Generator) -> Sound:
    """Metal above `cutoff` Hz that falls to 1/e in `life` seconds. Shape: (T,)."""
    metal = sum(np.sign(sine(hz * 1.9, seconds)) for hz in _METAL) / len(_METAL)
    hiss = highpass(0.7 * noise(seconds, rng) + np.float32(1.0) * metal, cutoff, 4)
    return hiss * fade(times(seconds), life)
