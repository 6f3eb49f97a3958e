"""`musictag scan`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.echo import echo
from tagger.cli.options import DEVICE, TIMEOUT, listening_options, narrowed, report_paths
from tagger.cli.planning import Planning, plan_and_write, planning_options

if TYPE_CHECKING:
    from tagger.models.session import Device
    from tagger.scan.cache import Cache
    from tagger.scan.parallel import Result, Settings


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
@DEVICE
@click.option("--jobs", type=click.IntRange(min=1), help="Processes.  [default: one for each core]")
@TIMEOUT
@click.option("--no-cache", is_flag=True, help="Hear everything again, and keep nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, as files are done.")
@planning_options
def scan(
    paths: tuple[Path, ...],
    settings: Settings,
    only: tuple[str, ...],
    reports: tuple[Path, ...],
    device: Device,
    jobs: int | None,
    timeout_s: float,
    no_cache: bool,
    as_json: bool,
    **planning_given: Any,
) -> None:
    """Hear the music files under PATHS; write nothing unless asked to.

    Shows a table of what the tags of each file say -> what was heard in it. With --write, --plan,
    --mode or --level it shows what would be written instead; --write then asks, and writes.
    Files are changed by copy, check and replacement, and `musictag undo` takes it all back.
    What was heard is kept: a second scan of the same music is quick, a stopped one goes on.

    The table goes to standard output, progress and failures to standard error. Exit code: 0 if all
    went well, 1 if a file failed (it is named, the rest is done), 3 if there is no such model.

    \b
    Examples:
      musictag scan ~/Music --report heard.html --report heard.csv
      musictag scan ~/Music --only instruments --json > heard.jsonl
      musictag scan ~/Music --mode merge --plan plan.json
      musictag scan ~/Music --write
    """
    from tagger.cli.progress import follow
    from tagger.scan import parallel as scanning
    from tagger.scan.discovery import find_files

    settings = replace(narrowed(settings, only), device=device)
    found = list(find_files(paths))
    if not found:
        raise click.ClickException("there is no audio file under the given paths")
    planning, heard = Planning(**planning_given), list[scanning.Result]()
    collect = bool(planning.wanted or reports)
    with (
        _cache(no_cache) as cache,
        closing(
            scanning.scan(
                found,
                settings,
                jobs or scanning.default_jobs(),
                in_order=collect or not as_json,
                timeout_s=timeout_s,
                cache=cache,
            )
        ) as results,
    ):
        kept = _kept(results, heard) if collect else results
        failed = _show(follow(kept, len(found)), only, as_json=as_json, plan=planning.wanted)
    if heard:
        plan_and_write(heard, paths, settings, planning, reports, show=not as_json)
    if failed:
        raise SystemExit(1)


@contextmanager
def _cache(unwanted: bool) -> Iterator[Cache | None]:
    """The cache of this user, if it is wanted; what is wrong with it is a line, no more."""
    from tagger.report.escaping import printable
    from tagger.scan.cache import Cache

    if unwanted:
        yield None
        return
    with Cache(tell=lambda line: echo(printable(line), err=True)) as cache:
        yield cache


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
