"""`python -m training count`: how many clips of a data folder have each label."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from training.cli.options import DATA, RENDERED

if TYPE_CHECKING:
    from training.data.datasets import Clip


@click.command()
@DATA
@RENDERED
@click.option("--weak", is_flag=True, help="With the labels that stored teachers are sure of.")
def count(*, data: Path, rendered: tuple[Path, ...], weak: bool) -> None:
    """Count clips, and artists or instruments, that have each label and that lack it.

    A word or a name that is in none of our tables is an error that names it.
    """
    from training.data.split import load_split

    split = load_split(data, rendered, None, weak=weak)
    parts = {"songs": split.songs, "solos": split.solos, "rendered": split.rendered}
    for name, clips in parts.items():
        for line in count_lines(name, clips):
            click.echo(line)


def count_lines(name: str, clips: list[Clip]) -> Iterator[str]:
    """A heading, and a line for each label that some clip has or lacks."""
    import numpy as np

    from training.data.taxonomy import label_names

    if not clips:
        return
    yield f"{name}: {len(clips)} clips of {len({clip.group for clip in clips})} groups"
    targets = np.stack([clip.targets for clip in clips])
    groups = np.array([clip.group for clip in clips])
    for label, column in zip(label_names(), targets.T, strict=True):
        here, gone = column == 1, column == 0
        if here.any() or gone.any():
            held_by = f"{here.sum():6} present in {len(set(groups[here])):4} groups"
            yield f"  {label:28}{held_by}{gone.sum():7} absent"
