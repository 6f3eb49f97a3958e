"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from tagger.vocabulary import Kind

Command = Callable[..., Any]


def window_count(ctx: click.Context, param: click.Parameter, value: str) -> int | None:
    """A number of windows; None for "all"."""
    if value == "all":
        return None
    if not value.isdecimal() or int(value) < 1:
        raise click.BadParameter(
            f"{value!r} is neither a number of 1 or more nor 'all'", ctx, param
        )
    return int(value)


def listening_options(command: Command) -> Command:
    """The options that say how files are listened to."""
    options = [
        click.option("--model", default="small", show_default=True, help="Name of a model."),
        click.option(
            "--windows", callback=window_count, default="10", show_default=True, metavar="N|all",
            help="Three-second windows heard in each file, or 'all'.",
        ),
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


def most(max_genres: int, max_instruments: int, only: str | None = None) -> dict[Kind, int]:
    """Most tags of each kind."""
    return {
        "genre": 0 if only == "instruments" else max_genres,
        "instrument": 0 if only == "genres" else max_instruments,
    }
