"""A track with a held organ tone in its first half and drums in its second."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tagger.demo import write_audio
from tagger.demo.drums import crash, hat, snare
from tagger.demo.sustained import pipe_organ
from tagger.demo.synth import Sound

RATE = 44100  # Hz, of the synthesised sound
BEAT_S = 0.25


def write_halves(path: Path, seconds: float = 40.0) -> Path:
    """Write the track; returns its path."""
    rng = np.random.default_rng(8)
    half = int(seconds / 2 * RATE)
    organ = _fitted(pipe_organ(110.0, seconds / 2, rng), half)
    drums = np.zeros(half, np.float32)
    for beat in range(int(seconds / 2 / BEAT_S)):
        make = crash if beat % 8 == 0 else snare if beat % 2 else hat
        hit = make(200.0, 1.0, rng)
        start = int(beat * BEAT_S * RATE)
        drums[start : start + hit.size] += hit[: half - start]
    sound = np.concatenate([organ / np.abs(organ).max(), drums / np.abs(drums).max()]) * 0.5
    write_audio(path, np.stack([sound, sound]).astype(np.float32), RATE)
    return path


def _fitted(sound: Sound, length: int) -> Sound:
    return np.pad(sound[:length], (0, max(0, length - sound.size)))
