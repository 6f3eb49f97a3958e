"""Seeded changes of a score that leave its labels exact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from training.synth.general_midi import DRUM_CHANNEL, sister_programs
from training.synth.score import Note, Score

_DROP_CHANCE = 0.3
_FEWEST_KEPT = 2  # channels left after a drop: the aim is music of several instruments
_SWAP_CHANCE = 0.5  # half the parts keep the arranger's choice


@dataclass(frozen=True, slots=True)
class Variation:
    """Semitones up, program by (channel, program), and channels left out."""

    semitones: int
    programs: Mapping[tuple[int, int], int]
    dropped: frozenset[int]


def draw_variation(score: Score, rng: np.random.Generator) -> Variation:
    """Draw a variation for a score."""
    channels = sorted({note.channel for note in score.notes})
    n_dropped = int(rng.integers(1, 3)) if rng.random() < _DROP_CHANCE else 0
    n_dropped = min(n_dropped, max(0, len(channels) - _FEWEST_KEPT))
    dropped = rng.choice(channels, size=n_dropped, replace=False)
    parts = sorted({(note.channel, note.program) for note in score.notes})
    programs = {part: _draw_program(part, rng) for part in parts}
    return Variation(int(rng.integers(-2, 3)), programs, frozenset(int(i) for i in dropped))


def apply_variation(score: Score, variation: Variation) -> Score:
    """Return the score as varied; notes moved off the keyboard are left out."""
    notes = (_vary(note, variation) for note in score.notes)
    remaining = tuple(note for note in notes if note is not None)
    controls = (item for item in score.controls if item.channel not in variation.dropped)
    return Score(remaining, tuple(controls))


def _draw_program(part: tuple[int, int], rng: np.random.Generator) -> int:
    channel, program = part
    swap, sisters = rng.random() < _SWAP_CHANCE, sister_programs(program)
    drawn = int(rng.choice(sisters))  # drawn in any case, so that later draws do not depend on it
    return drawn if swap and channel != DRUM_CHANNEL else program


def _vary(note: Note, variation: Variation) -> Note | None:
    if note.channel in variation.dropped:
        return None
    if note.channel == DRUM_CHANNEL:
        return note
    key = note.key + variation.semitones
    program = variation.programs.get((note.channel, note.program), note.program)
    return replace(note, key=key, program=program) if 0 <= key <= 127 else None
