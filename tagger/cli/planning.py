"""The options of `musictag scan` that plan and write, and what they do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tagger.cli.asking import ask_by_album
from tagger.cli.echo import echo, say
from tagger.cli.writing import (
    PRESERVE,
    YES,
    carry_out,
    confirm,
    on_terminal,
    say_recovered,
    show_plan,
)
from tagger.vocabulary import KINDS, Kind

if TYPE_CHECKING:
    from tagger.models.card import ModelCard
    from tagger.scanning.albums import Level
    from tagger.scanning.results import Result
    from tagger.scanning.settings import Settings
    from tagger.writing.genre_rules import Taste
    from tagger.writing.plan import Mode, Policy, TagPlan

Command = Callable[..., Any]
_KIND_NAMES: dict[str, Kind] = {"genres": "genre", "instruments": "instrument"}
# Those of `tagger.writing.plan` and `tagger.scanning.albums`, which `--help` need not load.
_MODES: tuple[Mode, ...] = ("fill", "merge", "replace")
_LEVELS: tuple[Level, ...] = ("track", "album")
Choice = TypeVar("Choice", bound=str)


@dataclass(frozen=True, slots=True)
class Planning:
    """The options given."""

    write: bool = False
    yes: bool = False
    plan: Path | None = None
    modes: dict[Kind, Mode] | None = None
    levels: dict[Kind, Level] | None = None
    taste: Path | None = None
    generic_is_empty: bool = False
    join: str = ""
    provenance: bool = False
    preserve_mtime: bool = False

    @property
    def by_album(self) -> list[Kind]:
        """The kinds of tags that are the same for all tracks of an album."""
        return [kind for kind, level in (self.levels or {}).items() if level == "album"]

    @property
    def wanted(self) -> bool:
        """Whether a plan is asked for; else a scan only shows its results."""
        asked = (self.write, self.plan, self.modes, self.levels, self.taste)
        return any(asked) or self.generic_is_empty or bool(self.join) or self.provenance


def parse_modes(
    ctx: click.Context, param: click.Parameter, value: tuple[str, ...]
) -> dict[Kind, Mode] | None:
    """`merge`, or `genres=merge` for one kind; the last of each counts."""
    return _by_kind(value, _MODES, ctx, param)


def parse_levels(
    ctx: click.Context, param: click.Parameter, value: tuple[str, ...]
) -> dict[Kind, Level] | None:
    """`album`, or `genres=album` for one kind; the last of each counts."""
    return _by_kind(value, _LEVELS, ctx, param)


def _by_kind(
    given: tuple[str, ...], choices: tuple[Choice, ...], ctx: click.Context, param: click.Parameter
) -> dict[Kind, Choice] | None:
    """A choice for each kind, by default the first one; None if nothing was given at all."""
    chosen: dict[Kind, Choice] = dict.fromkeys(KINDS, choices[0])
    by_name = {str(choice): choice for choice in choices}
    for one in given:
        name, separator, choice = one.rpartition("=")
        if choice not in by_name or (separator and name not in _KIND_NAMES):
            raise click.BadParameter(
                f"{one!r} is not one of {', '.join(choices)}, nor one of these after 'genres=' or "
                "'instruments='", ctx, param,
            )  # fmt: skip
        for kind in [_KIND_NAMES[name]] if separator else KINDS:
            chosen[kind] = by_name[choice]
    return chosen if given else None


def planning_options(command: Command) -> Command:
    """The options that say what is planned and written."""
    options: list[Callable[[Command], Command]] = [
        click.option("--write", is_flag=True, help="Write the tags, after asking."),
        YES,
        click.option(
            "--plan", type=click.Path(path_type=Path, dir_okay=False),
            help="Save what would be written, for `musictag apply`.",
        ),
    ]  # fmt: skip
    return _with(options, policy_options(command))


def policy_options(command: Command) -> Command:
    """Those of them that say what is planned, and how it is written."""
    level = click.option(
        "--level", "levels", multiple=True, callback=parse_levels, metavar="LEVEL",
        help="track: tags for each track (default); album: the same for all its tracks, except "
        "in compilations. genres=LEVEL for one kind.",
    )  # fmt: skip
    return level(tagging_options(command))


def tagging_options(command: Command) -> Command:
    """Those of them that say what becomes of the tags that a file has."""
    options = [
        click.option(
            "--mode", "modes", multiple=True, callback=parse_modes, metavar="MODE",
            help="fill: only empty fields (default); merge: add to what is there; replace. "
            "genres=MODE for one kind.",
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
    return _with(options, command)


def _with(options: Sequence[Callable[[Command], Command]], command: Command) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def plan_and_write(
    results: list[Result],
    paths: tuple[Path, ...],
    settings: Settings,
    card: ModelCard,
    planning: Planning,
    reports: tuple[Path, ...] = (),
    *,
    show: bool = True,
    remarks: Iterable[str] = (),
) -> None:
    """Show the plan, report and save it, write it: as far as asked. Remarks follow the plan."""
    from tagger.report.files import write_report
    from tagger.report.plan_text import scores_of
    from tagger.writing.plan_json import predictions_of, save_plan

    results, plan = make(results, paths, settings, card, planning)
    predictions = list(predictions_of(results, _taste(planning)))
    for report in reports:
        write_report(report, results, plan, predictions)
    if not planning.wanted:
        return
    scores = scores_of(results)
    by_album = planning.write and not planning.yes and show and on_terminal()
    if show and not by_album:
        show_plan(plan, scores)
    _say_unreadable(results)
    n_files = sum(result.track is not None for result in results)
    for line in (_head(plan, n_files), *remarks):
        say(line)
    if planning.plan:
        save_plan(plan, planning.plan, predictions)
    if planning.write and plan.files:
        if by_album:
            plan = ask_by_album(plan, scores)
        else:
            confirm(len(plan.files), yes=planning.yes)
        _write(plan, planning)
    else:
        say(f"nothing was written{_next_step(plan, planning)}")


def _next_step(plan: TagPlan, planning: Planning) -> str:
    if planning.plan:
        return f"; to write this plan: musictag apply {planning.plan}"
    return "; --write writes this, after asking" if plan.files else ""


def _say_unreadable(results: list[Result]) -> None:
    """Name classified files whose tags cannot be read: no plan can be made for them."""
    from tagger.report.escaping import path_text, printable

    for result in results:
        for note in result.notes if result.track and not result.existing.audio else ():
            echo(f"{path_text(result.path)}: {printable(note)}", err=True)


def _write(plan: TagPlan, planning: Planning) -> None:
    from tagger.writing.journal import Journal

    with Journal() as journal:
        say_recovered(journal)
        if not carry_out(plan, journal, keep_time=planning.preserve_mtime):
            raise SystemExit(1)


def make(
    results: list[Result],
    paths: tuple[Path, ...],
    settings: Settings,
    card: ModelCard,
    planning: Planning,
) -> tuple[list[Result], TagPlan]:
    """The results, by album where that is asked for, and the plan for them."""
    from tagger.scanning.albums import AlbumVote
    from tagger.writing.plan import classified_file, make_plan

    check_taste(planning, card)
    if planning.by_album:
        results = AlbumVote(card, settings, planning.by_album).over(results)
    classified = [one for result in results if (one := classified_file(result))]
    roots = tuple(path.absolute() for path in paths)
    return results, make_plan(classified, policy_for(card, planning), model=card.id, roots=roots)


def check_taste(planning: Planning, card: ModelCard) -> None:
    """Raise PlanError where the taste names a label that the model does not have."""
    from tagger.errors import PlanError
    from tagger.writing.genre_rules import load_taste, unknown_labels

    if planning.taste:
        for line in unknown_labels(load_taste(planning.taste), card.vocabulary):
            raise PlanError(line, planning.taste)


def policy_for(card: ModelCard, planning: Planning) -> Policy:
    """How results become what a file will hold, by the options given."""
    from tagger.writing.plan import Policy

    note = f"{card.id} {datetime.now(UTC).date()}" if planning.provenance else ""
    modes = planning.modes or dict.fromkeys(KINDS, "fill")
    return Policy(modes, _taste(planning), planning.join, note)


def _taste(planning: Planning) -> Taste:
    from dataclasses import replace

    from tagger.writing.genre_rules import Taste, load_taste

    taste = load_taste(planning.taste) if planning.taste else Taste()
    return replace(taste, generic_is_empty=True) if planning.generic_is_empty else taste


def _head(plan: TagPlan, n_files: int) -> str:
    changed = len(plan.files)
    return f"{changed} of {n_files} files would change ({plan.mode}), {n_files - changed} stay"
