"""`python -m training remix`: a folder of remixes with their labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tagger.writing.atomic_file import replacing
from training.cli.console import progress
from training.cli.options import SEED, data_folder, out_folder

if TYPE_CHECKING:
    import numpy as np

    from training.remix.parts import Parts
    from training.synth.ledger import Entry


@click.command()
@data_folder("recordings.csv and instruments.csv")
@out_folder("the audio and rendered.csv")
@click.option("--count", type=click.IntRange(min=1), default=2000, show_default=True)
@SEED
def remix(*, data: Path, out: Path, count: int, seed: int) -> None:
    """Mix songs anew from their stems, with solo instruments laid over them.

    A remix takes all its parts from one fold, so that no song and no instrument is on both sides of
    a split. Give the folder to `train` with --rendered.
    """
    import numpy as np

    from training.remix.parts import load_parts
    from training.synth.ledger import read_ledger, write_ledger

    folds = load_parts(data)
    done = read_ledger(out / "rendered.csv")
    numbers = sorted(fold for fold, parts in folds.items() if parts.songs and parts.solos)
    if not numbers:
        raise click.ClickException(f"{data / 'recordings.csv'}: there are no stems in it")
    with progress("mixing", count) as advance:
        for i in range(count):
            name, fold = f"remix-{seed}-{i:05d}", numbers[i % len(numbers)]
            if name not in done:
                rng = np.random.default_rng((seed, i))
                done[name] = _write(folds[fold], fold, out, name, rng)
            advance()
            if i % 100 == 99 or i == count - 1:
                write_ledger(out / "rendered.csv", done.values())
    click.echo(f"{count} remixes in {out}")


def _write(parts: Parts, fold: int, out: Path, name: str, rng: np.random.Generator) -> Entry:
    import soundfile

    from training.remix.arrange import arrange
    from training.remix.labelling import label
    from training.remix.render import RATE, SECONDS, render
    from training.synth.general_midi import NAMES
    from training.synth.ledger import Entry, join, write_windows

    arranged = arrange(parts, rng)
    lines = render(arranged, rng)
    labels = label(arranged, lines, NAMES)
    file, table = f"audio/{name}.flac", f"windows/{name}.csv"
    (out / file).parent.mkdir(parents=True, exist_ok=True)
    with replacing(out / file) as part:
        soundfile.write(part, lines.sum(axis=0), RATE)
    write_windows(out / table, labels.windows)
    return Entry(
        id=name,
        file=file,
        source="remix",
        group=f"remix:{fold}",
        seconds=f"{SECONDS:g}",
        instruments=join(labels.present),
        absent=join(labels.absent),
        window_labels=table,
        part=str(fold),
    )
