"""Blown, bowed and sung tones, and the organ: instruments that sound as long as a note is held."""

from __future__ import annotations

import numpy as np

from tagger.demo.filters import bandpass
from tagger.demo.synth import (
    Sound,
    cycle,
    envelope,
    fade,
    harmonics,
    noise,
    oscillate,
    saw,
    sine,
    times,
    together,
    vibrato,
)

# Formants of the vowel "ah" and their widths and strengths: Hz, Hz, linear.
# Source: G. Peterson and H. Barney, Control Methods Used in a Study of the Vowels, J. Acoust. Soc.
# Am. 24(2), 1952 (frequencies, means over men and women); a fourth near 3.2 kHz carries the
# "singing formant" of J. Sundberg, The Science of the Singing Voice, 1987.
_AH = ((790.0, 90.0, 1.0), (1155.0, 110.0, 0.6), (2625.0, 160.0, 0.12), (3200.0, 220.0, 0.1))

# Principal stops 16' 8' 4' 2 2/3' 2' 1 1/3' 1' as (harmonic of the 16' pitch, strength).
_PRINCIPALS = ((1, 0.35), (2, 1.0), (4, 0.7), (6, 0.3), (8, 0.4), (12, 0.15), (16, 0.15))

# Drawbars 888 000 000 with a little 1': (harmonic of the 16' drawbar, strength).
_DRAWBARS = ((1, 0.8), (3, 0.7), (2, 1.0), (16, 0.15))


def pipe_organ(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Church organ, a chorus of principals, each rank a little out of tune. Shape: (T,)."""
    loudness = envelope(seconds, attack=0.05, release=0.12)
    ranks = [
        oscillate(_pipe(hz * k / 2), hz * k / 2 * rng.normal(1, 0.0006), seconds + 0.12) * strength
        for k, strength in _PRINCIPALS
        if hz * k / 2 < 10000
    ]
    return loudness * together(ranks)


def drawbar_organ(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Electric organ with the sway of a rotating loudspeaker and its key click. Shape: (T,)."""
    amplitudes = np.zeros(16, np.float32)
    for harmonic, strength in _DRAWBARS:
        amplitudes[harmonic - 1] = strength
    length = seconds + 0.03
    tone = oscillate(cycle(amplitudes), vibrato(hz / 2, length, rng, rate=6.6, depth=0.003), length)
    click = 0.15 * noise(length, rng) * fade(times(length), 0.003)
    sway = 1 + np.float32(0.2) * sine(6.6, length)
    return np.asarray((tone + click) * sway * envelope(seconds, attack=0.004, release=0.03))


def strings(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Section of bowed strings: four detuned players with vibrato and slow bows. Shape: (T,)."""
    length = seconds + 0.25
    wave = saw(hz, cutoff=1500.0 + 2 * hz)
    players = [
        oscillate(wave, vibrato(hz * rng.normal(1, 0.002), length, rng), length, rng.uniform())
        for _ in range(4)
    ]
    bow = 0.02 * bandpass(noise(length, rng), 3000.0, 3000.0)
    attack = min(0.14, seconds / 3)
    return (together(players) / 2 + bow) * envelope(seconds, attack=attack, release=0.25)


def flute(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Flute: nearly a sine, with breath around its pitch. Shape: (T,)."""
    length = seconds + 0.08
    wave = cycle(np.array([1.0, 0.35, 0.12, 0.06, 0.02], np.float32))
    tone = oscillate(wave, vibrato(hz, length, rng, rate=4.8, depth=0.004), length)
    air = noise(length, rng)
    breath = 0.25 * bandpass(air, hz, hz / 2) + 0.05 * bandpass(air, 4500.0, 4000.0)
    chiff: Sound = breath * (1 + 2 * fade(times(length), 0.04))
    return (tone + chiff) * envelope(seconds, attack=0.05, release=0.08)


def choir(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Three singers on "ah": glottal pulses through the formants of the vowel. Shape: (T,)."""
    length = seconds + 0.3
    freqs = harmonics(hz)
    wave = cycle((hz / freqs * _vowel(freqs)).astype(np.float32))
    singers = [oscillate(wave, _singer(hz, length, rng), length, rng.uniform()) for _ in range(3)]
    tone: Sound = together(singers) / np.abs(wave).max()
    return tone * envelope(seconds, attack=min(0.18, seconds / 3), release=0.3)


def pad(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Synthesizer pad: detuned dark saws that swell and fade for a second. Shape: (T,)."""
    length = seconds + 1.0
    wave = saw(hz, cutoff=350.0 + hz)
    parts = [oscillate(wave, hz * detune, length, rng.uniform()) for detune in (0.996, 1.0, 1.0045)]
    return together(parts) * envelope(seconds, attack=seconds * 0.35, release=1.0)


def _pipe(hz: float) -> Sound:
    """One cycle of a principal pipe: harmonics fall steeply. Shape: (table,)."""
    freqs = harmonics(hz)[:12]
    return cycle(((hz / freqs) ** 1.8).astype(np.float32))


def _singer(hz: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Frequency of one singer in Hz: never quite in tune. Shape: (T,)."""
    mean = hz * rng.normal(1, 0.003)
    return vibrato(mean, seconds, rng, rate=rng.uniform(5, 6), depth=0.009)


def _vowel(freqs: Sound) -> Sound:
    """Gain of the vocal tract at frequencies in Hz: parallel resonances. Shape: as `freqs`."""
    gains = [
        strength / np.sqrt(1 + ((freqs - center) / width) ** 2) for center, width, strength in _AH
    ]
    return 0.03 + together(gains)
