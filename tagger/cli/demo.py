"""`musictag demo`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tagger.cli.echo import echo


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--seconds",
    type=click.FloatRange(0.01, 3600),
    default=30.0,
    show_default=True,
    help="Length of each track.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Random seed.")
def demo(folder: Path, seconds: float, seed: int) -> None:
    """Write a synthesised music library into FOLDER.

    Twelve pieces in seven formats, tagged as unevenly as real ones, to try every command on.
    """
    from tagger.demo import N_TRACKS, write_demo

    with click.progressbar(length=N_TRACKS, label="rendering music", file=sys.stderr) as bar:
        paths = write_demo(folder, seconds=seconds, seed=seed, progress=lambda: bar.update(1))
    echo(f"wrote {len(paths)} files; now try: musictag scan {folder}", err=True)
