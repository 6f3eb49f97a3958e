"""Samples of a remix."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from training.data.mel_cache import read_mono
from training.remix.arrange import Remix, Voice

Samples = npt.NDArray[np.float32]

RATE = 24_000  # Hz, that of the recordings
SECONDS = 6.8  # of the stems
_PEAK = 0.9
_SILENT = 1e-5  # root mean square below which a sound is not made louder
_LONGEST_REST_S = 0.4  # between two notes of one line
_FADE_S = 0.01


def render(remix: Remix, rng: np.random.Generator) -> Samples:
    """The lines, each brought to the same loudness and then to its gain; their sum is the remix.

    Shape: `(voices, T)`, mono at `RATE`
    """
    lines = np.zeros((len(remix.voices), round(SECONDS * RATE)), dtype=np.float32)
    for i, voice in enumerate(remix.voices):
        line = _line(voice, lines.shape[1], rng)
        level = float(np.sqrt(np.mean(np.square(line))))
        if level > _SILENT:
            lines[i] = line * np.float32(10 ** (voice.gain_db / 20) * 0.1 / level)
    peak = float(np.abs(lines.sum(axis=0)).max())
    return lines * np.float32(_PEAK / max(_PEAK, peak))


def _line(voice: Voice, length: int, rng: np.random.Generator) -> Samples:
    """The sounds of one line behind each other, from the first again where they end too early."""
    line = np.zeros(length, dtype=np.float32)
    sounds = [_faded(read_mono(part.path, RATE)) for part in voice.parts]
    at = turn = 0
    while at < length:
        sound = sounds[turn % len(sounds)][: length - at]
        line[at : at + len(sound)] = sound
        rest = round(rng.uniform(0, _LONGEST_REST_S) * RATE) if len(sounds) > 1 else 0
        at += max(len(sound), 1) + rest
        turn += 1
    return line


def _faded(sound: Samples) -> Samples:
    """Without a click where it ends."""
    fade = min(round(_FADE_S * RATE), len(sound))
    sound = sound.copy()
    sound[len(sound) - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    return sound
