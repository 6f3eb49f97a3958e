"""`python -m training rotate`: what two teachers with logistic regression reach, out of fold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from training.cli.console import progress, quiet_threads
from training.cli.options import COMMONEST, cache_folder, data_folder

if TYPE_CHECKING:
    from training.data.datasets import Clip
    from training.data.teacher_outputs import Outputs
    from training.experiments.baselines.regression import Figures

SOURCE = "taffc"  # songs with genres that are wholly listed


@click.command()
@data_folder("tracks.csv, the stored outputs of musicnn and the AudioSet teacher")
@cache_folder("what the AudioSet teacher predicts")
@COMMONEST
def rotate(*, data: Path, cache: Path, labels: int) -> None:
    """Judge logistic regression over what the teachers say, each fold of songs in turn held out.

    Genres that people gave, those with most songs; a table in Markdown.
    """
    quiet_threads()
    from training.data.datasets import genres
    from training.teachers.audioset_outputs import AudioSetTeacher

    teacher = AudioSetTeacher(data, cache)
    clips = [clip for clip in genres.load(data) if clip.source == SOURCE and clip.soft]
    with progress("asking the teacher", len(clips)) as advance:
        outputs = [_outputs_of(clip, teacher.outputs, advance) for clip in clips]
    for line in table(clips, outputs, labels):
        click.echo(line)


def _outputs_of(
    clip: Clip, ask: Callable[[Path], dict[str, Outputs]], advance: Callable[[], object]
) -> dict[str, Outputs]:
    from training.data.teacher_outputs import load_soft

    advance()
    return (load_soft(clip.soft) if clip.soft else {}) | ask(clip.path)


def table(clips: list[Clip], outputs: list[dict[str, Outputs]], labels: int) -> list[str]:
    """Lines of Markdown: each teacher alone, and both."""
    import numpy as np

    from training.data.taxonomy import LISTED_GENRES
    from training.experiments.baselines import regression

    folds = np.array([clip.fold for clip in clips])
    targets = np.stack([clip.targets[: len(LISTED_GENRES)] for clip in clips]).astype(np.float64)
    chosen = regression.commonest(targets, labels)
    targets = targets[:, chosen]
    audioset = np.stack([regression.pooled_audioset(soft) for soft in outputs])
    musicnn = np.stack([regression.pooled_musicnn(soft) for soft in outputs])
    one, other = (regression.rotate(values, targets, folds) for values in (audioset, musicnn))
    rows = {"AudioSet teacher": one, "musicnn": other, "both": (one + other) / 2}
    return [
        f"{len(clips)} songs, {len(chosen)} genres: {', '.join(LISTED_GENRES[i] for i in chosen)}",
        "",
        "| features | ROC-AUC | mAP | ROC-AUC by fold | mAP by fold |",
        "|---|---|---|---|---|",
        *(_row(name, regression.measure(found, targets, folds)) for name, found in rows.items()),
    ]


def _row(name: str, figures: Figures) -> str:
    by_fold = (
        " ".join(f"{value:.3f}" for value in values)
        for values in (figures.fold_roc_auc, figures.fold_average_precision)
    )
    figure = f"{figures.roc_auc:.3f} | {figures.average_precision:.3f}"
    return f"| {name} | {figure} | {' | '.join(by_fold)} |"
