"""`python -m training`: making the models that ship; `evaluate` is a command of `musictag` too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack

import click

from tagger.cli.errors import PlainErrors
from tagger.cli.options import MODEL
from training.cli.console import progress, quiet_threads
from training.cli.options import (
    DATA,
    DEVICE,
    FOLD,
    GTZAN_SPLIT,
    RENDERED,
    SOURCE,
    WEAK,
    sources_named,
)
from training.data.coded_copies import code
from training.data.label_counts import count
from training.experiments.ablate.command import ablate
from training.experiments.compare.command import compare
from training.experiments.out_of_fold import folds
from training.experiments.rotation import rotate
from training.remix.command import remix
from training.synth.command import synth

if TYPE_CHECKING:
    from tagger.models.model import Model
    from training.data.split import Split
    from training.evaluation.predict import ClipScores

Command = TypeVar("Command", bound=Callable[..., Any])


def places(command: Command) -> Command:
    """Where labelled sound is, and what of it is held out."""
    for option in (FOLD, GTZAN_SPLIT, WEAK, SOURCE, RENDERED, DATA):
        command = option(command)
    return command


class Places(TypedDict):
    """What `places` gives a command."""

    data: Path | None
    rendered: tuple[Path, ...]
    sources: tuple[str, ...]
    weak: bool
    gtzan_split: Path | None
    fold: int


def _split(*, everything: bool = False, **where: Unpack[Places]) -> Split:
    """Read all labels; what a source leaves out is told on standard error."""
    from training.data.split import load_split

    if not where["data"] and not where["sources"]:
        raise click.UsageError("nothing to hear: give --data or --source")
    loaded = sources_named(where["sources"], weak=where["weak"], gtzan_split=where["gtzan_split"])
    fold = None if everything else where["fold"]
    return load_split(where["data"], where["rendered"], fold, loaded)


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
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of a run that held a fold out, to calibrate on what it heard. May be repeated.",
)
@click.option(
    "--coded",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
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
    """Train, calibrate, measure and export a model, and draw how it learned and hears.

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
        settings, _split(everything=everything, **where), out, out.parent / "features", device,
        progress, data=where["data"], coded=coded, origin=Origin(start, distil, runs),
        scalars=tensorboard,
    )  # fmt: skip
    if card:
        click.echo(f"wrote {card}; see it with: musictag models show {card}")


@click.command()
@places
@MODEL
@click.option("--pictures", type=click.Path(path_type=Path), help="Also draw them, as .html.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Also write the evaluation pack there: Markdown, JSON and pictures.",
)
@click.option(
    "--draws",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="Of artists, for the intervals of the pack.",
)
@click.option(
    "--robustness/--no-robustness",
    default=True,
    show_default=True,
    help="With --out: hear it all again through MP3, other pitch and tempo, noise...",
)
def evaluate(
    model: str,
    pictures: Path | None,
    out: Path | None,
    draws: int,
    robustness: bool,
    **where: Unpack[Places],
) -> None:
    """Measure a model on held-out sound.

    Genres by track on one fold of songs; instruments on clips and mixes that are never trained on.
    """
    quiet_threads()
    import json
    from dataclasses import replace

    from tagger.errors import DataError
    from tagger.models.model import find_card, load_model
    from training.data.taxonomy import VOCABULARY
    from training.evaluation.card_figures import OF_OTHERS, as_given, measure_all, predict_parts
    from training.evaluation.predict import stack_votes
    from training.trainer.run_figures import write_pictures
    from training.trainer.run_log import LOSSES

    split, loaded = _split(**where), load_model(model)
    if loaded.card.vocabulary != VOCABULARY:
        raise DataError(f"the labels of {loaded.card.id} are not those that data are read with")
    if loaded.card.metrics.get(OF_OTHERS):
        click.echo(
            f"note: {loaded.card.id} learned from every fold of its data; on these the figures "
            "flatter it. Measure a run that held one out instead",
            err=True,
        )
    clips = predict_parts(loaded, split, progress)
    held_out = {
        name: stack_votes(part, len(loaded.card.vocabulary)) for name, part in clips.items()
    }
    figures = measure_all(held_out, loaded.card)
    if pictures:
        log = find_card(model).with_name(LOSSES)
        write_pictures(pictures, log, held_out, replace(loaded.card, metrics=figures))
    click.echo(json.dumps(figures, indent=1))
    if out:
        given = as_given(clips)
        click.echo(f"wrote {_pack(out, loaded, given, draws, robustness=robustness)}", err=True)


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


def _pack(
    folder: Path,
    model: Model,
    clips: dict[str, list[ClipScores]],
    draws: int,
    *,
    robustness: bool,
) -> Path:
    from training.evaluation.report_files import write_pack
    from training.evaluation.results import Results, measure_parts, measure_robustness

    changed = measure_robustness(clips, model, progress, draws=draws) if robustness else ()
    parts = measure_parts(clips, model.card, draws=draws)
    return write_pack(folder, Results(model.card.id, draws, parts, changed), clips, model.card)


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
