"""What all commands that write have in common: ask, change, sum up."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any, NoReturn

import click

from tagger.cli.echo import echo

if TYPE_CHECKING:
    from tagger.report.plan_text import Scores
    from tagger.writing.apply import Outcome
    from tagger.writing.journal import Journal
    from tagger.writing.plan import TagPlan

Command = Callable[..., Any]

YES = click.option("-y", "--yes", is_flag=True, help="Do not ask.")
PRESERVE = click.option(
    "--preserve-mtime", is_flag=True, help="Keep the files' times (players may miss the change)."
)


def show_plan(plan: TagPlan, scores: Scores | None = None) -> None:
    """Print what a plan changes; on a terminal no line of tags is wider than it is."""
    from tagger.report.plan_text import plan_lines

    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in plan_lines(plan, scores, columns):
        echo(line)


def confirm(n_files: int, *, yes: bool) -> None:
    """Ask whether files may be changed; without a terminal to ask on, only --yes lets it go on."""
    if yes:
        return
    check_terminal()
    files = "this file" if n_files == 1 else f"these {n_files} files"
    try:
        agreed = click.confirm(f"Write the tags of {files}?", err=True)
    except click.Abort:  # Ctrl-C, or the end of input
        echo(err=True)
        give_up(130)
    if not agreed:
        give_up(1)


def give_up(exit_code: int) -> NoReturn:
    """Say that nothing was written, and end the program."""
    echo("nothing was written", err=True)
    raise SystemExit(exit_code) from None


def check_terminal() -> None:
    """Raise ClickException where there is nobody to ask."""
    if not on_terminal():
        raise click.ClickException(
            "nothing was written: there is no terminal to ask on; add --yes to write without asking"
        )


def on_terminal() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty()


def say_recovered(journal: Journal) -> None:
    """Find out about files of a run that was cut off, and say what was found."""
    from tagger.report.plan_text import outcome_line
    from tagger.writing.apply import recover

    found = recover(journal)
    if found:
        echo(f"an earlier run was cut off; of its last files {found_text(found)}", err=True)
        for outcome in found:
            if outcome.status != "changed":
                echo(f"  {outcome_line(outcome)}", err=True)


def found_text(outcomes: list[Outcome]) -> str:
    """How many were found done and how many not."""
    done = sum(outcome.status == "changed" for outcome in outcomes)
    return f"{done} are changed, {len(outcomes) - done} are not"


def carry_out(
    plan: TagPlan, journal: Journal, *, keep_time: bool, undoes: int | None = None
) -> bool:
    """Change the files of a plan while showing progress; whether all went well."""
    from tagger.cli.progress import ProgressLine
    from tagger.report.plan_text import outcome_line, summary
    from tagger.writing.apply import apply_plan, count

    line = ProgressLine(len(plan.files))
    outcomes: list[Outcome] = []
    applying = apply_plan(plan, journal, keep_time=keep_time, undoes=undoes)
    try:
        with closing(applying):  # so that it notes what is done while the journal is open
            for outcome in applying:
                outcomes.append(outcome)
                line.advance()
    finally:  # after Ctrl-C too
        line.clear()
        for outcome in outcomes:
            if outcome.status in ("refused", "failed"):
                echo(outcome_line(outcome), err=True)
            for note in outcome.notes:
                echo(f"{outcome_line(outcome)}: {_printable(note)}", err=True)
        echo(f"{summary(count(outcomes))}{_remark(outcomes, undoes)}", err=True)
    return not any(outcome.status in ("refused", "failed") for outcome in outcomes)


def _remark(outcomes: list[Outcome], undoes: int | None) -> str:
    """What is worth saying behind the counts."""
    from tagger.writing.apply import BYTES

    changed = [outcome for outcome in outcomes if outcome.status == "changed"]
    if undoes and changed:
        whole = sum(outcome.reason == BYTES for outcome in changed)
        rest = f", {len(changed) - whole} only in these fields" if whole < len(changed) else ""
        return f" ({whole} {BYTES}{rest})"
    if changed:
        return " (musictag undo takes it back)"
    reasons = {outcome.reason for outcome in outcomes}
    return f" ({reasons.pop()})" if reasons == {"already as wished"} else ""


def _printable(text: str) -> str:
    from tagger.report.escaping import printable

    return printable(text)
