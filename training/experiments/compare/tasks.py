"""Labelled clips -> tasks: the clips, the classes to tell apart in them, and which hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tagger.vocabulary import kind_of
from training.data.datasets import Clip
from training.data.taxonomy import GENRE_SLICE, GENRES
from training.evaluation.metrics import LEAST_POSITIVES
from training.experiments.protocols import artist_folds

Array = npt.NDArray[np.float32]

SINGLE, MULTI = "single-label", "multi-label"


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A data set to compare on."""

    name: str
    clips: tuple[Clip, ...]
    learned_by_ours: bool  # whether our network learned from what is not in the fold held out


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What is to be told apart. Shape: `targets` `(N, C)`: 1 present, 0 absent, NaN unknown."""

    data: str
    kind: str
    clips: tuple[Clip, ...]
    classes: tuple[str, ...]
    targets: Array
    learned_by_ours: bool

    @property
    def name(self) -> str:
        """Of the table."""
        return f"{self.data}, {self.kind}"

    @property
    def single(self) -> bool:
        """Whether a clip is of exactly one class."""
        return self.kind == SINGLE


def tasks_of(labelled: Labelled, fold: int, least: int) -> list[Task]:
    """Up to two tasks: clips of one genre, and clips of any number, where there are such.

    A class of single labels needs `least` clips in the fold that is held out and twice as many
    elsewhere; a genre of several 8 in that fold.
    """
    clips = comparable(labelled.clips, fold)
    return [task for task in (_single(labelled, clips, fold, least), _multi(labelled, clips, fold))
            if task]  # fmt: skip


def comparable(clips: Iterable[Clip], fold: int) -> tuple[Clip, ...]:
    """Whole files with something known of their genres, of sources that have clips in the fold.

    Those of another source would all be learned from under one protocol and asked about under the
    next, and the difference of two protocols would be one of mixtures.
    """
    whole = [clip for clip in clips if clip.end_s is None and clip.fold is not None]
    named = [clip for clip in whole if not np.isnan(clip.targets[GENRE_SLICE]).all()]
    folds = artist_folds(named)
    held = {clip.source for clip, own in zip(named, folds, strict=True) if own == fold}
    return tuple(clip for clip in named if clip.source in held)


def genres_of(clip: Clip) -> tuple[str, ...]:
    """The genres that people gave a clip."""
    return tuple(name for name in dict.fromkeys(clip.names) if kind_of(name) != "instrument")


def without(task: Task, ids: set[str]) -> Task:
    """The task without some clips, such as those that cannot be heard."""
    kept = [i for i, clip in enumerate(task.clips) if clip.id not in ids]
    return replace(
        task, clips=tuple(task.clips[i] for i in kept), targets=np.asarray(task.targets[kept])
    )


def _single(labelled: Labelled, clips: tuple[Clip, ...], fold: int, least: int) -> Task | None:
    folds = dict(zip((clip.id for clip in clips), artist_folds(clips), strict=True))
    alone = [clip for clip in clips if len(genres_of(clip)) == 1]
    held = Counter(genres_of(clip)[0] for clip in alone if folds[clip.id] == fold)
    rest = Counter(genres_of(clip)[0] for clip in alone if folds[clip.id] != fold)
    classes = sorted(name for name, n in held.items() if n >= least and rest[name] >= 2 * least)
    if len(classes) < 2:
        return None
    chosen = tuple(clip for clip in alone if genres_of(clip)[0] in classes)
    rows = [[float(genres_of(clip)[0] == name) for name in classes] for clip in chosen]
    return _task(labelled, SINGLE, chosen, classes, np.array(rows, dtype=np.float32))


def _multi(labelled: Labelled, clips: tuple[Clip, ...], fold: int) -> Task | None:
    if all(len(genres_of(clip)) < 2 for clip in clips):
        return None
    held = np.array([own == fold for own in artist_folds(clips)])
    targets = np.stack([clip.targets[: len(GENRES)] for clip in clips])
    counts = np.minimum((targets[held] == 1).sum(axis=0), (targets[held] == 0).sum(axis=0))
    chosen = [i for i, count in enumerate(counts) if count >= LEAST_POSITIVES]
    if not chosen:
        return None
    known = np.logical_not(np.isnan(targets[:, chosen]).all(axis=1)).tolist()
    kept = tuple(clip for clip, is_known in zip(clips, known, strict=True) if is_known)
    return _task(labelled, MULTI, kept, [GENRES[i] for i in chosen], targets[known][:, chosen])


def _task(
    labelled: Labelled, kind: str, clips: tuple[Clip, ...], classes: Sequence[str], targets: Array
) -> Task:
    return Task(labelled.name, kind, clips, tuple(classes), targets, labelled.learned_by_ours)
