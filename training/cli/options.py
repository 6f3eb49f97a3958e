"""Options that several commands share: where labelled audio is, and what of it is held out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack

import click

if TYPE_CHECKING:
    from training.data.datasets.source import Source
    from training.data.split import Split

Command = TypeVar("Command", bound=Callable[..., Any])

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
NEW_FOLDER = click.Path(file_okay=False, path_type=Path)  # it may be there already


def count_option(name: str, default: int, text: str) -> Callable[[Command], Command]:
    """An option that takes a number from 1 on."""
    return click.option(name, type=click.IntRange(1), default=default, show_default=True, help=text)


def folder_option(
    name: str, text: str, kind: click.Path = NEW_FOLDER
) -> Callable[[Command], Command]:
    """An option that must be given, and takes a folder."""
    return click.option(name, required=True, type=kind, help=f"Folder {text}")


DATA = click.option(
    "--data",
    type=FOLDER,
    help="Folder with tracks.csv, instruments.csv and the audio they list.",
)
RENDERED = click.option(
    "--rendered",
    multiple=True,
    type=FOLDER,
    help="Folder that `python -m training synth` filled with rendered MIDI. May be repeated.",
)
SOURCE = click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="KIND:PATH",
    help="A data set of one's own or a public one; may be given several times. KIND is folders, "
    "csv, beets, gtzan, fma, jamendo, magnatagatune, openmic or irmas.",
)
WEAK = click.option(
    "--weak-negatives",
    "weak",
    is_flag=True,
    help="Take a genre that a source does not name, far from those it names, for absent.",
)
GTZAN_SPLIT = click.option(
    "--gtzan-split",
    type=FOLDER,
    help="Folder with the fault-filtered lists and the artists of GTZAN.",
)
DEVICE = click.option("--device", default="cpu", show_default=True, help="cpu, cuda or cuda:1.")
FOLD = click.option(
    "--fold",
    type=click.IntRange(0, 5),
    default=1,
    show_default=True,
    help="Fold to hold out; 0 is the test part of sources that have one.",
)
SEED = click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Random seed."
)
COMMONEST = count_option("--labels", 15, "How many genres, those with most songs.")


def data_folder(contents: str) -> Callable[[Command], Command]:
    """The required `--data` of a command that reads a folder with `contents`."""
    return folder_option("--data", f"with {contents}.", FOLDER)


def cache_folder(contents: str) -> Callable[[Command], Command]:
    """The required `--cache` of a command that stores `contents` there."""
    return folder_option("--cache", f"for {contents}; `train` has its own in OUT/../features.")


def out_folder(contents: str) -> Callable[[Command], Command]:
    """The required `--out` of a command that fills a folder with `contents` and can resume."""
    return folder_option("--out", f"for {contents}; an earlier run is resumed.")


def sources_named(
    texts: tuple[str, ...], *, weak: bool = False, gtzan_split: Path | None = None
) -> list[Source]:
    """The data sets that `--source` names, in order; prints what each leaves out to stderr."""
    from training.data.datasets.sources import load_source

    found = [load_source(text, weak=weak, gtzan_split=gtzan_split) for text in texts]
    for line in (line for source in found for line in source.notes()):
        click.echo(line, err=True)
    return found


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


def read_split(*, everything: bool = False, **where: Unpack[Places]) -> Split:
    """Read all labels; what a source leaves out is told on standard error.

    Raises UsageError where neither a folder nor a source is given.
    """
    from training.data.split import load_split

    if not where["data"] and not where["sources"]:
        raise click.UsageError("no data: give --data or --source")
    loaded = sources_named(where["sources"], weak=where["weak"], gtzan_split=where["gtzan_split"])
    fold = None if everything else where["fold"]
    return load_split(where["data"], where["rendered"], fold, loaded)
