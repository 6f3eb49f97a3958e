"""`musictag history`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.echo import echo

if TYPE_CHECKING:
    from tagger.writing.journal import Journal
    from tagger.writing.journal_entries import Entry, Run


@click.command()
@click.argument("run", type=click.IntRange(min=1), required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def history(run: int | None, as_json: bool) -> None:
    """List the runs that wrote tags, the newest first; or the files and tags of one RUN."""
    from tagger.cli.writing import say_recovered
    from tagger.errors import JournalError
    from tagger.writing.journal import Journal, journal_folder

    if not journal_folder().exists():  # looking leaves no trace
        echo("no tags were written yet", err=True)
        return
    try:
        opened = Journal()
    except JournalError:  # another run is writing: what it has done so far can be read
        opened = Journal(write=False)
    with opened as journal:
        if journal.writes:
            say_recovered(journal)
        if run is None:
            _echo_runs(journal.runs(), as_json=as_json)
        else:
            _echo_files(journal, run, as_json=as_json)


def _echo_runs(runs: list[Run], *, as_json: bool) -> None:
    for run in reversed(runs):
        echo(json.dumps(_record(run)) if as_json else _line(run))
    if not runs:
        echo("no tags were written yet", err=True)


def _echo_files(journal: Journal, number: int, *, as_json: bool) -> None:
    """The files of a run: what became of each, and what its fields held and hold."""
    from tagger.report.plan_text import entry_lines
    from tagger.writing.undo import find_run

    run, taken = find_run(journal, number), journal.undone_entries(number)
    if not as_json:
        echo(_line(run))
    for entry in journal.entries(number):
        if as_json:
            echo(json.dumps(_file_record(entry, taken=entry.id in taken)))
            continue
        for line in entry_lines(entry, taken=entry.id in taken):
            echo(line)


def _line(run: Run) -> str:
    from tagger.report.escaping import path_text, printable
    from tagger.report.plan_text import summary

    what = run.mode or "plan"
    state = "" if run.ended else ", cut off"
    if run.undone:
        state = ", undone"
    elif run.n_undone:
        state += f", partly undone ({run.n_undone} of {run.counts['changed']})"
    where = ", ".join(path_text(root) for root in run.roots)
    return f"{run.id:>4}  {run.started}  {printable(what)}: {summary(run.counts)}{state}  {where}"


def _file_record(entry: Entry, *, taken: bool) -> dict[str, Any]:
    fields = {
        name: {"before": list(entry.before[name].values), "after": list(after.values)}
        for name, after in entry.after.items()
    }
    return {
        "path": str(entry.path),
        "status": entry.status or "open",
        "reason": entry.reason,
        "taken_back": taken,
        "fields": fields,
    }


def _record(run: Run) -> dict[str, Any]:
    return {
        "run": run.id,
        "started": run.started,
        "ended": run.ended,
        "model": run.model,
        "mode": run.mode,
        "roots": [str(root) for root in run.roots],
        "undoes": run.undoes,
        "undone": run.undone,
        "taken_back": run.n_undone,
        "files": run.counts,
    }
