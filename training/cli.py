"""`python -m training`: making the models that ship; `evaluate` is a command of `musictag` too."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from tagger.cli.errors import PlainErrors
from tagger.cli.options import MODEL
from training.synth.command import synth

DATA = click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with tracks.csv, instruments.csv and the sound they name.",
)
RENDERED = click.option(
    "--rendered",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder that `python -m training.synth` filled with rendered MIDI.",
)
FOLD = click.option("--fold", default=1, show_default=True, help="Fold of songs to hold out.")


@click.command()
@DATA
@RENDERED
@FOLD
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the run.")
@click.option("--config", type=click.Path(exists=True, path_type=Path), help="A TOML file.")
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda or cuda:1.")
@click.option("--steps", type=click.IntRange(min=1), help="Instead of the config's number.")
def train(
    data: Path,
    rendered: Path | None,
    fold: int,
    out: Path,
    config: Path | None,
    device: str,
    steps: int | None,
) -> None:
    """Train, calibrate, measure and export a model, and draw how it learned and hears.

    A run that was stopped goes on where it was when started again with the same folder.
    """
    _quiet_threads()
    from dataclasses import replace

    from training.config import DEFAULT, load_config
    from training.pipeline import load_split, run

    settings = load_config(config or DEFAULT)
    if steps:
        settings = replace(settings, loop=replace(settings.loop, steps=steps))
    split = load_split(data, rendered, fold)
    card = run(settings, split, out, out.parent / "features", device, _progress)
    click.echo(f"wrote {card}; see it with: musictag models show {card}")


@click.command()
@DATA
@RENDERED
@FOLD
@MODEL
@click.option("--pictures", type=click.Path(path_type=Path), help="Also draw them, as .html.")
def evaluate(
    data: Path, rendered: Path | None, fold: int, model: str, pictures: Path | None
) -> None:
    """Measure a model on held-out sound.

    Genres by track on one fold of songs; instruments on clips and mixes that are never trained on.
    """
    _quiet_threads()
    import json
    from dataclasses import replace

    from tagger.model import find_card, load_model
    from training.pictures import write_pictures
    from training.pipeline import LOSSES, listen_all, load_split, measure_all

    split, loaded = load_split(data, rendered, fold), load_model(model)
    heard = listen_all(loaded, split, _progress)
    figures = measure_all(heard, loaded.card)
    if pictures:
        log = find_card(model).with_name(LOSSES)
        write_pictures(pictures, log, heard, replace(loaded.card, metrics=figures))
    click.echo(json.dumps(figures, indent=1))


def _quiet_threads() -> None:
    # OpenMP threads that spin while they wait make a step 4 times slower as soon as another
    # program wants a core; the variable is read when torch is first imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@contextmanager
def _progress(label: str, length: int) -> Iterator[Callable[[], object]]:
    with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
        yield lambda: bar.update(1)


@click.group(cls=PlainErrors)
def main() -> None:
    """Make and measure musictag's models."""


main.add_command(train)
main.add_command(evaluate)
main.add_command(synth)
