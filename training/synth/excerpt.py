"""A busy stretch of a score, as a new MIDI file and as named sounds. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import mido  # type: ignore[import-untyped]
import numpy as np
import numpy.typing as npt

from tagger.errors import DataError
from training.synth.score import BEND, BEND_RANGE, Control, Score, read_score
from training.synth.variation import apply_variation, draw_variation
from training.synth.windows import RINGS, SHORTEST_WINDOW_S, Sound, sounds_of

_TICKS_PER_BEAT = 480
_TICKS_PER_S = 960  # two beats a second, the tempo of a file that names none
_BUSIEST_SHARE = 0.25  # of the possible starts: several excerpts of a file differ, all are busy

_Timed = tuple[int, int, Any]  # tick, order within the tick, message


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A playable stretch of a file, with what sounds in it."""

    midi: Any
    sounds: tuple[Sound, ...]
    seconds: float


def make_excerpt(midi: Any, path: Path, rng: np.random.Generator, *, seconds: float) -> Excerpt:
    """Return a varied excerpt of a mido.MidiFile, at most `seconds` long."""
    score = read_score(midi, path)
    score = apply_variation(score, draw_variation(score, rng))
    start = choose_start(score, seconds, rng)
    part = cut(score, start, start + seconds)
    length = min(seconds, max((note.end for note in part.notes), default=0.0))
    if length < SHORTEST_WINDOW_S:
        raise DataError("too short or too empty for an excerpt", path)
    return Excerpt(to_midi(part), sounds_of(part.notes), length)


def choose_start(score: Score, seconds: float, rng: np.random.Generator) -> float:
    """Return the second at which a stretch of many instruments begins.

    Between the first note and the last, so that no silent head or tail is taken.
    """
    if not score.notes:
        return 0.0
    first = min(note.start for note in score.notes)
    busy = _names_by_second(score, first)
    length = max(1, int(seconds))
    if len(busy) <= length:
        return first
    sums = np.convolve(busy, np.ones(length), mode="valid")
    # Ties in order of time, so that the choice does not hang on the sorting method.
    best = np.argsort(-sums, kind="stable")[: max(1, int(len(sums) * _BUSIEST_SHARE))]
    return first + float(rng.choice(best))


def cut(score: Score, start: float, end: float) -> Score:
    """Return what plays from start to end, in seconds from start, with controls chased.

    A held note that began earlier is struck anew at the start; a ringing one is left out, since
    its attack belongs to the time before.
    """
    notes = (note for note in score.notes if note.start < end and note.end > start)
    # A key outside the drum map sounds in some SoundFonts and cannot be labelled.
    named = (note for note in notes if note.name is not None)
    candidates = (note for note in named if note.start >= start or note.name not in RINGS)
    cut_notes = tuple(
        replace(note, start=max(note.start, start) - start, end=min(note.end, end) - start)
        for note in candidates
    )
    inside = (item for item in score.controls if start <= item.at < end)
    later = tuple(replace(item, at=item.at - start) for item in inside)
    return Score(cut_notes, (*_chase(score, start), *later))


def to_midi(score: Score) -> Any:
    """Return a mido.MidiFile of type 0 that plays the score."""
    midi = mido.MidiFile(type=0, ticks_per_beat=_TICKS_PER_BEAT)
    track = mido.MidiTrack()
    midi.tracks.append(track)
    timed = [*_control_messages(score), *_note_messages(score)]
    reached = 0
    for tick, _, message in sorted(timed, key=lambda item: item[:2]):
        track.append(message.copy(time=tick - reached))
        reached = tick
    return midi


def _names_by_second(score: Score, first: float) -> npt.NDArray[np.float64]:
    n_seconds = int(max(note.end for note in score.notes) - first) + 1
    sounding: dict[str, npt.NDArray[np.bool_]] = {}
    for note in score.notes:
        if note.name is not None:
            row = sounding.setdefault(note.name, np.zeros(n_seconds, np.bool_))
            row[int(note.start - first) : int(note.end - first) + 1] = True
    total = np.zeros(n_seconds)
    for row in sounding.values():
        total += row
    return total


def _chase(score: Score, start: float) -> list[Control]:
    earlier = (item for item in score.controls if item.at < start)
    last = {(item.channel, item.number): replace(item, at=0.0) for item in earlier}
    return list(last.values())


def _control_messages(score: Score) -> Iterator[_Timed]:
    for item in score.controls:
        tick = _tick(item.at)
        for message in _as_messages(item):
            yield tick, 1, message


def _as_messages(item: Control) -> list[Any]:
    if item.number == BEND:
        return [mido.Message("pitchwheel", channel=item.channel, pitch=item.value)]
    pairs = [(item.number, item.value)]
    if item.number == BEND_RANGE:  # registered parameter 0, its value, then none selected
        pairs = [(101, 0), (100, 0), (6, item.value), (101, 127), (100, 127)]
    return [
        mido.Message("control_change", channel=item.channel, control=control, value=value)
        for control, value in pairs
    ]


def _note_messages(score: Score) -> Iterator[_Timed]:
    programs: dict[int, int] = {}
    for note in sorted(score.notes, key=lambda note: note.start):
        tick, channel = _tick(note.start), note.channel
        if programs.get(channel) != note.program:
            programs[channel] = note.program
            yield tick, 2, mido.Message("program_change", channel=channel, program=note.program)
        on = mido.Message("note_on", channel=channel, note=note.key, velocity=note.velocity)
        yield tick, 2, on
        # Never in the tick of its start: offs sort first there and the note would hang.
        off = mido.Message("note_off", channel=channel, note=note.key)
        yield max(tick + 1, _tick(note.end)), 0, off


def _tick(seconds: float) -> int:
    return round(seconds * _TICKS_PER_S)
