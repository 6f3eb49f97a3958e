"""The options of `musictag scan` that plan and write, and what they do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.echo import echo
from tagger.cli.writing import PRESERVE, YES, carry_out, confirm, say_recovered
from tagger.vocabulary import KINDS, Kind

if TYPE_CHECKING:
    from tagger.scan.parallel import Result, Settings
    from tagger.writing.plan import Mode, Policy, TagPlan

Command = Callable[..., Any]
_KIND_NAMES: dict[str, Kind] = {"genres": "genre", "instruments": "instrument"}
_MODES: dict[str, Mode] = {"fill": "fill", "merge": "merge", "replace": "replace"}


@dataclass(frozen=True, slots=True)
class Planning:
    """The options given."""

    write: bool = False
    yes: bool = False
    plan: Path | None = None
    modes: dict[Kind, Mode] | None = None
    level: str | None = None
    taste: Path | None = None
    generic_is_empty: bool = False
    join: str = ""
    provenance: bool = False
    preserve_mtime: bool = False

    @property
    def wanted(self) -> bool:
        """Whether a plan is asked for; else a scan only shows what it heard."""
        asked = (self.write, self.plan, self.modes, self.level, self.taste)
        return any(asked) or self.generic_is_empty or bool(self.join) or self.provenance


def parse_modes(
    ctx: click.Context, param: click.Parameter, value: tuple[str, ...]
) -> dict[Kind, Mode] | None:
    """`merge`, or `genres=merge` for one kind; the last of each counts."""
    modes: dict[Kind, Mode] = dict.fromkeys(KINDS, "fill")
    for one in value:
        name, separator, mode = one.rpartition("=")
        if mode not in _MODES or (separator and name not in _KIND_NAMES):
            raise click.BadParameter(
                f"{one!r} is none of {', '.join(_MODES)}, nor one of them behind 'genres=' or "
                "'instruments='", ctx, param,
            )  # fmt: skip
        for kind in [_KIND_NAMES[name]] if separator else KINDS:
            modes[kind] = _MODES[mode]
    return modes if value else None


def planning_options(command: Command) -> Command:
    """The options that say what is planned and written, handed on as one value."""
    options = [
        click.option("--write", is_flag=True, help="Write the tags, after asking."),
        YES,
        click.option(
            "--plan", type=click.Path(path_type=Path, dir_okay=False),
            help="Save what would be written, for `musictag apply`.",
        ),
        click.option(
            "--mode", "modes", multiple=True, callback=parse_modes, metavar="MODE",
            help="fill: only empty fields (default); merge; replace. genres=MODE for one kind.",
        ),
        click.option(
            "--level", type=click.Choice(["track", "album"]),
            help="One vote for each track (default) or album; compilations stay per track.",
        ),
        click.option(
            "--taste", type=click.Path(path_type=Path, dir_okay=False, exists=True),
            help="TOML file: only, ignore, aliases, parents, with_parents, prefer_specific.",
        ),
        click.option(
            "--generic-is-empty", is_flag=True, help="Treat genres like Other as none."
        ),
        click.option(
            "--join", default="", metavar="SEP",
            help="Write several values as one, with SEP between, for simple players.",
        ),
        click.option("--provenance", is_flag=True, help="Note model and date in a field MUSICTAG."),
        PRESERVE,
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def plan_and_write(
    results: list[Result],
    paths: tuple[Path, ...],
    settings: Settings,
    planning: Planning,
    reports: tuple[Path, ...] = (),
    *,
    show: bool = True,
) -> None:
    """Show the plan for what was heard, report and save it, write it: as far as asked."""
    from tagger.report.files import write_report
    from tagger.report.plan_text import plan_lines, scores_of
    from tagger.writing.plan_json import save_plan

    results, plan = _make(results, paths, settings, planning)
    for report in reports:
        write_report(report, results, plan)
    if not planning.wanted:
        return
    for line in plan_lines(plan, scores_of(results)) if show else ():
        echo(line)
    _say_unreadable(results)
    echo(_head(plan, sum(result.track is not None for result in results)), err=True)
    if planning.plan:
        save_plan(plan, planning.plan)
        echo(f"to write it: musictag apply {planning.plan}", err=True)
    if planning.write and plan.files:
        _write(plan, planning)


def _say_unreadable(results: list[Result]) -> None:
    """Name files that were heard but whose tags cannot be read: no plan can be made for them."""
    from tagger.report.escaping import path_text, printable

    for result in results:
        for note in result.notes if result.track and not result.existing.audio else ():
            echo(f"{path_text(result.path)}: {printable(note)}", err=True)


def _write(plan: TagPlan, planning: Planning) -> None:
    from tagger.writing.journal import Journal

    confirm(len(plan.files), yes=planning.yes)
    with Journal() as journal:
        say_recovered(journal)
        if not carry_out(plan, journal, keep_time=planning.preserve_mtime):
            raise SystemExit(1)


def _make(
    results: list[Result], paths: tuple[Path, ...], settings: Settings, planning: Planning
) -> tuple[list[Result], TagPlan]:
    """The results, by album where that is asked for, and the plan for them."""
    from tagger.models.card import load_card
    from tagger.models.model import find_card
    from tagger.scan.albums import vote_by_album
    from tagger.writing.plan import heard_in, make_plan

    card = load_card(find_card(settings.model))
    if planning.level == "album":
        results = vote_by_album(results, card, settings)
    heard = [one for result in results if (one := heard_in(result))]
    roots = tuple(path.absolute() for path in paths)
    return results, make_plan(heard, _policy(card.id, planning), model=card.id, roots=roots)


def _policy(model: str, planning: Planning) -> Policy:
    from dataclasses import replace

    from tagger.writing.genre_rules import Taste, load_taste
    from tagger.writing.plan import Policy

    taste = load_taste(planning.taste) if planning.taste else Taste()
    if planning.generic_is_empty:
        taste = replace(taste, generic_is_empty=True)
    note = f"{model} {datetime.now(UTC).date()}" if planning.provenance else ""
    modes = planning.modes or dict.fromkeys(KINDS, "fill")
    return Policy(modes, taste, planning.join, note)


def _head(plan: TagPlan, n_files: int) -> str:
    changed = len(plan.files)
    return f"{changed} of {n_files} files would change ({plan.mode}), {n_files - changed} stay"
