"""`musictag journal`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tagger.cli.echo import echo

if TYPE_CHECKING:
    from tagger.writing import journal_repair

SHOWN = 20


@click.group()
def journal() -> None:
    """Look after the record of all changes, which `musictag undo` goes by."""


@journal.command()
@click.option("--repair", is_flag=True, help="Make a new journal of all that can be read.")
def check(repair: bool) -> None:
    """Read all of the journal, and say what is wrong and what can be saved.

    With --repair a damaged journal is put aside under another name, and all that is sound in it
    goes into a new one. No music file is touched.

    Exit code: 0 if the journal is sound or was repaired, 1 if it is damaged.
    """
    from tagger.report.escaping import path_text
    from tagger.writing.journal import NAME, journal_folder
    from tagger.writing.journal_repair import examine
    from tagger.writing.journal_repair import repair as make_sound

    folder = journal_folder()
    if not (folder / NAME).exists():  # looking leaves no trace
        echo("no tags were written yet", err=True)
        return
    found = examine(folder)
    _say(found)
    if not found.faults:
        return
    if not repair:
        echo("to go on with what can be saved: musictag journal check --repair", err=True)
        raise SystemExit(1)
    _, aside = make_sound(folder)
    echo(f"repaired; the damaged journal is now {path_text(aside)}", err=True)


def _say(found: journal_repair.Diagnosis) -> None:
    """Say what is wrong, and how much is sound."""
    from tagger.report.escaping import path_text, printable

    for fault in found.faults[:SHOWN]:
        echo(f"damaged: {printable(fault)}")
    if len(found.faults) > SHOWN:
        echo(f"damaged: {len(found.faults) - SHOWN} more")
    state = "can be saved" if found.faults else "all sound"
    echo(f"{path_text(found.path)}: {len(found.runs)} runs, {len(found.files)} files, {state}")
