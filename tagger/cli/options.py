"""Options that several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable, Container
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger import CHOSEN
from tagger.vocabulary import PLURALS, Kind

if TYPE_CHECKING:
    from tagger.models.card import Profile
    from tagger.scanning.settings import Settings

Command = Callable[..., Any]
REPORT_SUFFIXES = (".html", ".csv", ".json")  # `tagger.report.files` has a maker for each


MODEL = click.option(
    "--model",
    default=CHOSEN,
    show_default="the one that `musictag models use` chose, else the shipped one",
    help="Name, or path of a card.",
)


# The names are those of `tagger.models.model.DEVICES`, which `--help` need not load.
DEVICE = click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True,
    help="What runs the network; 'auto' takes CUDA where onnxruntime-gpu is installed.",
)  # fmt: skip


JOBS = click.option(
    "--jobs", type=click.IntRange(min=1), help="Number of processes.  [default: one per core]"
)
TIMEOUT = click.option(
    "--timeout", "timeout_s", type=click.FloatRange(min=0, min_open=True), default=300.0,
    show_default=True, metavar="SECONDS", help="Skip a file that takes longer.",
)  # fmt: skip


def patterns(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Patterns that can be matched: said before a long scan, not in the middle of it."""
    from tagger.scanning.ignore import Rules

    try:
        Rules().adding(Path(), value) if value else None
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error
    return value


EXCLUDE = click.option(
    "--exclude", multiple=True, metavar="GLOB", callback=patterns,
    help="Skip files and folders that match, as in .gitignore. Repeatable; see .musictagignore.",
)  # fmt: skip


def window_count(ctx: click.Context, param: click.Parameter, value: str) -> int | None:
    """A number of windows; None for "all"."""
    if value == "all":
        return None
    if not value.isdecimal() or int(value) < 1:
        raise click.BadParameter(
            f"{value!r} is neither a number of 1 or more nor 'all'", ctx, param
        )
    return int(value)


def window_policy(ctx: click.Context, param: click.Parameter, value: str) -> int | str | None:
    """The same, or "auto"."""
    return value if value == "auto" else window_count(ctx, param, value)


WINDOWS = click.option(
    "--windows", callback=window_count, default="10", show_default=True, metavar="N|all",
    help="Three-second windows of each file to classify, or 'all'.",
)  # fmt: skip
WINDOWS_OR_AUTO = click.option(
    "--windows", callback=window_policy, default="10", show_default=True, metavar="auto|N|all",
    help="Three-second windows of each file to classify; 'auto': ten, fewer when sure.",
)  # fmt: skip


def report_paths(
    ctx: click.Context, param: click.Parameter, value: tuple[Path, ...]
) -> tuple[Path, ...]:
    """Paths a report can be written to: said before a long scan, not after it."""
    for path in value:
        if path.suffix.lower() not in REPORT_SUFFIXES:
            choices = ", ".join(REPORT_SUFFIXES)
            raise click.BadParameter(f"'{path}' does not end in one of {choices}", ctx, param)
        if path.is_dir() or not path.absolute().parent.is_dir():
            raise click.BadParameter(
                f"'{path}' is no place for a file: its folder must exist", ctx, param
            )
    return value


def scan_options(command: Command) -> Command:
    """The options that say how files are classified, passed on as one value `settings`."""
    return MODEL(WINDOWS_OR_AUTO(_tags(_with_settings(command))))


def tag_options(command: Command) -> Command:
    """Those of them that say which tags are given for files classified already."""
    return MODEL(_tags(_with_settings(command)))


def _with_settings(command: Command) -> Command:
    @functools.wraps(command)
    def with_settings(
        model: str, max_genres: int, max_instruments: int, min_confidence: float,
        profile: Profile, experimental: bool, windows: int | str | None = None, **others: Any,
    ) -> Any:  # fmt: skip
        from tagger.inference.early_exit import CLEARANCE
        from tagger.scanning.settings import Settings

        most: dict[Kind, int] = {"genre": max_genres, "instrument": max_instruments}
        settings = Settings(
            model, most=most, min_confidence=min_confidence, profile=profile,
            experimental=experimental,
        )  # fmt: skip
        if isinstance(windows, str):
            return command(settings=replace(settings, clearance=CLEARANCE), **others)
        return command(settings=replace(settings, windows=windows), **others)

    return with_settings


def _tags(command: Command) -> Command:
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
            "--profile", type=click.Choice(["precise", "balanced"]), default="precise",
            show_default=True,
            help="How sure a tag must be: right 4 times in 5, or as likely wrong as missed.",
        ),
        click.option(
            "--min-confidence", type=click.FloatRange(0, 1), default=0.0, show_default=True,
            help="Leave out tags less probable than this, whatever the model's thresholds.",
        ),
        click.option(
            "--experimental", is_flag=True,
            help="Also labels whose quality was never measured on real sound (musictag labels).",
        ),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def narrowed(settings: Settings, only: Container[str]) -> Settings:
    """The settings, with only some kinds of tags if only these are named."""
    if ("genres" in only) == ("instruments" in only):
        return settings
    most = {kind: n if PLURALS[kind] in only else 0 for kind, n in settings.most.items()}
    return replace(settings, most=most)
