"""`musictag plan`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.options import tag_options
from tagger.cli.planning import Planning, plan_and_write, planning_options

if TYPE_CHECKING:
    from tagger.models.card import ModelCard
    from tagger.scanning.results import Result
    from tagger.scanning.settings import Settings

NEEDS = "reading Parquet needs pyarrow: pip install 'musictag[beam]'"


@click.command()
@click.option(
    "--from",
    "parquet",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PARQUET",
    help="What `musictag pipeline` wrote.",
)
@click.option(
    "--moved",
    "moved",
    type=(str, str),
    multiple=True,
    metavar="OLD NEW",
    help="Files that lay under OLD lie under NEW here. May be repeated.",
)
@tag_options
@planning_options
def plan(
    parquet: Path,
    moved: tuple[tuple[str, str], ...],
    settings: Settings,
    **planning_given: Any,
) -> None:
    """Plan tags from scores that `musictag pipeline` wrote; classify nothing.

    Shows what would be written, as `musictag scan --mode fill` does, and takes the same options.
    The tags of today are read from the files here; one that is missing, or whose sound is not what
    was classified, is named and left out. Exit code: 0 if all went well, 1 if a file was left out.

    \b
    Examples:
      musictag plan --from music.parquet
      musictag plan --from music.parquet --moved gs://bucket/music ~/Music --plan plan.json
    """
    from tagger.models.model import read_card

    planning_given["modes"] = planning_given["modes"] or {"genre": "fill", "instrument": "fill"}
    card = read_card(settings.model).card
    results, failed = _results(parquet, card, settings, moved)
    roots = [Path(new) for _, new in moved] or _common_folder(results)
    plan_and_write(results, tuple(roots), settings, card, Planning(**planning_given))
    if failed:
        raise SystemExit(1)


def _results(
    parquet: Path, card: ModelCard, settings: Settings, moved: tuple[tuple[str, str], ...]
) -> tuple[list[Result], bool]:
    """The rows whose files are here; whether there are others, which are named."""
    try:
        from tagger.beam.read_results import Move, check_moves, results_of
    except ModuleNotFoundError as error:
        raise click.ClickException(NEEDS) from error
    from tagger.cli.progress import echo_failure

    moves = [Move(*pair) for pair in moved]
    check_moves(moves)
    good, failed = list[Any](), False
    for result in results_of(parquet, card, settings, moves):
        if result.error:
            echo_failure(result)
            failed = True
        else:
            good.append(result)
    return good, failed


def _common_folder(results: list[Result]) -> list[Path]:
    folders = [str(result.path.parent) for result in results]
    return [Path(os.path.commonpath(folders))] if folders else []
