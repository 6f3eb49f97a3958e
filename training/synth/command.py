"""The command line of the renderer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from training.cli.options import SEED, data_folder, out_folder

if TYPE_CHECKING:
    from training.synth.batch import Tally

_SHOW_EVERY = 25


@click.command()
@data_folder("midi.csv and midi.tar.gz")
@out_folder("audio, window labels and rendered.csv")
@click.option("--seconds", type=click.FloatRange(min=3.0), default=30.0, show_default=True)
@click.option("--per-file", type=click.IntRange(min=1), default=1, show_default=True)
@SEED
@click.option("--limit", type=click.IntRange(min=1), help="Render the first files only.")
def synth(
    *, data: Path, out: Path, seconds: float, per_file: int, seed: int, limit: int | None
) -> None:
    """Render excerpts of MIDI files with an instrument label for each window."""
    # mido, soundfile and soxr are loaded only by who renders.
    from tagger.errors import DataError
    from training.synth.batch import render_library

    try:
        tally = render_library(
            data,
            out,
            seconds=seconds,
            per_file=per_file,
            seed=seed,
            limit=limit,
            progress=_show,
        )
    except DataError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{tally.rendered} rendered, {tally.existing} already there, {tally.failed} failed")


def _show(tally: Tally) -> None:
    if tally.done % _SHOW_EVERY == 0:
        click.echo(f"{tally.done}/{tally.total} ({tally.failed} failed)", err=True)
