"""What a model learned from, in words, as its card tells it: counted from the run itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.config import Config
from training.data.datasets import Clip
from training.data.split import Split
from training.data.teacher_outputs import COMPUTED


@dataclass(frozen=True, slots=True)
class Origin:
    """What a run takes from others."""

    start: tuple[Path, ...] = ()  # checkpoints, with the mean of whose weights it begins
    ensemble: tuple[Path, ...] = ()  # checkpoints, whose common opinion it learns
    runs: tuple[Path, ...] = ()  # folders of runs that held folds out, where this one does not


NOTHING = Origin()


def describe_data(split: Split, config: Config, origin: Origin, *, computed: bool) -> str:
    """One sentence: how many clips of which sources, which teachers, and what was held out.

    `computed`: whether the teachers were asked whose outputs are not stored beside the data.
    """
    teachers = _teachers(split, config, computed=computed)
    return "; ".join(_parts(split, config, origin, teachers))


def _teachers(split: Split, config: Config, *, computed: bool) -> list[str]:
    """Those of the config that said something of some song."""
    stored = any(clip.soft for clip in split.songs)
    asked = {teacher.name for teacher in COMPUTED}
    return [name for name in config.loop.teachers if (computed if name in asked else stored)]


def _parts(split: Split, config: Config, origin: Origin, teachers: Sequence[str]) -> Iterator[str]:
    steps, n_networks = config.loop.steps, len(origin.ensemble)
    yield f"{steps:,} steps over {_counted(split.songs, 'song')}"
    for clips, name in ((split.solos, "isolated sound"), (split.rendered, "rendered window")):
        if clips:
            yield _counted(clips, name)
    if teachers:
        yield f"outputs of the teachers {', '.join(teachers)} on them"
    if n_networks:
        yield f"the mean opinion of {n_networks} other run{'s' if n_networks > 1 else ''}"
    if origin.start:
        yield f"the weights at the start are the mean of {len(origin.start)} checkpoint(s)"
    held_out = len(split.held_out_songs) + len(split.held_out_instruments)
    yield f"held out: {held_out:,} clips" if held_out else "no fold was held out"


def _counted(clips: Sequence[Clip], name: str) -> str:
    """How many, and of which sources, most first.

    >>> _counted([], "song")
    'no songs'
    """
    if not clips:
        return f"no {name}s"
    counts = Counter(clip.source for clip in clips)
    sources = ", ".join(f"{source} {count:,}" for source, count in counts.most_common())
    return f"{len(clips):,} {name}{'s' if len(clips) > 1 else ''} ({sources})"
