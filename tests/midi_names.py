"""Our names of each MIDI file against the `instruments` column of midi.csv."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tagger.errors import DataError
from training.synth.general_midi import DRUM_CHANNEL
from training.synth.library import read_members, read_rows
from training.synth.score import Note, open_midi, read_score

_FEWEST_NOTES = 8  # as midi.csv counts: fewer notes do not name an instrument


@dataclass(frozen=True, slots=True)
class Comparison:
    """Names that only we find in a file, and names that only midi.csv has."""

    file: str
    ours: frozenset[str]
    theirs: frozenset[str]


def compare_names(data: Path, limit: int | None = None) -> Iterator[Comparison]:
    """Yield the comparison of each readable file of data/midi.csv."""
    rows = {row.file: row for row in read_rows(data)[:limit]}
    for file, content in read_members(data, frozenset(rows)):
        try:
            score = read_score(open_midi(content, Path(file)), Path(file))
        except DataError:
            continue
        names, listed = _names_of(score.notes), rows[file].instruments
        yield Comparison(file, names - listed, listed - names)


def _names_of(notes: tuple[Note, ...]) -> frozenset[str]:
    # midi.csv calls everything on the drum channel Drums; our labels tell hand percussion apart.
    counts = Counter("Drums" if note.channel == DRUM_CHANNEL else note.name for note in notes)
    return frozenset(name for name, n in counts.items() if name and n >= _FEWEST_NOTES)
