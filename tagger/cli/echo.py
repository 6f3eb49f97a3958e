"""The one door to the terminal: all that is printed is cleaned here of what a terminal obeys.

Names of files, tags, plans, cards and models come from strangers.
"""

from __future__ import annotations

import re
import shutil
import sys

import click

from tagger.report.escaping import printable, wrap
from tagger.report.terminal import BLUE, BOLD, DIM, RESET

_OURS = re.compile("(" + "|".join(map(re.escape, (BOLD, DIM, BLUE, RESET))) + ")")
_ANEW = "\r\x1b[K"  # back to the start of the line, and empty it


def echo(line: str = "", *, err: bool = False, color: bool = False) -> None:
    """Print one line; with `color` the colours of `tagger.report.terminal` may stay in it."""
    clean = "".join(_styled(line)) if color else printable(line)
    click.echo(clean, err=err, color=color or None)


def say(sentence: str) -> None:
    """Print a sentence on standard error; on a terminal it is broken between words."""
    columns = shutil.get_terminal_size().columns if sys.stderr.isatty() else 0
    for line in wrap(printable(sentence), columns) if columns else [sentence]:
        echo(line, err=True)


def redraw(line: str = "") -> None:
    """Put the line in place of the last one, on a terminal's standard error."""
    click.echo(f"{_ANEW}{printable(line)}", err=True, nl=False)


def _styled(line: str) -> list[str]:
    return [part if _OURS.fullmatch(part) else printable(part) for part in _OURS.split(line)]
