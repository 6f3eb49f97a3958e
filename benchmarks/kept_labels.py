"""Whether the labels a personal model keeps say what the base model says, on real sound.

    python -m benchmarks.kept_labels FOLDER [--steps 20]

Fifty files of FOLDER are given two made-up labels, both gears of `musictag train` learn them beside
the base model's, and a scan by each model is compared with one by the base model.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt

from tagger import DEFAULT_MODEL
from tagger.models.model import load_model
from tagger.scanning.discovery import find_files
from tagger.scanning.parallel import scan
from tagger.scanning.settings import Settings
from tagger.vocabulary import KINDS

Array = npt.NDArray[np.float32]
ALLOWED = 1e-6


def clips_of(folder: Path, number: int, seed: int) -> list[Path]:
    """So many of the audio files of a folder, drawn."""
    found = [path for path in find_files([folder]) if isinstance(path, Path)]
    chosen = np.random.default_rng(seed).permutation(len(found))[:number]
    return [found[i] for i in sorted(chosen)]


def differences(clips: Sequence[Path], home: Path, steps: int) -> Iterator[tuple[str, str, float]]:
    """Gear, kind of label, and the largest difference of a probability."""
    table = home / "labels.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "genres", "artist"])
        rows.writerows([path, "Even" if i % 2 else "Odd", i] for i, path in enumerate(clips))
    labels = load_model(DEFAULT_MODEL).card.vocabulary.labels
    base = probabilities(clips, DEFAULT_MODEL)
    for gear, more in (("fast", []), ("full", ["--full", "--steps", str(steps)])):
        command = [sys.executable, "-m", "tagger", "train", str(table), "-o", gear, *more]
        environment = {**os.environ, "XDG_DATA_HOME": str(home), "XDG_CACHE_HOME": str(home)}
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        card = next(home.rglob(f"{gear}.json"))
        own = load_model(str(card)).card.vocabulary.labels
        kept = probabilities(clips, str(card))[:, [own.index(label) for label in labels]]
        for kind in KINDS:
            columns = [i for i, label in enumerate(labels) if label.kind == kind]
            yield gear, kind, float(np.abs(kept - base)[:, columns].max())


def probabilities(clips: Sequence[Path], model: str) -> Array:
    """Those of a scan. Shape: `(N, K)`."""
    tracks = [result.track for result in scan(clips, Settings(model), 1)]
    return np.stack([track.scores.values for track in tracks if track])


@click.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("--clips", "number", default=50, show_default=True)
@click.option("--steps", default=20, show_default=True, help="Of --full.")
@click.option("--seed", default=1, show_default=True)
def main(folder: Path, number: int, steps: int, seed: int) -> None:
    clips, worst = clips_of(folder, number, seed), 0.0
    with tempfile.TemporaryDirectory() as home:
        for gear, kind, largest in differences(clips, Path(home), steps):
            click.echo(f"{len(clips)} clips, --{gear}, {kind}s: largest difference {largest:.1e}")
            worst = max(worst, largest)
    sys.exit(worst > ALLOWED)


if __name__ == "__main__":
    main()
