"""`musictag history`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.echo import echo

if TYPE_CHECKING:
    from tagger.writing.journal_entries import Run


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def history(as_json: bool) -> None:
    """List the runs that wrote tags, the newest first."""
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
        runs = journal.runs()
    for run in reversed(runs):
        echo(json.dumps(_record(run)) if as_json else _line(run))
    if not runs:
        echo("no tags were written yet", err=True)


def _line(run: Run) -> str:
    from tagger.report.escaping import path_text, printable
    from tagger.report.plan_text import summary

    what = f"undo of run {run.undoes}" if run.undoes else run.mode or "plan"
    state = "" if run.ended else ", cut off"
    if run.undone:
        state = ", undone"
    elif run.taken:
        state += f", partly undone ({run.taken} of {run.counts['changed']})"
    where = ", ".join(path_text(root) for root in run.roots)
    return f"{run.id:>4}  {run.started}  {printable(what)}: {summary(run.counts)}{state}  {where}"


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
        "taken_back": run.taken,
        "files": run.counts,
    }
