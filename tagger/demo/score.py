"""Written music: chords, bars and rhythms as text, turned into notes.

A rhythm is a line of signs, one for each equal step of a bar, with `|` between bars that take
turns. `X`, `x` and `o` play all pitches of the bar's chord loud, medium and soft, a digit plays one
of them, `-` holds what sounds and `.` is a rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

Pitches = tuple[int, ...]  # MIDI

_LEVELS = {"X": 1.0, "x": 0.7, "o": 0.35}
_NAMES = {"C": 0, "Db": 1, "D": 2, "Eb": 3, "E": 4, "F": 5, "F#": 6, "G": 7, "Ab": 8, "A": 9}
_NAMES |= {"Bb": 10, "B": 11}
_QUALITIES = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m9": (0, 3, 7, 10, 2),
    "maj9": (0, 4, 7, 11, 2),
}
_SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "pentatonic": (0, 3, 5, 7, 10),
}


@dataclass(frozen=True, slots=True)
class Note:
    """A pitch (MIDI) from `start` for `length` (seconds), at a loudness of 0 to 1."""

    start: float
    length: float
    pitch: int
    level: float = 1.0


@dataclass(frozen=True, slots=True)
class Tempo:
    """Beats per minute, beats to a bar, and where the second eighth of a beat falls.

    A swing of 0.5 is straight, 2/3 is a triplet.

    >>> Tempo(120).at(1, 0.5), Tempo(120, swing=0.6).at(0, 0.5)
    (2.25, 0.3)
    """

    bpm: float
    beats: int = 4
    swing: float = 0.5

    def at(self, bar: int, beat: float) -> float:
        """Time in seconds of a place in the music."""
        whole, part = divmod(beat, 1)
        late = 2 * part * self.swing if part < 0.5 else 1 - 2 * (1 - part) * (1 - self.swing)
        return (bar * self.beats + whole + late) * 60 / self.bpm

    def n_bars(self, seconds: float) -> int:
        """Count of bars that begin within a length of time."""
        return int(np.ceil(seconds / self.at(1, 0)))


@dataclass(frozen=True, slots=True)
class Chord:
    """A root (0 to 11, C = 0) and the intervals above it, in semitones."""

    root: int
    intervals: tuple[int, ...]

    def near(self, center: int) -> Pitches:
        """Its pitches within half an octave of `center`, so that chords move by small steps.

        >>> chords("C F")[1].near(64)
        (60, 65, 69)
        """
        return tuple(sorted(_near(self.root + interval, center) for interval in self.intervals))

    def low(self, center: int) -> Pitches:
        """Root, fifth and octave with the root near `center`: bass line and power chord."""
        root = _near(self.root, center)
        return (root, root + 7, root + 12)

    def spread(self, center: int) -> Pitches:
        """The root near `center` and the chord over two octaves above it, as on a guitar."""
        root = _near(self.root, center)
        first, third, fifth = self.intervals[:3]
        steps = (first, fifth, 12, 12 + third, 12 + fifth, 24)
        return tuple(root + step for step in steps)


def chords(line: str, shift: int = 0) -> list[Chord]:
    """Chords from their names, moved by `shift` semitones.

    >>> chords("Am7")
    [Chord(root=9, intervals=(0, 3, 7, 10))]
    """
    return [_chord(name, shift) for name in line.split()]


def scale(name: str, shift: int = 0) -> set[int]:
    """Pitch classes (C = 0) of a scale such as "D minor", moved by `shift` semitones."""
    root, kind = name.split()
    return {(_NAMES[root] + shift + step) % 12 for step in _SCALES[kind]}


def play(
    rhythm: str, tempo: Tempo, seconds: float, voicings: Sequence[Pitches] = ((0,),)
) -> list[Note]:
    """Notes of a rhythm over one voicing a bar; rhythm and voicings start over when used up.

    >>> [(note.start, note.length, note.level) for note in play("X.x-", Tempo(60), 1.0)]
    [(0.0, 1.0, 1.0), (2.0, 2.0, 0.7)]
    """
    bars = rhythm.replace(" ", "").split("|")
    return [
        note
        for bar in range(tempo.n_bars(seconds))
        for note in _bar(bars[bar % len(bars)], tempo, bar, voicings[bar % len(voicings)])
    ]


def loosen(notes: Sequence[Note], rng: np.random.Generator, spread: float = 0.006) -> list[Note]:
    """Notes as people play them: early or late by `spread` seconds (RMS), uneven in loudness."""
    return [
        replace(
            note,
            start=max(note.start + rng.normal(0, spread), 0.0),
            level=note.level * rng.uniform(0.8, 1.0),
        )
        for note in notes
    ]


def melody(
    rhythm: str,
    tempo: Tempo,
    seconds: float,
    voicings: Sequence[Pitches],
    allowed: set[int],
    rng: np.random.Generator,
) -> list[Note]:
    """A tune that walks through the `allowed` pitch classes and meets the chord on every beat.

    The voicings say what the chords are and where the tune lives: near their middle.
    """
    pitch = voicings[0][-1]
    tune = []
    for note in play(rhythm, tempo, seconds, [(bar,) for bar in range(len(voicings))]):
        chord = voicings[note.pitch]
        beat = note.start * tempo.bpm / 60
        on_beat = abs(beat - round(beat)) < 0.01
        classes = {p % 12 for p in chord} if on_beat else allowed
        pitch = _step(pitch, classes, sum(chord) // len(chord), rng)
        tune.append(replace(note, pitch=pitch))
    return tune


def _chord(name: str, shift: int) -> Chord:
    letter = name[:2] if name[:2] in _NAMES else name[:1]
    return Chord((_NAMES[letter] + shift) % 12, _QUALITIES[name[len(letter) :]])


def _near(pitch: int, center: int) -> int:
    """The octave of a pitch that is closest to `center`."""
    return pitch + 12 * round((center - pitch) / 12)


def _bar(rhythm: str, tempo: Tempo, bar: int, voicing: Pitches) -> list[Note]:
    step = tempo.beats / len(rhythm)
    notes = []
    for place, sign in enumerate(rhythm):
        if sign in "-.":
            continue
        tail = rhythm[place + 1 :]
        held = 1 + len(tail) - len(tail.lstrip("-"))
        start, end = tempo.at(bar, place * step), tempo.at(bar, (place + held) * step)
        level = _LEVELS.get(sign, 0.8)
        pitches = (voicing[int(sign) % len(voicing)],) if sign.isdigit() else voicing
        notes += [Note(start, end - start, pitch, level) for pitch in pitches]
    return notes


def _step(pitch: int, allowed: set[int], center: int, rng: np.random.Generator) -> int:
    """A near pitch whose class is allowed; the further from `center`, the likelier back to it."""
    near = np.array([p for p in range(pitch - 7, pitch + 8) if p % 12 in allowed and p != pitch])
    leap, stray = np.abs(near - pitch), np.abs(near - center)
    weights = np.exp(-leap / 2.5 - np.maximum(stray - 7, 0) / 2)
    return int(rng.choice(near, p=weights / weights.sum()))
