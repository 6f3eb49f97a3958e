"""`musictag scan`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.echo import echo, say
from tagger.cli.options import (
    DEVICE,
    EXCLUDE,
    JOBS,
    TIMEOUT,
    narrowed,
    report_paths,
    scan_options,
)
from tagger.cli.planning import Planning, check_taste, plan_and_write, planning_options

if TYPE_CHECKING:
    from tagger.models.session import Device
    from tagger.report.closing import Closing
    from tagger.scanning.cache import Cache
    from tagger.scanning.results import Result
    from tagger.scanning.settings import Settings


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@EXCLUDE
@scan_options
@click.option(
    "--only",
    type=click.Choice(["genres", "instruments", "changed"]),
    multiple=True,
    help="Give only these tags; 'changed': list only files that would change. Repeatable.",
)
@click.option(
    "--report",
    "reports",
    type=click.Path(path_type=Path),
    multiple=True,
    callback=report_paths,
    metavar="PATH",
    help="Also write a report there: .html, .csv or .json. Repeatable.",
)
@DEVICE
@JOBS
@TIMEOUT
@click.option("--no-cache", is_flag=True, help="Ignore the cache: classify all files again.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, as files are done.")
@planning_options
def scan(
    paths: tuple[Path, ...],
    exclude: tuple[str, ...],
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
    """Classify the music files under PATHS; write nothing unless asked to.

    Shows a table of the tags that each file has, and what the model says. An arrow points to tags
    that --write would add to an empty field. In brackets stands a second opinion on a field that
    is filled, or, with a question mark, the best guess where nothing is sure. With --plan, --mode
    or --level it shows what would be written instead. --write asks, then writes: files are copied,
    checked and replaced, and `musictag undo` takes it all back. Results are cached: a second scan
    of the same music is quick, and a stopped one resumes.

    The table goes to standard output, progress and failures to standard error. Exit code: 0 if all
    went well, 1 if a file failed (it is named, the rest is done), 3 if there is no such model.

    \b
    Examples:
      musictag scan ~/Music --report report.html --report report.csv
      musictag scan ~/Music --only instruments --json > results.jsonl
      musictag scan ~/Music --mode merge --plan plan.json
      musictag scan ~/Music --write
    """
    from tagger.cli.progress import follow
    from tagger.models.model import read_card
    from tagger.report.closing import Closing
    from tagger.scanning import parallel
    from tagger.scanning.discovery import find_files
    from tagger.scanning.results import Result
    from tagger.scanning.settings import default_jobs

    settings = replace(narrowed(settings, only), device=device)
    card = read_card(settings.model)
    closing, collected = Closing(card.card, settings.choice), list[Result]()
    planning = Planning(**planning_given)
    check_taste(planning, closing.card)
    found = list(find_files(paths, exclude))
    if not found:
        raise click.ClickException("there is no audio file under the given paths")
    collect = bool(planning.wanted or reports)
    run = partial(
        parallel.scan, found, settings, jobs or default_jobs(), card=card, timeout_s=timeout_s
    )
    with (
        user_cache(no_cache) as cache,
        contextlib.closing(run(in_order=collect or not as_json, cache=cache)) as results,
    ):
        seen = _counted(results, closing, collected if collect else None)
        shown = follow(seen, len(found), closing.card.id)
        failed = _show(shown, only, as_json=as_json, plan=planning.wanted)
    if collected:
        plan_and_write(
            collected, paths, settings, card.card, planning, reports,
            show=not as_json, remarks=closing.unsure_lines(),
        )  # fmt: skip
    if not planning.wanted:
        for line in (*closing.unsure_lines(), closing.nothing_written()):
            say(line)
    if failed:
        raise SystemExit(1)


@contextmanager
def user_cache(unwanted: bool) -> Iterator[Cache | None]:
    """The cache of this user, if it is wanted; what is wrong with it is a line, no more."""
    from tagger.report.escaping import printable
    from tagger.scanning.cache import Cache

    if unwanted:
        yield None
        return
    with Cache(tell=lambda line: echo(printable(line), err=True)) as cache:
        yield cache


def _counted(
    results: Iterable[Result], closing: Closing, collected: list[Result] | None
) -> Iterator[Result]:
    """Pass results on, count them, and collect them for the plan and the reports if asked to."""
    for result in results:
        closing.add(result)
        if collected is not None:
            collected.append(result)
        yield result


def _show(results: Iterable[Result], only: tuple[str, ...], *, as_json: bool, plan: bool) -> bool:
    """Show results as they come; whether a file failed, which does not stop a plan for the rest.

    A table of results would only distract from the plan that is asked for.
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
