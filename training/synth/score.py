"""The notes and controls of a MIDI file, in seconds, with the sustain pedal played out."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mido  # type: ignore[import-untyped]
from mido.midifiles.meta import KeySignatureError  # type: ignore[import-untyped]

from tagger.errors import DataError
from training.synth.general_midi import DRUM_CHANNEL, name_of

VOLUME, EXPRESSION, PEDAL = 7, 11, 64
# Modulation, volume, pan, expression, reverb and chorus send; the rest is left out: banks, so
# that every program is the sound that the table names, and the pedal, which lengthens the notes.
KEPT_CONTROLS = frozenset({1, VOLUME, 10, EXPRESSION, 91, 93})
BEND, BEND_RANGE = -1, -2  # numbers of the two controls that are not control changes

_FLOOR_DB = -120.0
_LONGEST_S = 3600.0  # a wrong delta time can claim years
_XG_DRUM_BANKS = frozenset({126, 127})


@dataclass(frozen=True, slots=True)
class Note:
    """One sounding note; times in seconds, level in dB below full velocity and volume."""

    channel: int
    key: int
    velocity: int
    program: int
    start: float
    end: float
    level_db: float

    @property
    def name(self) -> str | None:
        """The name of its sound."""
        return name_of(self.channel, self.program, self.key)


@dataclass(frozen=True, slots=True)
class Control:
    """A control of a channel taking a value at a time (seconds)."""

    at: float
    channel: int
    number: int
    value: int


@dataclass(frozen=True, slots=True)
class Score:
    """What a MIDI file plays, notes and controls by time."""

    notes: tuple[Note, ...]
    controls: tuple[Control, ...]


def open_midi(content: bytes, path: Path) -> Any:
    """Return the mido.MidiFile of the bytes of a file; DataError for what is no song."""
    try:
        midi = mido.MidiFile(file=io.BytesIO(content), clip=True)
    except (OSError, EOFError, ValueError, LookupError, TypeError, KeySignatureError) as error:
        reason = str(error) or "it ends early"
        raise DataError(f"not a readable MIDI file ({reason})", path) from error
    if midi.type not in (0, 1):
        raise DataError(f"MIDI type {midi.type}: only types 0 and 1 hold one song", path)
    if not 0 < midi.ticks_per_beat < 0x8000:
        raise DataError("time in SMPTE frames or none at all: only beats are understood", path)
    return midi


def read_score(midi: Any, path: Path) -> Score:
    """Return the notes and controls of a mido.MidiFile."""
    tracer = _Tracer()
    at = 0.0
    for message in midi:
        at += message.time
        if at > _LONGEST_S:
            break
        tracer.feed(at, message)
    score = tracer.finish(min(at, _LONGEST_S))
    if not score.notes:
        raise DataError("holds no notes", path)
    return score


@dataclass(slots=True)
class _Channel:
    program: int = 0
    bank: int = 0
    volume: int = 100  # defaults of General MIDI
    expression: int = 127
    pedal: bool = False
    parameter: tuple[int, int] = (127, 127)  # registered parameter, coarse and fine; 127 is none

    @property
    def gain(self) -> float:
        return self.volume / 127 * self.expression / 127


@dataclass(slots=True)
class _Open:
    start: float
    velocity: int
    program: int
    gain: float
    held: bool = True


@dataclass(slots=True)
class _Tracer:
    """Follows the messages of a file with the state of its channels."""

    channels: list[_Channel] = field(default_factory=lambda: [_Channel() for _ in range(16)])
    sounding: dict[tuple[int, int], _Open] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    controls: list[Control] = field(default_factory=list)

    def feed(self, at: float, message: Any) -> None:
        match message.type:
            case "note_on" if message.velocity:
                self._strike(at, message)
            case "note_on" | "note_off":
                self._release(at, message.channel, message.note)
            case "program_change":
                self.channels[message.channel].program = message.program
            case "pitchwheel":
                self.controls.append(Control(at, message.channel, BEND, message.pitch))
            case "control_change":
                self._control(at, message.channel, message.control, message.value)

    def finish(self, at: float) -> Score:
        for channel, key in list(self.sounding):
            self._end(at, channel, key)
        notes = sorted(self.notes, key=lambda note: (note.start, note.channel, note.key))
        return Score(tuple(notes), tuple(self.controls))

    def _strike(self, at: float, message: Any) -> None:
        self._end(at, message.channel, message.note)  # struck again: one voice per key
        channel = self.channels[message.channel]
        # Yamaha XG puts further drum kits on any channel; with the bank left out they would come
        # out as a pianist playing drums.
        if channel.bank in _XG_DRUM_BANKS and message.channel != DRUM_CHANNEL:
            return
        started = _Open(at, message.velocity, channel.program, channel.gain)
        self.sounding[message.channel, message.note] = started

    def _release(self, at: float, channel: int, key: int) -> None:
        if (note := self.sounding.get((channel, key))) is None:
            return
        if self.channels[channel].pedal:
            note.held = False
        else:
            self._end(at, channel, key)

    def _end(self, at: float, channel: int, key: int) -> None:
        note = self.sounding.pop((channel, key), None)
        if note is None or at <= note.start:
            return
        level = _decibels(note.gain * note.velocity / 127)
        self.notes.append(
            Note(channel, key, note.velocity, note.program, note.start, at, level),
        )

    def _control(self, at: float, channel: int, number: int, value: int) -> None:
        if number in KEPT_CONTROLS:
            self.controls.append(Control(at, channel, number, value))
        match number:
            case 0:
                self.channels[channel].bank = value
            case 6 | 98 | 99 | 100 | 101:
                self._parameter(at, channel, number, value)
            case 7 | 11:
                self._change_gain(channel, number, value)
            case 64:
                self._press_pedal(at, channel, down=value >= 64)
            case 120 | 123:
                self._end_channel(at, channel, released_only=False)
            case 121:
                self._reset(at, channel)

    def _parameter(self, at: float, channel: int, number: int, value: int) -> None:
        state = self.channels[channel]
        coarse, fine = state.parameter
        if number == 6 and state.parameter == (0, 0):
            self.controls.append(Control(at, channel, BEND_RANGE, value))
        elif number == 100:
            state.parameter = (coarse, value)
        elif number == 101:
            state.parameter = (value, fine)
        elif number in (98, 99):  # a maker's own parameter is selected: data are not for us
            state.parameter = (127, 127)

    def _change_gain(self, channel: int, number: int, value: int) -> None:
        state = self.channels[channel]
        if number == VOLUME:
            state.volume = value
        else:
            state.expression = value
        # A note that swells counts by its loudest moment.
        for (other, _), note in self.sounding.items():
            if other == channel:
                note.gain = max(note.gain, state.gain)

    def _press_pedal(self, at: float, channel: int, *, down: bool) -> None:
        self.channels[channel].pedal = down
        if not down:
            self._end_channel(at, channel, released_only=True)

    def _end_channel(self, at: float, channel: int, *, released_only: bool) -> None:
        for other, key in list(self.sounding):
            if other == channel and not (released_only and self.sounding[other, key].held):
                self._end(at, other, key)

    def _reset(self, at: float, channel: int) -> None:
        self._press_pedal(at, channel, down=False)
        self._change_gain(channel, EXPRESSION, 127)
        reset = ((1, 0), (EXPRESSION, 127), (BEND, 0))
        self.controls.extend(Control(at, channel, number, value) for number, value in reset)


def _decibels(gain: float) -> float:
    # Velocity, volume and expression each lower the amplitude by their square.
    # Source: SoundFont Technical Specification 2.04 (2006), default modulators 8.4.1, 8.4.5, 8.4.8.
    return max(_FLOOR_DB, 40 * math.log10(gain)) if gain > 0 else _FLOOR_DB
