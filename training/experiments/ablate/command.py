"""The command line of the ablations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from training.cli.console import progress, quiet_threads
from training.cli.options import DATA, DEVICE, RENDERED, count_option, folder_option

if TYPE_CHECKING:
    from training.config import Config
    from training.experiments.ablate.cells import Bench

CONFIG = Path(__file__).parents[2] / "configs" / "ablation.toml"
REPORT = "ablations.md"


@click.command()
@DATA
@RENDERED
@click.option(
    "--variant",
    "names",
    multiple=True,
    help="Only this one beside the recipe; may be given several times.",
)
@click.option(
    "--fold",
    "folds",
    multiple=True,
    type=click.IntRange(1, 4),
    default=(1, 2),
    show_default=True,
    help="Fold to hold out; may be given several times.",
)
@click.option("--seeds", type=click.IntRange(1), default=2, show_default=True)
@click.option(
    "--config",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The recipe, instead of training/configs/ablation.toml.",
)
@click.option("--steps", type=click.IntRange(1), help="Of every run, instead of the config's.")
@click.option(
    "--start",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Checkpoint of a run that held --fold out: every run begins with its weights; of several, "
    "with their mean.",
)
@DEVICE
@count_option("--jobs", 1, "Runs at the same time, each on one processor core.")
@folder_option("--out", "of the table; one that was stopped goes on there.")
def ablate(
    *,
    data: Path | None,
    rendered: tuple[Path, ...],
    names: tuple[str, ...],
    folds: tuple[int, ...],
    seeds: int,
    path: Path | None,
    steps: int | None,
    start: tuple[Path, ...],
    device: str,
    jobs: int,
    out: Path,
) -> None:
    """What each part of the recipe is worth: many short runs, with one thing changed in each.

    Writes a table as Markdown, when it is stopped too. The mel power of the sound is kept in a
    folder "features" beside the table's.
    """
    quiet_threads()
    from dataclasses import replace
    from multiprocessing import get_all_start_methods

    from training.config import load_config
    from training.experiments.ablate.cells import open_ledger, planned
    from training.experiments.ablate.summary import markdown_text
    from training.experiments.ablate.variants import BY_NAME
    from training.experiments.runner.grid import fill

    if not data:
        raise click.UsageError("no data: give --data")
    if unknown := set(names) - set(BY_NAME):
        raise click.UsageError(f"{unknown.pop()!r} is no variant; there are: {', '.join(BY_NAME)}")
    if jobs > 1 and (device != "cpu" or "fork" not in get_all_start_methods()):
        raise click.UsageError("--jobs is for --device cpu, on systems whose processes can fork")
    config = load_config(path or CONFIG)
    if steps:
        config = replace(config, loop=replace(config.loop, steps=steps))
    bench = replace(_bench(config, data, rendered, folds, device, out), start=start)
    began = [str(path) for path in start]
    ledger = open_ledger(
        out, {"config": repr(config), "clips": len(bench.features), "begins with": began}
    )
    cells = planned(names or tuple(BY_NAME), folds, seeds)
    report = out / REPORT
    try:
        with progress("runs", len(cells)) as advance:
            fill(cells, ledger, bench.run, advance, jobs=jobs)
    finally:  # what is done is worth a table
        report.write_text(
            markdown_text(ledger.results, config, begun=bool(start)), encoding="utf-8"
        )
        click.echo(f"wrote {report}")


def _bench(
    config: Config, data: Path, rendered: tuple[Path, ...], folds: tuple[int, ...],
    device: str, out: Path,
) -> Bench:  # fmt: skip
    import torch

    from training.data.mel_cache import load_features
    from training.data.split import load_split
    from training.experiments.ablate.cells import Bench

    splits = {
        (fold, weak): load_split(data, rendered, fold, weak=weak)
        for fold in folds
        for weak in (True, False)
    }
    some = next(iter(splits.values()))  # all have the same clips, on this side or that
    clips = [
        *some.songs, *some.solos, *some.rendered, *some.held_out_songs, *some.held_out_instruments,
    ]  # fmt: skip
    with progress("reading sound", len(clips)) as advance:
        features = load_features(clips, config.mel, out.parent / "features", advance)
    return Bench(config, splits, features, torch.device(device), out / "unfinished")
