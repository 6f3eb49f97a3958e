"""Results of a scan of any size without any sound: names, tags and slice scores by dice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from tagger.inference.aggregation import TrackScores
from tagger.inference.slice_scores import SliceScores
from tagger.scanning.results import Result, Track
from tagger.tags.reader import FileTags
from tagger.vocabulary import KINDS, Kind, Label, Tag, Vocabulary
from tagger.writing.plan import Policy, TagPlan, classified_file, make_plan

GENRES = (
    "Blues", "Classical", "Country", "Electronic", "Folk", "Hip-Hop", "Jazz", "Latin", "New Age",
    "Pop Rock", "Reggae", "Soundtrack",
)  # fmt: skip
INSTRUMENTS = (
    "Voice", "Choir", "Drums", "Percussion", "Electric Bass", "Electric Guitar", "Acoustic Guitar",
    "Piano", "Organ", "Synthesizer", "Strings", "Flute", "Saxophone", "Trumpet",
)  # fmt: skip
VOCABULARY = Vocabulary(
    tuple([Label("genre", name) for name in GENRES] + [Label("instrument", n) for n in INSTRUMENTS])
)
FIRST = ("Silver", "Slow", "Northern", "Paper", "Hidden", "Late", "Copper", "Distant", "Wild")
SECOND = ("Harbour", "Lanterns", "Orchard", "Rivers", "Kettle", "Signals", "Winter", "Mirror")
N_SLICES, TRACKS_PER_ALBUM = 10, 12


def heard_library(n_tracks: int, seed: int = 1) -> Iterator[Result]:
    """Albums of twelve tracks, each album in one genre; a third of the files have a genre."""
    rng = np.random.default_rng(seed)
    genre = band = album = ""
    for i in range(n_tracks):
        if i % TRACKS_PER_ALBUM == 0:
            genre, band, album = str(rng.choice(GENRES)), _name(rng), _name(rng)
        title = _name(rng)
        folder = f"/music/{band}/{album} {i // TRACKS_PER_ALBUM}"
        path = Path(f"{folder}/{i % TRACKS_PER_ALBUM + 1:02} {title}.flac")
        own = (genre if genre != "Pop Rock" else "Rock",) if rng.random() < 0.33 else ()
        tags = FileTags(genres=own, title=title, artist=band, album=album, audio=f"{i:032x}")
        yield Result(path, tags, heard_track(genre, rng))


def heard_track(genre: str, rng: np.random.Generator) -> Track:
    """A track in which one genre and some instruments are heard, some only for a while."""
    values = rng.uniform(0, 0.25, (N_SLICES, len(VOCABULARY)))
    heard = [GENRES.index(genre)]
    heard += [len(GENRES) + int(i) for i in rng.choice(len(INSTRUMENTS), 3, replace=False)]
    for label in heard:
        start, stop = sorted(rng.choice(N_SLICES + 1, 2, replace=False))
        values[start:stop, label] = rng.uniform(0.6, 1, stop - start)
    votes = np.clip(values.mean(axis=0) + 0.25, 0, 1).astype(np.float32)
    tags = [Tag(*_of(label), float(votes[label])) for label in heard]
    ranked = sorted(tags, key=lambda tag: (KINDS.index(tag.kind), -tag.score))
    slices = SliceScores(
        values.astype(np.float32), tuple(12.0 + 22 * i for i in range(N_SLICES)),
        (False,) * N_SLICES, 240.0, (),
    )  # fmt: skip
    return Track("small-1-20294d5b", slices, TrackScores(votes, VOCABULARY), tuple(ranked))


def plan_for(results: list[Result]) -> TagPlan:
    """What would be written into the files of the library by default."""
    heard = [one for result in results if (one := classified_file(result))]
    return make_plan(heard, Policy(), model="small-1-20294d5b", roots=(Path("/music"),))


def named(result: Result, text: str) -> Result:
    """The result with a text as its title, artist, album, genre, note and file name."""
    audio = result.existing.audio
    tags = FileTags(genres=(text,), title=text, artist=text, album=text, audio=audio)
    path = result.path.with_name(text.replace("/", "_") + ".flac")
    return replace(result, path=path, existing=tags, notes=(text,))


def _of(label: int) -> tuple[Kind, str]:
    return VOCABULARY.labels[label].kind, VOCABULARY.labels[label].name


def _name(rng: np.random.Generator) -> str:
    return f"{rng.choice(FIRST)} {rng.choice(SECOND)}"
