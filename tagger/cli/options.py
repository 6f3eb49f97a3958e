"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Container
from pathlib import Path
from typing import Any

import click

from tagger import CHOSEN
from tagger.vocabulary import Kind

Command = Callable[..., Any]
REPORT_SUFFIXES = (".html", ".csv", ".json")  # `tagger.report.write` has a maker for each


MODEL = click.option(
    "--model",
    default=CHOSEN,
    show_default="the one that `musictag models use` chose, else the shipped one",
    help="Name, or path of a card.",
)


def window_count(ctx: click.Context, param: click.Parameter, value: str) -> int | None:
    """A number of windows; None for "all"."""
    if value == "all":
        return None
    if not value.isdecimal() or int(value) < 1:
        raise click.BadParameter(
            f"{value!r} is neither a number of 1 or more nor 'all'", ctx, param
        )
    return int(value)


WINDOWS = click.option(
    "--windows", callback=window_count, default="10", show_default=True, metavar="N|all",
    help="Three-second windows heard in each file, or 'all'.",
)  # fmt: skip


def report_paths(
    ctx: click.Context, param: click.Parameter, value: tuple[Path, ...]
) -> tuple[Path, ...]:
    """Paths a report can be written to: said before a long scan, not after it."""
    for path in value:
        if path.suffix.lower() not in REPORT_SUFFIXES:
            known = ", ".join(REPORT_SUFFIXES)
            raise click.BadParameter(f"'{path}' does not end in one of {known}", ctx, param)
        if path.is_dir() or not path.absolute().parent.is_dir():
            raise click.BadParameter(
                f"'{path}' is no place for a file: its folder must exist", ctx, param
            )
    return value


def listening_options(command: Command) -> Command:
    """The options that say how files are listened to."""
    return MODEL(WINDOWS(tag_options(command)))


def tag_options(command: Command) -> Command:
    """The options that say which tags are given for what was heard."""
    options = [
        click.option(
            "--max-genres", type=click.IntRange(min=0), default=3, show_default=True,
            help="Most genres given to a file.",
        ),
        click.option(
            "--max-instruments", type=click.IntRange(min=0), default=5, show_default=True,
            help="Most instruments given to a file.",
        ),
        click.option(
            "--min-confidence", type=click.FloatRange(0, 1), default=0.0, show_default=True,
            help="Leave out tags less probable than this, whatever the model's thresholds.",
        ),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def most(max_genres: int, max_instruments: int, only: Container[str] = ()) -> dict[Kind, int]:
    """Most tags of each kind; only some kinds if only these are named."""
    both = ("genres" in only) == ("instruments" in only)
    return {
        "genre": max_genres if both or "genres" in only else 0,
        "instrument": max_instruments if both or "instruments" in only else 0,
    }
