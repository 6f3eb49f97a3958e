"""What sounds in each window of an excerpt, from its notes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from training.synth.general_midi import BLURS, NAMES, audible_name
from training.synth.score import Note

WINDOW_S = 3.0
SHORTEST_WINDOW_S = 1.5  # as in INSTRUMENTS.md
SOUNDING_S = 0.3  # as in INSTRUMENTS.md: shorter does not count as sounding
QUIET_DB = 26.0  # masked by the rest of the mix beyond this, as the rough loudness goes
# A sound that ended this shortly before a window may still be audible there, by its release and the
# reverb: 24 excerpts rendered part by part had rests of up to -31 dB of the mix there.
AFTERGLOW_S = 0.5


@dataclass(frozen=True, slots=True)
class Ring:
    """How a struck or plucked sound dies, in seconds: after release, at least and at most."""

    tail: float
    least: float
    most: float


# Sounds not named here last as long as the key is held. The numbers are round figures from
# General MIDI SoundFonts: a drum hit is a one-shot whatever the length of its note, a harp or a
# vibraphone rings on when the key is let go, and no plucked string rings for ever.
_DAMPED = Ring(0.2, 0.0, 6.0)
_HIT = Ring(0.0, 0.2, 0.2)
RINGS: dict[str, Ring] = {
    "Drums": _HIT,
    "Percussion": Ring(0.0, 0.2, 1.0),
    "Kit Percussion": _HIT,
    "Hand Clap": _HIT,
    "Piano": Ring(0.2, 0.0, 10.0),
    "Electric Piano": _DAMPED,
    "Clavinet": Ring(0.1, 0.0, 3.0),
    "Harpsichord": Ring(0.2, 0.0, 4.0),
    "Mallets": Ring(0.2, 0.4, 2.0),
    "Acoustic Guitar": _DAMPED,
    "Electric Guitar": Ring(0.1, 0.0, 12.0),  # distortion sustains
    "Electric Bass": Ring(0.1, 0.0, 6.0),
    "Double Bass": Ring(0.1, 0.0, 6.0),
    "Harp": Ring(0.3, 1.0, 4.0),
    "Banjo": Ring(0.1, 0.3, 1.5),
    "Sitar": Ring(0.2, 0.5, 4.0),
    "Other Plucked": Ring(0.2, 0.3, 2.0),
    "Orchestra Hit": Ring(0.1, 0.2, 1.0),
}


@dataclass(frozen=True, slots=True)
class Sound:
    """A named sound from start to end (seconds of the excerpt), with its rough loudness in dB."""

    name: str
    start: float
    end: float
    level_db: float


@dataclass(frozen=True, slots=True)
class Window:
    """Names present and names that cannot be told, in a stretch of seconds; the rest is absent."""

    start: float
    end: float
    present: frozenset[str]
    unknown: frozenset[str]


def sounds_of(notes: Iterable[Note]) -> tuple[Sound, ...]:
    """Return the audible sound of each note, with the release of its instrument."""
    return tuple(
        Sound(note.name, note.start, _silent_at(note, note.name), note.level_db)
        for note in notes
        if note.name is not None
    )


def label_windows(sounds: Sequence[Sound], seconds: float) -> tuple[Window, ...]:
    """Return the labels of consecutive windows; a last one under 1.5 s is left out."""
    starts = (i * WINDOW_S for i in range(int(seconds / WINDOW_S) + 1))
    ranges = ((start, min(seconds, start + WINDOW_S)) for start in starts)
    return tuple(
        _label(sounds, start, end) for start, end in ranges if end - start >= SHORTEST_WINDOW_S
    )


def summarise(windows: Sequence[Window]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names present in some window, and those absent in all; the rest is unknown."""
    present = frozenset().union(*(window.present for window in windows))
    unknown = frozenset().union(*(window.unknown for window in windows))
    return present, NAMES - present - unknown


def _silent_at(note: Note, name: str) -> float:
    if (ring := RINGS.get(name)) is None:
        return note.end
    length = max(note.end - note.start + ring.tail, ring.least)
    return note.start + min(length, ring.most)


def _label(sounds: Sequence[Sound], start: float, end: float) -> Window:
    within = [sound for sound in sounds if sound.start < end and sound.end > start]
    loudest = max((sound.level_db for sound in within), default=0.0)
    clear, faint = set[str](), _fading(sounds, start)
    for name in sorted({sound.name for sound in within}):
        own = [sound for sound in within if sound.name == name]
        # Quiet notes do not add to the time of loud ones: only what is audible counts.
        audible = [sound for sound in own if sound.level_db >= loudest - QUIET_DB]
        (clear if _active_s(audible, start, end) >= SOUNDING_S else faint).add(name)
    present = _audible(clear)
    unknown = _audible(faint) | _blurred(clear | faint)
    return Window(start, end, present, unknown - present)


def _fading(sounds: Sequence[Sound], start: float) -> set[str]:
    return {sound.name for sound in sounds if start - AFTERGLOW_S < sound.end <= start}


def _active_s(sounds: Iterable[Sound], start: float, end: float) -> float:
    """Seconds between start and end in which at least one of the sounds is on."""
    total, reached = 0.0, start
    for sound in sorted(sounds, key=lambda sound: sound.start):
        total += max(0.0, min(sound.end, end) - max(sound.start, reached))
        reached = max(reached, sound.end)
    return total + 1e-6  # so that 0.3 s in binary fractions is 0.3 s


def _audible(names: Iterable[str]) -> frozenset[str]:
    return frozenset(audible for name in names if (audible := audible_name(name)) is not None)


def _blurred(names: set[str]) -> frozenset[str]:
    blurred = {other for name in names for other in BLURS.get(name, ())}
    # Several solo strings together are what others call strings.
    if len(names & {"Violin", "Viola", "Cello"}) > 1:
        blurred.add("Strings")
    return frozenset(blurred)
