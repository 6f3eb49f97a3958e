"""`musictag undo`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.echo import echo
from tagger.cli.writing import PRESERVE, YES, carry_out, confirm, say_recovered, show_plan

if TYPE_CHECKING:
    from tagger.writing.journal import Journal
    from tagger.writing.undo import UndoPlan


class _RunOrPaths(click.ParamType):  # type: ignore[type-arg]  # not generic in older clicks
    """The number of a run, or a path."""

    name = "RUN or PATH"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | Path:
        """The number, or else the path; a file whose name is a number is ./NAME."""
        if isinstance(value, str) and value.isdecimal() and int(value):
            return int(value)
        if not os.path.lexists(value) and os.sep not in str(value):
            self.fail(f"{value!r} is neither the number of a run nor a file or folder", param, ctx)
        return Path(value)


@click.command()
@click.argument("what", nargs=-1, type=_RunOrPaths(), metavar="[RUN | PATH...]")
@YES
@PRESERVE
@click.option(
    "--only",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Of the run only the files under PATH. Repeatable.",
)
@click.option(
    "--search", multiple=True, type=click.Path(path_type=Path, exists=True),
    help="Look for moved files here too. Repeatable.",
)  # fmt: skip
def undo(
    what: tuple[int | Path, ...],
    yes: bool,
    preserve_mtime: bool,
    only: tuple[Path, ...],
    search: tuple[Path, ...],
) -> None:
    """Take back the newest run that wrote tags, a RUN by its number, or what was done to PATHs.

    A file that nobody changed since gets back every byte it had. In others a field gets back what
    it held only where it still holds what was written; the rest is named and left. With PATHs, the
    newest run that changed files under them is taken back for these files only. An undo that was
    cut off is finished first. Files that were moved are found by their sound. An undo is a run too:
    naming its number takes it back.

    Exit code: 0 if all is as it was, 1 if something was left or there is nothing to undo.

    \b
    Examples:
      musictag undo
      musictag undo ~/Music/Album
      musictag undo 12 --only ~/Music/Album/01.mp3
    """
    from tagger.writing.journal import Journal

    number, paths = _run_and_paths(what, only)
    with Journal() as journal:
        say_recovered(journal)
        undoing = _undoing(journal, number, paths, search)
        if undoing is None:
            return
        _say(undoing)
        show_plan(undoing.plan)
        if not undoing.plan.files:
            echo(f"nothing of run {undoing.run.id} is left to undo", err=True)
            raise SystemExit(1)
        confirm(len(undoing.plan.files), yes=yes)
        went_well = carry_out(
            undoing.plan, journal, keep_time=preserve_mtime, undoes=undoing.run.id
        )
    if undoing.left or not went_well:
        raise SystemExit(1)


def _run_and_paths(
    what: tuple[int | Path, ...], only: tuple[Path, ...]
) -> tuple[int | None, tuple[Path, ...]]:
    """The number of the run, if one is given, and the paths it is limited to."""
    numbers = [one for one in what if isinstance(one, int)]
    paths = tuple(one for one in what if isinstance(one, Path))
    if len(numbers) > 1 or (numbers and paths):
        raise click.UsageError("give one RUN, or PATHs; RUN --only PATH takes back a part of a run")
    return (numbers[0] if numbers else None), (*paths, *only)


def _undoing(
    journal: Journal, number: int | None, paths: tuple[Path, ...], search: tuple[Path, ...]
) -> UndoPlan | None:
    """What is to be taken back; None where that was done already."""
    from tagger.writing.undo import (
        Selection,
        find_run,
        find_run_touching,
        plan_undo,
        was_interrupted,
    )

    only = Selection.under(paths) if paths else None
    found = (
        find_run_touching(journal, only) if only and number is None else find_run(journal, number)
    )
    if found.undone:
        echo(f"run {found.id} is undone already", err=True)
        return None
    if was_interrupted(journal.runs(), found):
        echo(f"the undo of run {found.id} was cut off; this finishes it", err=True)
    return plan_undo(journal, found, search, only=only)


def _say(undoing: UndoPlan) -> None:
    from tagger.report.escaping import path_text, printable

    echo(f"run {undoing.run.id} of {undoing.run.started}, {undoing.run.mode}", err=True)
    for old, new in undoing.moved:
        echo(f"moved: {path_text(old)} -> {path_text(new)}", err=True)
    for left in undoing.left:
        echo(f"left: {path_text(left.path)}: {printable(left.reason)}", err=True)
