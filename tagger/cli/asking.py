"""The questions of `scan --write`: what of a plan a person agrees to, album by album."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from tagger.cli.echo import echo
from tagger.cli.writing import give_up, show_plan

if TYPE_CHECKING:
    from tagger.report.plan_text import Scores
    from tagger.writing.plan import TagPlan
    from tagger.writing.plan_edit import Files

HELP = (
    "y  yes: write this album",
    "n  no: leave this album as it is",
    "a  all: write this album and all that follow",
    "e  edit: take a tag off",
    "q  quit: ask no more; write only what you said yes to",
    "?  this help",
    "Ctrl-C: write nothing at all",
)


@dataclass(slots=True)
class _Asking:
    """The questions about one plan."""

    plan: TagPlan
    scores: Scores

    def agreed(self) -> Files:
        """The files to be written."""
        from tagger.writing.plan_edit import by_folder

        albums = by_folder(self.plan.files)
        agreed: list[Files] = []
        for number, album in enumerate(albums, 1):
            show_plan(replace(self.plan, files=album), self.scores)
            place = f"{number} of {len(albums)}, " if len(albums) > 1 else ""
            answer, files = self._ask(album, place)
            agreed += [files] if answer in ("y", "a") else []
            if answer == "a":
                agreed += albums[number:]
            if answer in ("a", "q"):
                break
        return tuple(change for files in agreed for change in files)

    def _ask(self, album: Files, place: str) -> tuple[str, Files]:
        """The answer, and what is left of the album by then."""
        while album:
            count = "1 file" if len(album) == 1 else f"{len(album)} files"
            answer = _prompt(f"Write this album ({place}{count})? [y,n,a,e,q,?]")
            if answer == "e":
                album = self._edit(album)
            elif answer in ("y", "n", "a", "q"):
                return answer, album
            else:
                for line in HELP if answer == "?" else ("? explains the answers",):
                    echo(line, err=True)
        echo("nothing of this album is left to write", err=True)
        return "n", album

    def _edit(self, album: Files) -> Files:
        """The album without the tag that is chosen by its number."""
        from tagger.writing.plan_edit import new_values, without

        values = new_values(album)
        for number, one in enumerate(values, 1):
            files = "1 file" if one.n_files == 1 else f"{one.n_files} files"
            echo(f"{number:>3}  {one.value} ({one.field}, {files})", err=True)
        chosen, _, start = _prompt("Take off which? (NUMBER, or NUMBER FILE)").partition(" ")
        if not chosen:
            return album
        if not chosen.isdecimal() or not 1 <= int(chosen) <= len(values):
            echo(f"there is no tag {chosen!r} in this list", err=True)
            return album
        left = without(album, values[int(chosen) - 1], start.strip())
        if left == album:
            echo(f"it is in no file whose name begins with {start!r}", err=True)
        show_plan(replace(self.plan, files=left), self.scores)
        return left


def ask_by_album(plan: TagPlan, scores: Scores) -> TagPlan:
    """The part of a plan that a person agrees to; ends the program if that is nothing."""
    agreed = _Asking(plan, scores).agreed()
    if not agreed:
        give_up(1)
    return replace(plan, files=agreed)


def _prompt(question: str) -> str:
    try:
        answer: str = click.prompt(
            question, default="", show_default=False, prompt_suffix=" ", err=True
        )
    except click.Abort:  # Ctrl-C, or the end of input
        echo(err=True)
        give_up(130)
    return answer.strip()
