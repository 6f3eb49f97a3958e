"""How well a library teaches its own labels: songs with artist-level genres as a stand-in library.

    python -m benchmarks.retraining --data DATA [--base MODEL] > benchmarks/RETRAINING.md

DATA is the folder that training/data/datasets/genres.py describes. The songs get private labels and
are judged fold by fold; no artist is in two folds. MODEL may hold `{fold}`, for a model of each
fold that was trained without it; one that learned from all folds flatters what it says of itself.
With `--folds 1`, MODEL is one trained without that fold. What is embedded stays in `--cache`, so a
second run only learns.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np

from benchmarks.retraining_measures import (
    DRAWS,
    SEEDS,
    SIZES,
    Fold,
    by_label,
    gtzan_layout,
    library_of,
    planted,
    points,
    suggestions,
    timing,
)  # fmt: skip
from tagger.models.model import CardFile
from training.finetune.embeddings import cache_folder, load_base
from training.finetune.examples import Array

FOLDS = ("1", "2", "3", "4")
ONE = """for every fold.
It learned from these very songs, all folds: its figures, and those of all that is learned from its
embedding, are too good for a library it has not met."""
EACH = "of each fold, trained without it."
MEANS = """Average precision, means over the folds and over
three draws of the tracks; the spread is the standard deviation of the mean over the draws.
`neighbours`: the labels of the nearest tracks by the embedding, without a head."""


def learning_curve(folds: list[Fold], *, mapped: bool) -> Iterator[str]:
    """The table of one way to start: by label and in the mean, with its spread over the draws."""
    names = [label.name for label in folds[0].library.vocabulary.labels]
    yield "| tracks a label | " + " | ".join(names) + " | mean | spread | neighbours | spread |"
    yield "|---" * (len(names) + 5) + "|"
    yield row("guessing", np.mean([fold.guessing() for fold in folds], axis=0))
    yield row("base model by the map", np.mean([fold.before() for fold in folds], axis=0))
    for size in SIZES:
        seeds = SEEDS if size else SEEDS[:1]
        # Shape: draws, folds, labels
        head = np.array([[points(f, size, s, mapped=mapped) for f in folds] for s in seeds])
        near = np.array([[f.neighbours(size, s) for f in folds] for s in seeds])
        yield row(str(size or "all"), head.mean(axis=(0, 1)), *spread(head), *mean_of(near))


def row(name: str, aps: Array, *more: str) -> str:
    cells = [*(f"{x:.2f}" for x in aps), f"{aps.mean():.3f}", *more]
    return f"| {name} | " + " | ".join(cells) + " |" + " |" * (3 - len(more))


def spread(values: Array) -> tuple[str]:
    means = values.mean(axis=(1, 2))
    return (f"{means.std():.3f}" if len(means) > 1 else "-",)


def mean_of(values: Array) -> tuple[str, str]:
    return (f"{values.mean():.3f}", *spread(values))


def report(
    folds: list[Fold], bases: list[CardFile], data: Path, cache: Path, *, timed: bool
) -> Iterator[str]:
    """The page, line by line."""
    yield "# Retraining on a personal library\n"
    yield "Made by `python -m benchmarks.retraining --data DATA --base MODEL`; base model"
    knows_all = len(bases) < len(folds)
    yield f"{', '.join(base.card.id for base in bases)} {ONE if knows_all else EACH}\n"
    judged = ", ".join(fold.name for fold in folds)
    yield f"{sum(len(fold.test) for fold in folds)} songs, folds {judged}: each in turn is judged"
    yield f"by what the others teach. {MEANS}\n"
    for title, mapped in (("Labels mapped to base labels", True), ("Labels of no map", False)):
        yield f"## {title}\n"
        yield from learning_curve(folds, mapped=mapped)
        yield ""
    yield "## Label by label, all tracks, mapped\n"
    yield "In brackets: 95 of 100 draws of artists.\n"
    yield from by_label(folds)
    yield "\n## Ten wrong labels in 400 tracks\n"
    yield "| seed | in the first 10 | 25 | 50 |\n|---|---|---|---|"
    yield from (planted(folds[0], seed) for seed in SEEDS)
    yield "\n## Forty more tracks, suggested or drawn (mean AP, labels of no map)\n"
    yield f"Drawn: mean and spread over {DRAWS} draws.\n"
    yield "| seed | ten a label | + 40 suggested | + 40 drawn | spread |\n|---|---|---|---|---|"
    yield from (suggestions(folds, seed) for seed in SEEDS)
    yield "\n## Untagged folders, 20 tracks a label, as GTZAN comes\n"
    yield "No artist is known to the program; the judge's tracks are of other artists.\n"
    yield from gtzan_layout(data, folds, cache)
    if timed:
        yield "\n## 1,000 tracks of 30 s, two processes\n"
        yield "| | seconds | CPU seconds | MB, largest process | load |\n|---|---|---|---|---|"
        yield from timing(data)


@click.command()
@click.option("--data", required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--base", "model", default="small", show_default=True, help="May hold {fold}.")
@click.option("--folds", default=",".join(FOLDS), show_default=True, help="Folds to judge on.")
@click.option("--cache", type=click.Path(path_type=Path), help="Where embeddings are cached.")
@click.option("--timing", "timed", is_flag=True, help="Also 1,000 tracks through the command.")
def main(data: Path, model: str, folds: str, cache: Path | None, timed: bool) -> None:
    names = [model.replace("{fold}", fold) for fold in folds.split(",")]
    bases = {name: load_base(name) for name in names}
    where = cache or cache_folder()
    judged = [
        library_of(data, bases[name], where, fold)
        for name, fold in zip(names, folds.split(","), strict=True)
    ]
    for line in report(judged, list(bases.values()), data, where, timed=timed):
        print(line, flush=True)


if __name__ == "__main__":
    main()
