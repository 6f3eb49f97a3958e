"""`musictag stats`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tagger.cli.echo import echo
from tagger.cli.options import EXCLUDE

if TYPE_CHECKING:
    from tagger.errors import MusicTagError
    from tagger.report.tag_counts import Tally


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@EXCLUDE
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def stats(paths: tuple[Path, ...], exclude: tuple[str, ...], as_json: bool) -> None:
    """Count the genres and instruments in the tags of the files under PATHS.

    Reads tags only and classifies nothing. Names that mean the same ("Rap", "hip hop") are listed
    at the end. Exit code: 0 if all went well, 1 if the tags of a file could not be read (it is
    named, the rest is counted).
    """
    from tagger.report.tag_counts import same_lines, tally_lines
    from tagger.report.terminal import terminal_style
    from tagger.scanning.discovery import find_files

    found = list(find_files(paths, exclude))
    if not found:
        raise click.ClickException("there is no audio file under the given paths")
    tally, failures = _count(found)
    if as_json:
        echo(json.dumps(tally.as_json()))
    else:
        style = terminal_style()
        echo(style.strong(f"{tally.n_files} files"), color=style.color)
        columns = shutil.get_terminal_size().columns
        for line in (*tally_lines(tally, columns, style), *same_lines(tally, columns)):
            echo(line, color=style.color)
    for failure in failures:
        echo(failure, err=True)
    if failures:
        raise SystemExit(1)


def _count(found: list[Path | MusicTagError]) -> tuple[Tally, list[str]]:
    from tagger.cli.progress import ProgressLine
    from tagger.errors import MusicTagError
    from tagger.report.escaping import printable
    from tagger.report.tag_counts import Tally
    from tagger.tags.reader import read_tags
    from tagger.vocabulary import KINDS

    tally, failures, line = Tally(), list[str](), ProgressLine(len(found))
    for item in found:
        try:
            if isinstance(item, MusicTagError):
                raise item
            tags = read_tags(item)
            tally.add({kind: tags.of(kind) for kind in KINDS})
        except MusicTagError as error:
            failures.append(printable(str(error)))
        line.advance()
    line.clear()
    return tally, failures
