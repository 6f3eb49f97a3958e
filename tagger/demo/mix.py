"""From notes and voices to a finished stereo piece."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tagger.demo.filters import highpass, room
from tagger.demo.score import Note, loosen
from tagger.demo.synth import RATE, Sound, hertz, n_samples

# (frequency in Hz, length in seconds, rng) -> mono sound, usually a little longer than asked.
Voice = Callable[[float, float, np.random.Generator], Sound]

_PEAK = 10 ** (-1 / 20)  # -1 dBFS: room for what a lossy codec adds
_FADE_IN_S, _FADE_OUT_S = 0.005, 0.5


@dataclass(frozen=True, slots=True)
class Stem:
    """One part of a mix: its RMS level in dB, its place (-1 left to 1 right), its share of room.

    Shape: sound (T,).
    """

    sound: Sound
    level: float
    pan: float = 0.0
    wet: float = 0.2


@dataclass(frozen=True, slots=True)
class Part:
    """What one player does: a voice, its notes, its place in the mix, its looseness in seconds."""

    voice: Voice
    notes: Sequence[Note]
    level: float
    pan: float = 0.0
    wet: float = 0.2
    loose: float = 0.006


def record(parts: Sequence[Part], seconds: float, rng: np.random.Generator) -> list[Stem]:
    """Each part played, as a stem."""
    return [
        Stem(
            perform(part.voice, loosen(part.notes, rng, part.loose), seconds, rng),
            part.level,
            part.pan,
            part.wet,
        )
        for part in parts
    ]


def perform(voice: Voice, notes: Sequence[Note], seconds: float, rng: np.random.Generator) -> Sound:
    """Notes played by one voice. Shape: (T,)."""
    out = np.zeros(n_samples(seconds), np.float32)
    played: dict[tuple[int, int], Sound] = {}  # music repeats itself: render each tone once
    for note in notes:
        start = n_samples(note.start)
        # To the hundredth of a second, so that unevenly played equal notes share a tone.
        key = (note.pitch, max(round(note.length * 100), 1))
        if start >= out.size:
            continue
        if key not in played:
            played[key] = voice(hertz(note.pitch), key[1] / 100, rng).astype(np.float32)
        tone = played[key][: out.size - start]
        out[start : start + tone.size] += np.float32(note.level) * tone
    return out


def mixdown(
    stems: Sequence[Stem], rng: np.random.Generator, *, hall: float = 1.2, glue: float = 0.0
) -> Sound:
    """Stems in one stereo piece: panned, in a room of `hall` seconds, at -1 dBFS, faded.

    `glue` presses the peaks of the sum, as records do: 0 not at all, 1 clearly.
    Shape: (C, T) with C = 2.
    """
    dry = np.zeros((2, stems[0].sound.size), np.float32)
    send = np.zeros(stems[0].sound.size, np.float32)
    for stem in stems:
        leveled = _at_level(stem.sound, stem.level)
        angle = (stem.pan + 1) * np.pi / 4  # constant power: cos^2 + sin^2 = 1
        dry += np.array([[np.cos(angle)], [np.sin(angle)]], np.float32) * leveled
        send += np.float32(stem.wet) * leveled
    piece = dry + room(send, hall, rng)
    if glue:
        rms = float(np.sqrt(np.mean(piece**2))) or 1.0
        piece = np.tanh(piece * np.float32(glue / (3 * rms)))
    return _finish(piece)


def _at_level(sound: Sound, level: float) -> Sound:
    rms = float(np.sqrt(np.mean(sound**2)))
    return sound * np.float32(10 ** (level / 20) / rms) if rms > 0 else sound


def _finish(piece: Sound) -> Sound:
    """Piece without clicks at its ends and with its peak at -1 dBFS. Shape: (C, T) -> (C, T)."""
    # Distortion turns uneven waves into direct current, which only costs loudness.
    centered = np.stack([highpass(channel, 20.0, 1) for channel in piece])
    size = piece.shape[-1]
    fade_out = min(_FADE_OUT_S, size / RATE / 4)
    rest = np.arange(size, dtype=np.float32) / np.float32(RATE)
    gain = np.minimum(rest / np.float32(_FADE_IN_S), 1) * np.minimum(rest[::-1] / fade_out, 1)
    faded = centered * gain.astype(np.float32)
    peak = float(np.abs(faded).max(initial=0.0))
    return np.asarray(faded * np.float32(_PEAK / max(peak, 1e-9)), np.float32)
