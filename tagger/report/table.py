"""Results as a table for the terminal: the tags a file has, and what the model says.

An arrow stands only before what `scan --write` would write by default. What the model says of a
field that is filled is a second opinion and stands in brackets; so does the best guess where
nothing is sure, with a question mark.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from tagger.report.escaping import pad, path_text, printable, wrap
from tagger.report.terminal import Style
from tagger.scanning.results import Result
from tagger.vocabulary import KINDS, Tag

NOTHING = "-"
UNSURE = "?"  # not "-", which would read as if the tags that are there should go
GAP = "  "
BAR = 4  # columns of a bar that shows a probability of 1
HEADER = ("File", "Genres: now -> new (opinion)", "Instruments: now -> new (opinion)")
PLAIN = Style()
LEAST_COLUMNS = 60  # narrower terminals get lines that run over rather than slivers


def table_lines(results: Iterable[Result], columns: int, style: Style = PLAIN) -> Iterator[str]:
    """Lines of the table, one folder after another; files that failed are left to the caller."""
    columns = max(columns, LEAST_COLUMNS)
    widths = _widths(columns)
    for line in _row(list(HEADER), widths):
        yield style.strong(line)
    yield GAP.join("-" * column for column in widths)
    folder: Path | None = None
    for result in results:
        if result.track is None:
            continue
        if result.path.parent != folder:
            folder = result.path.parent
            yield style.strong(path_text(folder))
        name = f"  {path_text(Path(result.path.name))}"
        yield from map(style.bars_colored, _row([name, *_cells(result, style)], widths))
        for note in result.notes:
            lines = wrap(f"({printable(note)})", columns - 4)
            yield from (style.weak(f"    {line}") for line in lines)


def cell_text(
    existing: Sequence[str],
    tags: Sequence[Tag],
    candidates: Sequence[Tag] = (),
    style: Style = PLAIN,
    *,
    writable: bool = True,
) -> str:
    r"""The values a field has, what would be written, and what is only an opinion.

    >>> cell_text([], [Tag("genre", "Blues", 0.914), Tag("genre", "Folk", 0.5)])
    '- -> Blues 91%\xa0███▋, Folk 50%\xa0██'
    >>> cell_text(["Rock"], [Tag("genre", "Blues", 0.914)])
    'Rock (Blues 91%)'
    >>> cell_text([], [], [Tag("genre", "Folk", 0.4), Tag("genre", "Jazz", 0.3)])
    '- (Folk 40%\xa0?)'
    """
    now = ", ".join(printable(value) for value in existing) or NOTHING
    gap = "\xa0" if style.blocks else " "  # no break before bar or mark, where it can be written
    if tags and writable and not any(value.strip() for value in existing):
        new = (f"{tag.name} {tag.score:.0%}{gap}{style.bar(tag.score, BAR)}" for tag in tags)
        return f"{now} -> {', '.join(new)}"
    if tags:
        return f"{now} ({', '.join(f'{tag.name} {tag.score:.0%}' for tag in tags)})"
    guess = next((f"{tag.name} {tag.score:.0%}{gap}" for tag in candidates), "")
    return f"{now} ({guess}{UNSURE})"


def _cells(result: Result, style: Style) -> list[str]:
    track = result.track
    assert track is not None
    existing = result.existing
    writable = bool(existing.audio)  # no plan is made for a file whose tags cannot be read
    return [
        cell_text(
            existing.of(kind), track.of(kind), track.candidates_of(kind), style, writable=writable
        )
        for kind in KINDS
    ]


def _widths(columns: int) -> list[int]:
    room = columns - 2 * len(GAP)
    file = room * 3 // 10
    genres = (room - file) // 2
    return [file, genres, room - file - genres]


def _row(cells: list[str], widths: list[int]) -> Iterator[str]:
    indent = " " * (len(cells[0]) - len(cells[0].lstrip()))
    first = [indent + line for line in wrap(cells[0].strip(), widths[0] - len(indent))]
    others = [wrap(cell, column) for cell, column in zip(cells[1:], widths[1:], strict=True)]
    for parts in zip_longest(first, *others, fillvalue=""):
        padded = (pad(text, column) for text, column in zip(parts, widths, strict=True))
        yield GAP.join(padded).rstrip()
