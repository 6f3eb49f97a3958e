"""`musictag train` and `musictag calibrate`: learn from a user's own labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tagger import DEFAULT_MODEL
from tagger.cli.echo import echo
from tagger.cli.options import MODEL
from training.cli.console import progress, quiet_threads

if TYPE_CHECKING:
    from training.finetune.options import TrainOptions


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]", type=click.Path(path_type=Path))
@click.option("-o", "--output", "name", metavar="NAME", help="Name of the model to make.")
@click.option(
    "--like",
    metavar="LABEL",
    help="Teach this one label: SOURCE is a handful of files that have it.",
)
@click.option(
    "--unlike",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With --like: a file that does not have it; may be given several times.",
)
@click.option(
    "--among",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="With --like: the music to tell it from.  [default: what was embedded before]",
)
@click.option("--folders", is_flag=True, help="SOURCE is a folder with a folder for each label.")
@click.option(
    "--beets",
    "beets",
    is_flag=False,
    flag_value="",
    metavar="[LIBRARY]",
    help="Learn from a beets library: that file, or the one of beets' configuration.",
)
@click.option("--query", default="", metavar="QUERY", help="Only these items of the beets library.")
@click.option(
    "--reviewed",
    is_flag=False,
    flag_value="",
    metavar="[FILE]",
    help="Learn from what you ticked and unticked too: a decisions.jsonl or a plan you changed, or "
    "what `musictag review` stored.",
)
@click.option(
    "--export",
    type=click.Path(path_type=Path),
    metavar="CSV",
    help="Only write what is known of each track, as a table that can be SOURCE.",
)
@click.option(
    "--labels",
    "table",
    type=click.Path(path_type=Path),
    metavar="CSV",
    help="Table of names and labels. Where there is no such file it is written, to be edited.",
)
@click.option(
    "--min-tracks",
    type=click.IntRange(min=2),
    default=10,
    show_default=True,
    help="Labels with fewer tracks are left out.",
)
@click.option(
    "--keep-base-labels/--only-mine",
    "keep",
    default=True,
    help="Keep the other labels of the model that is started from, or not.  [default: keep]",
)
@click.option(
    "--fast/--full",
    "fast",
    default=True,
    help="Learn a new head only, or train the whole network further.  [default: fast]",
)
@click.option(
    "--suggest",
    type=click.IntRange(min=1),
    metavar="N",
    help="Only name the N tracks without labels that would teach most.",
)
@click.option("--base", default=DEFAULT_MODEL, show_default=True, help="Model to start from.")
@click.option("--force", is_flag=True, help="Use the model from now on even if it is no better.")
@click.option("--replace", is_flag=True, help="In place of a model of that name.")
@click.option("--jobs", type=click.IntRange(min=1), help="Processes.  [default: one for each core]")
@click.option("--device", default="cpu", show_default=True, help="For --full: cpu, cuda or cuda:1.")
@click.option("--steps", type=click.IntRange(min=1), help="For --full: steps of training.")
@click.option(
    "--trust-own-tags",
    is_flag=True,
    help="Take tags that musictag wrote, and that you did not change, for your own labels.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of all that is drawn.")
def train(
    sources: tuple[Path, ...], beets: str | None, reviewed: str | None, **options: object
) -> None:
    """Teach a model your own labels, from the files you have labelled.

    SOURCE is a folder of tagged files (their genre and instrument fields are the labels), a CSV
    file with the columns path and genres, or with --folders a folder for each label; --beets takes
    the items of a beets library instead, --reviewed what you decided in `musictag review`. Your
    files are only read.

    Every reported figure is for artists held out from training. The new model becomes the default
    if it is shown to be better than the one it started from.

    \b
    Examples:
      musictag train ~/Music -o mine
      musictag train --beets --query 'added:2024..' -o mine --only-mine
      musictag train labels.csv -o mine --labels names.csv
      musictag train ~/Music --reviewed -o mine
      musictag train --like "Late Night" a.mp3 b.mp3 c.mp3 --among ~/Music
    """  # fmt: skip
    if options["like"] is not None:
        _teach(sources, options)
        return
    source = sources[0] if sources else None
    if len(sources) + (beets is not None) > 1 or (not sources and beets is reviewed is None):
        raise click.UsageError("name one SOURCE, --beets or --reviewed")
    if options["unlike"] or options["among"]:
        raise click.UsageError("--unlike and --among go with --like")
    if options["name"] is None and options["suggest"] is None and options["export"] is None:
        raise click.UsageError("name the model to make: -o NAME")
    quiet_threads()
    from training.finetune.options import TrainOptions

    chosen = TrainOptions(source, beets, reviewed, **options)  # type: ignore[arg-type]
    _run(chosen)


def _teach(examples: tuple[Path, ...], options: dict[str, object]) -> None:
    if not examples:
        raise click.UsageError("--like needs a handful of files that have the label")
    quiet_threads()
    from training.finetune.options import TrainOptions
    from training.finetune.teach import teach_label

    chosen = TrainOptions(None, None, examples=examples, **options)  # type: ignore[arg-type]
    for line in teach_label(chosen, _say, progress):
        echo(line)


@click.command()
@click.option(
    "--from",
    "source",
    required=True,
    type=click.Path(exists=True, path_type=Path),
    help="A plan you have reviewed (.json), the decisions.jsonl of `musictag review`, a "
    "table (.csv), or a folder of files whose tags you have put right.",
)
@MODEL
@click.option(
    "-o",
    "--output",
    "name",
    metavar="NAME",
    help="Name of the model to make.  [default: the same, if it is your own]",
)
@click.option("--jobs", type=click.IntRange(min=1), help="Processes.  [default: one for each core]")
def calibrate(source: Path, model: str, name: str | None, jobs: int | None) -> None:
    """Move each label's threshold to where you drew the line.

    In a plan, what you left in counts as accepted and what you took out as refused; so does what
    you ticked and unticked in a review. In a folder, the tags of a file are what is right, and a
    file without any says nothing. The network stays as it is.

    \b
    Examples:
      musictag scan ~/Music --plan plan.json      then edit plan.json, and
      musictag calibrate --from plan.json -o mine
    """  # fmt: skip
    quiet_threads()
    from tagger.scanning.settings import default_jobs
    from training.finetune.calibration import recalibrate

    made, moved = recalibrate(
        source, model, name, jobs or default_jobs(), lambda error: _say(str(error))
    )
    for row in moved:
        echo(
            f"{row.kind:<12}{row.name:<22}{row.before:.2f} -> {row.after:.2f}   "
            f"accepted {row.accepted}, refused {row.refused}"
        )
    _say(f"wrote {made}; use it with: musictag models use {made}")


def _run(options: TrainOptions) -> None:
    from training.finetune import run, sources

    if options.export:
        sources.export_table(options, _say)
        return
    if options.suggest:
        for line in run.suggest_tracks(options, _say, progress):
            echo(line)
        return
    for line in run.train_model(options, _say, progress):
        echo(line)


def _say(line: str) -> None:
    echo(line, err=True)
