"""`musictag scan`."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from tagger.cli.options import listening_options, most, report_paths


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@listening_options
@click.option(
    "--only",
    type=click.Choice(["genres", "instruments", "changed"]),
    multiple=True,
    help="Hear only these; 'changed': list only files that would change. May be repeated.",
)
@click.option(
    "--report",
    "reports",
    type=click.Path(path_type=Path),
    multiple=True,
    callback=report_paths,
    metavar="PATH",
    help="Also write a .html, .csv or .json report there. May be repeated.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="Processes.  [default: one for each core]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, not a table.")
def scan(
    paths: tuple[Path, ...],
    model: str,
    windows: int | None,
    max_genres: int,
    max_instruments: int,
    min_confidence: float,
    only: tuple[str, ...],
    reports: tuple[Path, ...],
    jobs: int | None,
    as_json: bool,
) -> None:
    """Hear the music files under PATHS; write nothing.

    Shows a table of what the tags of each file say -> what was heard in it.

    The table goes to standard output, progress and failures to standard error. Exit code: 0 if all
    went well, 1 if a file failed (it is named, the rest is done), 3 if there is no such model.

    \b
    Examples:
      musictag scan ~/Music --report heard.html --report heard.csv
      musictag scan ~/Music --only instruments --json > heard.jsonl
    """
    from tagger import scan as scanning
    from tagger.cli.output import echo_records, echo_table, reporting
    from tagger.cli.progress import follow
    from tagger.library import find_files

    settings = scanning.Settings(
        model, windows, most(max_genres, max_instruments, only), min_confidence
    )
    found = list(find_files(paths))
    if not found:
        raise click.ClickException("there is no audio file under the given paths")
    with closing(scanning.scan(found, settings, jobs or scanning.default_jobs())) as results:
        followed = follow(reporting(results, reports), len(found))
        show = echo_records if as_json else echo_table
        show(followed, only_changed="changed" in only)
