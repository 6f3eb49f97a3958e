"""What is learned from and what is held out: no artist, song or instrument is on both sides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tagger.errors import DataError
from training.data.datasets import Clip, genres, instruments, recordings
from training.data.datasets.source import TEST_FOLD, Source
from training.data.pseudo_labels import add_weak_labels
from training.data.taxonomy import GENRE_SLICE, INSTRUMENT_SLICE, unknown


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Clips to learn from and clips held out, by what they are."""

    songs: list[Clip]
    solos: list[Clip]
    rendered: list[Clip]
    held_out_songs: list[Clip]
    held_out_instruments: list[Clip]
    real_mixes: list[Clip]


def load_split(
    data: Path | None,
    rendered: Iterable[Path] = (),
    fold: int | None = 1,
    sources: Sequence[Source] = (),
    *,
    weak: bool = True,
) -> Split:
    """Read all labels and set aside one fold of the songs and of the instruments.

    Clips of `sources` are songs too; their fold 0, the test part of some, is never learned from.
    Newer recordings are songs or solos, held out as instruments are.
    Without a fold only that and the real mixes are held out: for a model that ships, whose rules
    were fitted on runs that held folds out. `weak`: with the labels that teachers leave little
    doubt of, beside those that people gave.
    """
    songs = genres.load(data) if data else []
    if data and weak:
        songs = add_weak_labels(songs, data)
    taped = recordings.load(data) if data else []
    sounds = instruments.load(data) if data else []
    midi = [clip for folder in rendered for clip in instruments.load_rendered(folder)]
    added = [clip for source in sources for clip in source.clips]
    if fold is not None and not any(clip.fold == fold for clip in songs + added):
        raise DataError(f"no song is in fold {fold}", data / "tracks.csv" if data else None)
    mixes = [clip for clip in sounds if clip.source == instruments.TEST_SOURCE]
    solos = [clip for clip in sounds if clip.source != instruments.TEST_SOURCE]
    solos += [clip for clip in taped if recordings.is_solo(clip)]
    bands = [clip for clip in taped if not recordings.is_solo(clip)]
    gone = [clip for clip in added if fold is not None and clip.fold == fold] + _out(bands, fold)
    held_out = _out(solos + midi, fold)
    ids = {clip.id for clip in held_out + gone}
    whole = [
        clip for clip in songs + added if clip.fold is None or clip.fold not in (fold, TEST_FOLD)
    ]
    split = Split(
        songs=whole + [clip for clip in bands if clip.id not in ids],
        solos=[clip for clip in solos if clip.id not in ids],
        rendered=[clip for clip in midi if clip.id not in ids],
        held_out_songs=[clip for clip in songs if fold is not None and clip.fold == fold]
        + _labelled_for(gone, GENRE_SLICE),
        held_out_instruments=held_out + _labelled_for(gone, INSTRUMENT_SLICE),
        real_mixes=mixes,
    )
    check_disjoint(split.songs, split.held_out_songs + gone)
    check_disjoint(split.solos + split.rendered, split.held_out_instruments + split.real_mixes)
    return split


def _out(clips: list[Clip], fold: int | None) -> list[Clip]:
    """Those that are held out with a fold of the songs, by folds of their own."""
    return [c for c in clips if fold is not None and instruments.is_held_out(c, fold)]


def check_disjoint(learned: list[Clip], held_out: list[Clip]) -> None:
    """Refuse a split in which an artist, singer or instrument is on both sides."""
    if both := {clip.group for clip in learned} & {clip.group for clip in held_out}:
        raise DataError(f"in training and held out at once: {', '.join(sorted(both)[:5])}")


def _labelled_for(clips: list[Clip], kind: slice) -> list[Clip]:
    """The clips with a known target of one kind, with their other targets masked."""
    labelled = []
    for clip in clips:
        targets = unknown()
        targets[kind] = clip.targets[kind]
        if not np.isnan(targets).all():
            labelled.append(replace(clip, targets=targets))
    return labelled
