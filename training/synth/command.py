"""The command line of the renderer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from training.synth.batch import Tally

_SHOW_EVERY = 25


@click.command()
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="Folder with midi.csv and midi.tar.gz.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder for audio, window labels and rendered.csv; an earlier run goes on here.",
)
@click.option("--seconds", type=click.FloatRange(min=3.0), default=30.0, show_default=True)
@click.option("--per-file", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
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
    click.echo(f"{tally.rendered} rendered, {tally.kept} already there, {tally.failed} failed")


def _show(tally: Tally) -> None:
    if tally.done % _SHOW_EVERY == 0:
        click.echo(f"{tally.done}/{tally.total} ({tally.failed} failed)", err=True)
