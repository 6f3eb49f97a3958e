"""Newer recordings: `recordings.csv` of the data folder, in the words of each of its sources.

Stems and mixes of songs (MUSDB18), arranged pieces with the composer's list of instruments
(`level` is "song": known of the piece, not of the excerpt), techno and house, GTZAN clips, solo
instruments, electric pianos and chamber music. Genres that are not listed are unknown, but for
GTZAN, where a clip is of one of ten.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from training.data.datasets import Clip
from training.data.datasets.instruments import fold_of
from training.data.datasets.names import targets_of
from training.data.datasets.tables import reading
from training.data.taxonomy import (
    GENRE_SLICE,
    INSTRUMENT_SLICE,
    Targets,
    instrument_targets,
    unknown,
)

TABLE = "recordings.csv"
STEMS = ("_drums", "_bass", "_other", "_vocals")  # ends of ids; parts of a song, of no genre
WHOLE_PIECE = "song"  # the level of labels that speak of a piece
# Single instruments, and two seconds each of a quintet: to be mixed with others.
SOLO_SOURCES = frozenset({"solo", "epiano", "pianosolo", "musicnet"})
REPEATED = "freemusic"  # excerpts of what `more_music.csv` has whole

# The words of all sources -> our names; None: left out on purpose.
WORDS: dict[str, str | None] = {
    "Pop/Rock": "Pop Rock", "Singer/Songwriter": "Singer-Songwriter", "Rock": "Rock",
    "Heavy Metal": "Metal", "Pop": "Pop", "Rap": "Hip-Hop", "Electronic": "Electronic",
    "Jazz": "Jazz", "Country": "Country", "Techno": "Techno", "House music": "House",
    "Trance music": "Trance", "Electronic music": "Electronic",
    "Electronic dance music": "Electronic", "Dance music": None, "Dubstep": "Dubstep",
    "Electronica": "Electronic", "Disco": "Disco", "Drum and bass": "Drum and Bass",
    "Funk": "Funk", "Blues": "Blues", "Rhythm and blues": "R&B", "Soul music": "Soul",
    "Independent music": None, "Music of Asia": "Asian", "Music of Africa": "African",
    "Middle Eastern music": "Middle Eastern", "Opera": "Opera", "Gospel music": "Gospel",
    "classical": "Classical", "pop": "Pop", "Drum machine": None, "Song": None, "Sampler": None,
    "Didgeridoo": None, "Drum": None, "White noise": None, "Shatter": None, "Sidetone": None,
    "Jingle (music)": None, "Tambourine": None, "Scratching (performance technique)": None,
    "Shuffle": None, "Singing": None,
}  # fmt: skip
GTZAN = ("Blues", "Classical", "Country", "Disco", "Hip-Hop", "Jazz", "Metal", "Pop", "Reggae",
         "Rock")  # fmt: skip
# Of GTZAN's genres, those that another one is often called.
GTZAN_NEAR = {"Pop": {"Rock", "Disco"}}


def load(data: Path) -> list[Clip]:
    """All clips of `recordings.csv` but stems and repeated ones; none where there is no table."""
    table = data / TABLE
    if not table.exists():
        return []
    with reading(table, "word"), table.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["source"] != REPEATED]
        return [_clip(data, row) for row in rows if not row["id"].endswith(STEMS)]


def is_solo(clip: Clip) -> bool:
    """Whether a clip is a sound to be mixed with others, and no song."""
    return clip.source in SOLO_SOURCES


def _clip(data: Path, row: dict[str, str]) -> Clip:
    names = tuple(name for word in _names(row["genres"]) if (name := WORDS[word]))
    targets = _targets(row, names)
    is_excerpt = row["level"] == WHOLE_PIECE
    return Clip(
        id=row["id"],
        path=data / row["file"],
        source=row["source"],
        group=row["group"],
        fold=fold_of(row["group"]),
        targets=_sure_of_excerpt(targets) if is_excerpt else targets,
        names=names,
        piece=targets if is_excerpt else None,
    )


def _targets(row: dict[str, str], names: tuple[str, ...]) -> Targets:
    targets = unknown()
    absent = _gtzan_absent(names) if row["source"] == "gtzan" else ()
    targets[GENRE_SLICE] = targets_of(names, absent)[GENRE_SLICE]
    targets[INSTRUMENT_SLICE] = _instruments(row)[INSTRUMENT_SLICE]
    return targets


def _sure_of_excerpt(targets: Targets) -> Targets:
    """What a piece holds need not sound in an excerpt of it; what it lacks does not."""
    sure = targets.copy()
    sure[INSTRUMENT_SLICE][sure[INSTRUMENT_SLICE] == 1] = np.nan
    return sure


def _gtzan_absent(names: tuple[str, ...]) -> tuple[str, ...]:
    near = {other for name in names for other in GTZAN_NEAR.get(name, ())}
    return tuple(name for name in GTZAN if name not in names and name not in near)


def _instruments(row: dict[str, str]) -> Targets:
    cell = row["instruments_absent"]
    absent = None if cell == "*" else _names(cell)
    return instrument_targets(_names(row["instruments"]), absent)


def _names(cell: str) -> list[str]:
    return cell.split("|") if cell else []
