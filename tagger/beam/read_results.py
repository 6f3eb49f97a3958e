"""Rows of Parquet -> results, as if the files had been scanned here. Needs pyarrow, but not Beam.

The scores come from the rows, the tags of today from the files; a file whose sound is not that
of its row is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tagger.beam.parquet_rows import Row, read_rows, scores_of
from tagger.errors import MusicTagError, TagError
from tagger.inference.slice_scores import SliceScores
from tagger.inference.thresholds import choose_tags
from tagger.models.card import ModelCard
from tagger.scanning.results import Result, Track
from tagger.scanning.settings import Settings
from tagger.tags.reader import read_tags


@dataclass(frozen=True, slots=True)
class Move:
    """Where files lie here that lay elsewhere when they were classified.

    >>> Move("gs://bucket/music/", "/home/me/Music").here("gs://bucket/music/a/b.mp3")
    '/home/me/Music/a/b.mp3'
    >>> Move("/music", "/mnt").here("/musical/a.mp3")
    """

    old: str
    new: str

    def here(self, path: str) -> str | None:
        """The path here; None for one that lay somewhere else."""
        rest = path.removeprefix(self.old.rstrip("/") + "/")
        return None if rest == path else str(Path(self.new, rest))


def results_of(
    parquet: Path, card: ModelCard, settings: Settings, moves: Sequence[Move] = ()
) -> Iterator[Result]:
    """The result of each track; an error in its place where the file here is not that track.

    Rows of another model end it with a MusicTagError: their scores mean something else.
    """
    for row in read_rows(parquet):
        track = _track(row, card, settings)
        path = _path_here(row["path"], moves)
        try:
            yield _result(path, row, track)
        except TagError as error:
            yield Result(path, error=error.message)


def _result(path: Path, row: Row, track: Track) -> Result:
    if "://" in str(row["path"]) and str(path) == str(Path(row["path"])):
        raise TagError("lies elsewhere; --moved says where it lies here", path)
    existing = read_tags(path)
    if row["audio"] and existing.audio != row["audio"]:
        raise TagError("its sound is not what was classified", path)
    return Result(path, existing, track, notes=track.slices.notes)


def _path_here(path: str, moves: Sequence[Move]) -> Path:
    found = (here for move in moves if (here := move.here(path)))
    return Path(next(found, path))


def _track(row: Row, card: ModelCard, settings: Settings) -> Track:
    scores = scores_of(row, card)
    tags = choose_tags(scores, card, settings.choice)
    none = np.zeros((0, len(card.vocabulary)), dtype=np.float32)  # slices stay on the cluster
    slices = SliceScores(none, (), (), row["duration_s"], tuple(row["notes"]))
    return Track(card.id, slices, scores, tags)


def check_moves(moves: Sequence[Move]) -> None:
    """Refuse a folder that is not there, before every file of it is said to be missing."""
    for move in moves:
        if not Path(move.new).is_dir():
            raise MusicTagError("no such folder", Path(move.new))
