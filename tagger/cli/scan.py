"""`musictag scan`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.options import listening_options, narrowed, report_paths
from tagger.cli.planning import Planning, plan_and_write, planning_options

if TYPE_CHECKING:
    from tagger.scan import Result, Settings


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
@planning_options
def scan(
    paths: tuple[Path, ...],
    settings: Settings,
    only: tuple[str, ...],
    reports: tuple[Path, ...],
    jobs: int | None,
    as_json: bool,
    **planning_given: Any,
) -> None:
    """Hear the music files under PATHS; write nothing unless asked to.

    Shows a table of what the tags of each file say -> what was heard in it. With --write, --plan,
    --mode or --level it shows what would be written instead; --write then asks, and writes.
    Files are changed by copy, check and replacement, and `musictag undo` takes it all back.

    The table goes to standard output, progress and failures to standard error. Exit code: 0 if all
    went well, 1 if a file failed (it is named, the rest is done), 3 if there is no such model.

    \b
    Examples:
      musictag scan ~/Music --report heard.html --report heard.csv
      musictag scan ~/Music --only instruments --json > heard.jsonl
      musictag scan ~/Music --mode merge --plan plan.json
      musictag scan ~/Music --write
    """
    from tagger import scan as scanning
    from tagger.cli.progress import follow
    from tagger.library import find_files

    settings = narrowed(settings, only)
    found = list(find_files(paths))
    if not found:
        raise click.ClickException("there is no audio file under the given paths")
    planning, heard = Planning(**planning_given), list[scanning.Result]()
    with closing(scanning.scan(found, settings, jobs or scanning.default_jobs())) as results:
        kept = _kept(results, heard) if planning.wanted or reports else results
        failed = _show(follow(kept, len(found)), only, as_json=as_json, plan=planning.wanted)
    if heard:
        plan_and_write(heard, paths, settings, planning, reports, show=not as_json)
    if failed:
        raise SystemExit(1)


def _kept(results: Iterable[Result], heard: list[Result]) -> Iterator[Result]:
    """Pass results on, and keep them for the plan and the reports."""
    for result in results:
        heard.append(result)
        yield result


def _show(results: Iterable[Result], only: tuple[str, ...], *, as_json: bool, plan: bool) -> bool:
    """Show results as they come; whether a file failed, which does not stop a plan for the rest.

    A table of what was heard would only stand in the way of the plan that is asked for.
    """
    from tagger.cli.output import echo_records, echo_table

    try:
        if plan and not as_json:
            for _ in results:
                pass
        else:
            show = echo_records if as_json else echo_table
            show(results, only_changed="changed" in only)
    except SystemExit:
        return True
    return False
