"""A track with chords of an organ in its first half and drums in its second."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tagger.demo import write_audio
from tagger.demo.drums import crash, hat, snare
from tagger.demo.sustained import pipe_organ

RATE = 44100  # Hz, of the synthesised sound
BEAT_S = 0.25
CHORD_S = 2.5
CHORDS_HZ = (  # in C: I, IV, V, I
    (130.8, 261.6, 329.6, 392.0),
    (87.3, 261.6, 349.2, 440.0),
    (98.0, 246.9, 293.7, 392.0),
    (130.8, 261.6, 329.6, 523.3),
)


def write_halves(path: Path, seconds: float = 40.0) -> Path:
    """Write the track; returns its path."""
    rng = np.random.default_rng(8)
    half = int(seconds / 2 * RATE)
    organ = np.zeros(half, np.float32)
    for i in range(int(seconds / 2 / CHORD_S)):
        start = int(i * CHORD_S * RATE)
        for hz in CHORDS_HZ[i % len(CHORDS_HZ)]:
            tone = pipe_organ(hz, CHORD_S, rng)
            organ[start : start + tone.size] += tone[: half - start]
    drums = np.zeros(half, np.float32)
    for beat in range(int(seconds / 2 / BEAT_S)):
        make = crash if beat % 8 == 0 else snare if beat % 2 else hat
        hit = make(200.0, 1.0, rng)
        start = int(beat * BEAT_S * RATE)
        drums[start : start + hit.size] += hit[: half - start]
    sound = np.concatenate([organ / np.abs(organ).max(), drums / np.abs(drums).max()]) * 0.5
    write_audio(path, np.stack([sound, sound]).astype(np.float32), RATE)
    return path
