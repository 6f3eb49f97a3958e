"""`musictag apply`."""

from __future__ import annotations

from pathlib import Path

import click

from tagger.cli.echo import echo
from tagger.cli.writing import PRESERVE, YES, carry_out, confirm, say_recovered, show_plan


@click.command()
@click.argument("plan", type=click.Path(path_type=Path))
@YES
@PRESERVE
@click.option("--force", is_flag=True, help="Also files outside of the folders that were scanned.")
def apply(plan: Path, yes: bool, preserve_mtime: bool, force: bool) -> None:
    """Write the tags of PLAN, a file made by `musictag scan --plan PLAN`.

    The plan may have been edited. A file that changed since the plan was made is left as it is and
    named. Every change is in the journal: `musictag undo` takes it back.

    Exit code: 0 if all went well, 1 if a file was refused or failed.
    """
    from tagger.errors import PlanError
    from tagger.writing.journal import Journal
    from tagger.writing.plan_json import load_plan, paths_outside_roots

    loaded = load_plan(plan)
    if not force and (found := next(paths_outside_roots(loaded), None)):
        raise PlanError(
            f"{found} lies outside of the plan's folders; nothing was written (--force allows it)",
            plan,
        )
    if not loaded.files:
        echo("the plan changes nothing", err=True)
        return
    show_plan(loaded)
    confirm(len(loaded.files), yes=yes)
    with Journal() as journal:
        say_recovered(journal)
        if not carry_out(loaded, journal, keep_time=preserve_mtime):
            raise SystemExit(1)
