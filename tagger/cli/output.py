"""What a scan puts out as results come: a table, or JSON lines."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator

from tagger.cli.echo import echo
from tagger.report.json_records import json_line
from tagger.report.table import table_lines
from tagger.report.tag_counts import Tally, tally_lines
from tagger.report.terminal import terminal_style
from tagger.scanning.results import Result
from tagger.vocabulary import KINDS
from tagger.writing.plan import Policy, classified_file, file_change


def echo_records(results: Iterable[Result], *, only_changed: bool) -> None:
    """One JSON object a line."""
    for result in _chosen(results, only_changed=only_changed):
        echo(json_line(result))


def echo_table(results: Iterable[Result], *, only_changed: bool) -> None:
    """The table, and how often each genre and instrument was found in the files it shows."""
    columns, style, tally = shutil.get_terminal_size().columns, terminal_style(), Tally()
    chosen = _counted(_chosen(results, only_changed=only_changed), tally)
    try:
        for line in table_lines(chosen, columns, style):
            echo(line, color=style.color)
    except SystemExit:  # files failed; the rest is summed up all the same
        _echo_tally(tally, columns)
        raise
    _echo_tally(tally, columns)


def _echo_tally(tally: Tally, columns: int) -> None:
    style = terminal_style()
    kinds = [kind for kind in KINDS if tally.values[kind]]  # the others were not asked for
    for line in tally_lines(tally, columns, style, kinds):
        echo(line, color=style.color)


def _chosen(results: Iterable[Result], *, only_changed: bool) -> Iterator[Result]:
    for result in results:
        if not only_changed or result.error or _changes(result):
            yield result


def _changes(result: Result) -> bool:
    classified = classified_file(result)
    return bool(classified and file_change(classified, Policy()).changes)


def _counted(results: Iterable[Result], tally: Tally) -> Iterator[Result]:
    for result in results:
        if result.track:
            tally.add({kind: [tag.name for tag in result.track.of(kind)] for kind in KINDS})
        yield result
