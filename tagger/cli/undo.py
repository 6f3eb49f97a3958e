"""`musictag undo`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tagger.cli.echo import echo
from tagger.cli.writing import PRESERVE, YES, carry_out, confirm, say_recovered

if TYPE_CHECKING:
    from tagger.writing.undo import Undoing


@click.command()
@click.argument("run", type=click.IntRange(min=1), required=False)
@YES
@PRESERVE
@click.option(
    "--search", multiple=True, type=click.Path(path_type=Path, exists=True),
    help="Look for moved files here too.",
)  # fmt: skip
def undo(run: int | None, yes: bool, preserve_mtime: bool, search: tuple[Path, ...]) -> None:
    """Take back the newest run that wrote tags, or RUN (see `musictag history`).

    A file that nobody changed since gets back every byte it had. In others a field gets back what
    it held only where it still holds what was written; the rest is named and left. An undo that was
    cut off is finished first. Files that were moved are found by their sound. An undo is a run too:
    naming its number takes it back.

    Exit code: 0 if all is as it was, 1 if something was left or there is nothing to undo.
    """
    from tagger.report.plan_text import plan_lines
    from tagger.writing.journal import Journal
    from tagger.writing.undo import cut_off, find_run, plan_undo

    with Journal() as journal:
        say_recovered(journal)
        found = find_run(journal, run)
        if found.undone:
            echo(f"run {found.id} is undone already", err=True)
            return
        if cut_off(journal.runs(), found):
            echo(f"the undo of run {found.id} was cut off; this finishes it", err=True)
        undoing = plan_undo(journal, found, search)
        _say(undoing)
        for line in plan_lines(undoing.plan):
            echo(line)
        if not undoing.plan.files:
            echo(f"nothing of run {undoing.run.id} is left to undo", err=True)
            raise SystemExit(1)
        confirm(len(undoing.plan.files), yes=yes)
        went_well = carry_out(
            undoing.plan, journal, keep_time=preserve_mtime, undoes=undoing.run.id
        )
    if undoing.left or not went_well:
        raise SystemExit(1)


def _say(undoing: Undoing) -> None:
    from tagger.report.escaping import path_text, printable

    echo(f"run {undoing.run.id} of {undoing.run.started}, {undoing.run.mode}", err=True)
    for old, new in undoing.moved:
        echo(f"moved: {path_text(old)} -> {path_text(new)}", err=True)
    for left in undoing.left:
        echo(f"left: {path_text(left.path)}: {printable(left.reason)}", err=True)
