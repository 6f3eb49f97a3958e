"""What is no music gets no tag from the model that ships."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from tagger.models.model import load_model
from tagger.scanning.one_file import tag_file
from tagger.scanning.settings import Settings

RATE, N = 44100, 30 * 44100
Floats = npt.NDArray[np.float64]


def coloured(power: float) -> Floats:
    """Noise whose power falls with frequency to this power."""
    spectrum = np.fft.rfft(np.random.default_rng(0).normal(size=N))
    samples = np.fft.irfft(spectrum / np.maximum(np.arange(len(spectrum)), 1) ** (power / 2), N)
    return np.asarray(samples / np.abs(samples).max() / 2)


def crackle() -> Floats:
    rng = np.random.default_rng(0)
    return np.asarray((rng.random(N) < 2e-4) * rng.normal(0, 0.2, N))


def hum() -> Floats:
    """The mains: 50 Hz and six overtones."""
    time = np.arange(N) / RATE
    return np.asarray(sum(np.sin(2 * np.pi * 50 * k * time) / k for k in range(1, 8)) / 10)


SOUNDS = {
    "white noise": coloured(0),
    "pink noise": coloured(1),
    "brown noise": coloured(2),
    "crackle": crackle(),
    "mains hum": hum(),
    "silence": np.zeros(N),
    "one tone": 0.2 * np.sin(2 * np.pi * 1000 * np.arange(N) / RATE),
}


@pytest.mark.parametrize("name", SOUNDS)
def test_no_tag_is_given(name: str, tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    soundfile.write(path, SOUNDS[name], RATE)
    assert tag_file(path, load_model("small"), Settings()).tags == ()
