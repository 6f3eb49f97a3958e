"""Sounds of no genre and no instrument, made as they are needed: hiss, rumble, hum, crackle.

Made as samples and not as mel power: neighbouring frames and bands of a real noise go together,
and a network that has only met bands that jump about hears drums in a steady hiss.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from tagger.models.card import MelSpec
from training.networks.mel_frontend import mel_power

Array = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]


def make_noise(spec: MelSpec, rng: np.random.Generator) -> Array:
    """Mel power of one slice, at the level of a quiet recording. Shape: `(M, F)`."""
    chance = rng.random()
    if chance < 0.15:
        samples = hum(spec, rng)
    elif chance < 0.3:
        samples = crackle(spec, rng) + 10 ** rng.uniform(-3, 0) * hiss(spec, rng)
    else:
        samples = hiss(spec, rng)
        if rng.random() < 0.2:
            samples += 10 ** rng.uniform(-1, 1) * hum(spec, rng)
    samples *= 10 ** (rng.uniform(-50, -10) / 20)
    power = mel_power(torch.from_numpy(samples.astype(np.float32))[None], spec)[0]
    return np.asarray(power.numpy(), dtype=np.float32)


def hiss(spec: MelSpec, rng: np.random.Generator) -> Floats:
    """Noise of any colour from violet to brown, of all bands or some, steady or swelling."""
    n = spec.slice_samples
    frequency = np.fft.rfftfreq(n, 1 / spec.rate)
    shape = np.maximum(frequency, 20.0) ** (-rng.uniform(-1.0, 2.5) / 2)
    if rng.random() < 0.5:
        low, high = np.sort(np.exp(rng.uniform(np.log(30), np.log(spec.rate / 2), 2)))
        steep = rng.uniform(2, 8)
        shape /= np.sqrt(1 + (low / np.maximum(frequency, 1.0)) ** steep)
        shape /= np.sqrt(1 + (frequency / high) ** steep)
    spectrum = np.fft.rfft(rng.normal(size=n)) * shape
    samples = np.fft.irfft(spectrum, n)
    swell_db = rng.uniform(0, 8) * np.sin(np.linspace(0, rng.uniform(0, 12), n) + rng.uniform(0, 6))
    return np.asarray(_unit(samples) * 10 ** (swell_db / 20), dtype=np.float64)


def hum(spec: MelSpec, rng: np.random.Generator) -> Floats:
    """The mains and its overtones, or one steady tone."""
    time = np.arange(spec.slice_samples) / spec.rate
    if rng.random() < 0.3:
        tones = [(float(np.exp(rng.uniform(np.log(60), np.log(spec.rate / 2)))), 1.0)]
    else:
        first = rng.choice([50.0, 60.0, 100.0, 120.0])
        fall = rng.uniform(0.5, 2.5)
        tones = [(first * k, rng.uniform(0.3, 1) / k**fall) for k in range(1, 16)]
    waves = [a * np.sin(2 * np.pi * (f * time + rng.random())) for f, a in tones]
    return _unit(np.sum(waves, axis=0))


def crackle(spec: MelSpec, rng: np.random.Generator) -> Floats:
    """Clicks at random moments, as of an old record."""
    n = spec.slice_samples
    clicks = rng.normal(size=n) * (rng.random(n) < 10 ** rng.uniform(-4.3, -2.5))
    clicks[int(rng.integers(n))] += 1.0  # never none
    decay = np.exp(-np.arange(64) / rng.uniform(0.5, 16))
    return _unit(np.convolve(clicks, decay, mode="same"))


def _unit(samples: Floats) -> Floats:
    return np.asarray(samples / max(float(np.sqrt(np.mean(samples**2))), 1e-12))
