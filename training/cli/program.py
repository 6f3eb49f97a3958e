"""`python -m training`: the command group that makes the models that ship."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Unpack

import click

from tagger.cli.errors import PlainErrors
from training.cli.checkpoint import checkpoint
from training.cli.console import progress, quiet_threads
from training.cli.evaluate import evaluate
from training.cli.options import DEVICE, FOLDER, Places, places, read_split
from training.data.coded_copies import code
from training.data.label_counts import count
from training.experiments.ablate.command import ablate
from training.experiments.compare.command import compare
from training.experiments.out_of_fold import folds
from training.experiments.rotation import rotate
from training.remix.command import remix
from training.synth.command import synth


@click.command()
@places
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the run.")
@click.option("--config", type=click.Path(exists=True, path_type=Path), help="A TOML file.")
@DEVICE
@click.option("--steps", type=click.IntRange(min=0), help="Instead of the config's.")
@click.option(
    "--learning-rate", type=click.FloatRange(0, min_open=True), help="Instead of the config's."
)
@click.option("--seed", type=click.IntRange(min=0), help="Instead of the config's.")
@click.option(
    "--start",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Checkpoint of another run, to begin with its weights; of several, with their mean.",
)
@click.option(
    "--distil",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Checkpoint of a run whose answers to learn beside the labels; of several, their mean.",
)
@click.option(
    "--everything",
    is_flag=True,
    help="Hold no fold out, for a model that ships; needs --rules.",
)
@click.option(
    "--rules",
    "runs",
    multiple=True,
    type=FOLDER,
    help="Folder of a run that held a fold out, whose predictions calibrate it. May be repeated.",
)
@click.option(
    "--coded",
    type=FOLDER,
    help="Folder that `python -m training code` filled with copies of the songs.",
)
@click.option("--tensorboard", is_flag=True, help="Write scalars for TensorBoard, too.")
def train(
    out: Path,
    config: Path | None,
    device: str,
    steps: int | None,
    learning_rate: float | None,
    seed: int | None,
    start: tuple[Path, ...],
    distil: tuple[Path, ...],
    everything: bool,
    runs: tuple[Path, ...],
    coded: Path | None,
    tensorboard: bool,
    **where: Unpack[Places],
) -> None:
    """Train, calibrate, measure and export a model, and draw its training and its figures.

    A run that was stopped goes on where it was when started again with the same folder. On several
    graphics cards: torchrun --nproc-per-node N -m training train ...
    """
    quiet_threads()
    from dataclasses import replace

    from training.config import DEFAULT, load_config
    from training.trainer.provenance import Origin
    from training.trainer.run import run

    if everything != bool(runs):
        raise click.UsageError("--everything and --rules go together: nothing is held out")
    settings = load_config(config or DEFAULT)
    given = {"steps": steps, "learning_rate": learning_rate, "seed": seed}
    wanted: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    settings = replace(settings, loop=replace(settings.loop, **wanted))
    card = run(
        settings, read_split(everything=everything, **where), out, out.parent / "features", device,
        progress, data=where["data"], coded=coded, origin=Origin(start, distil, runs),
        scalars=tensorboard,
    )  # fmt: skip
    if card:
        click.echo(f"wrote {card}; see it with: musictag models show {card}")


@click.command()
@click.argument("model", default="small")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="A file for it.")
def page(model: str, out: Path | None) -> None:
    """Write the card of MODEL, a name or the path of a card, as a page for people."""
    from tagger.models.card import load_card
    from tagger.models.model import find_card
    from training.evaluation.model_page import page_text

    text = page_text(load_card(find_card(model)))
    if out:
        out.write_text(text, encoding="utf-8")
    else:
        click.echo(text, nl=False)


@click.group(cls=PlainErrors)
def main() -> None:
    """Make and measure musictag's models."""


main.add_command(train)
main.add_command(evaluate)
main.add_command(ablate)
main.add_command(compare)
main.add_command(synth)
main.add_command(remix)
main.add_command(code)
main.add_command(rotate)
main.add_command(folds)
main.add_command(count)
main.add_command(page)
main.add_command(checkpoint)
