"""A CSV of one's own: columns `path` and `genres` or `instruments`, or both.

`path` is absolute or beside the table; names are parted by `|` (or `;`). Further columns, each
optional: `artist`, `album`, `group` (what must not be split), `absent` (names that do not hold;
`*`: all labels that the row does not name), `partial` (`genres`, `instruments` or both: of these a
name that is in no column is unknown) and `fold` (0: only ever measured; 1 to 5).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from tagger.errors import DataError
from tagger.vocabulary import KINDS, PLURALS, Kind
from training.data.library.track import Found, Group, Names, Track, group_of, tags_or_none

SEPARATOR = "|"  # between the names of one cell
ALL = "*"
N_FOLDS = 5
EXPORTED = ("path", "genres", "instruments", "absent", "partial", "group")


def from_table(table: Path) -> Found:
    """The rows of a table; a row that names no file that is there gives an error."""
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            _check_header(rows.fieldnames or [], table)
            lines = list(rows)
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"cannot be read as a table ({error})", table) from error
    for number, row in enumerate(lines, 2):
        yield _track(table, {key: (row[key] or "").strip() for key in row if key}, number)


def split_cell(cell: str) -> Names:
    """The names in a cell of a table.

    >>> split_cell("Late Night| Sun |")
    ('Late Night', 'Sun')
    """
    return tuple(name.strip() for name in cell.split(SEPARATOR) if name.strip())


def dump_table(tracks: Iterable[Track]) -> str:
    """The tracks as a table that `from_table` reads to the same; the paths are absolute.

    Of a kind with names that only musictag vouches for, what is not named is unknown.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(EXPORTED)
    for track in tracks:
        partial = [kind for kind in KINDS if not track.complete(kind) or track.unsure.get(kind)]
        denied = dict.fromkeys(name for kind in KINDS for name in track.denied(kind))
        cells = (track.of("genre"), track.of("instrument"), denied, map(PLURALS.get, partial))
        group = "" if track.alone else track.group
        writer.writerow([track.path.absolute(), *map(_cell, cells), group])
    return text.getvalue()


def _cell(names: Iterable[str | None]) -> str:
    return SEPARATOR.join(name for name in names if name)


def _track(table: Path, row: dict[str, str], number: int) -> Track | DataError:
    if not row["path"]:
        return DataError(f"line {number} names no file", table)
    path = table.parent / row["path"]
    if not path.is_file():
        return DataError(f"no such file (line {number} of {table.name})", path)
    group = _group(row, path)
    names = {kind: split_cell(row.get(PLURALS[kind], "")) for kind in KINDS}
    absent = split_cell(row.get("absent", ""))
    partial = _partial(split_cell(row.get("partial", "")), number, table)
    return Track(
        path,
        group.key,
        names,
        absent=absent,
        offered={kind: (*names[kind], *absent) for kind in partial} if partial else None,
        fold=_fold(row.get("fold", ""), number, table),
        alone=group.alone,
        id=row["path"],
    )


def _group(row: dict[str, str], path: Path) -> Group:
    if given := row.get("group", ""):
        return Group(given.casefold())
    artists, album = (row.get("artist", ""),), row.get("album", "")
    group = group_of(artists, album, path)
    if group.alone and (tags := tags_or_none(path)):
        return group_of((tags.artist,), tags.album, path)
    return group


def _partial(words: Iterable[str], number: int, table: Path) -> list[Kind]:
    for word in words:
        if word not in PLURALS.values():
            raise DataError(
                f"line {number}: partial {word} is none of {', '.join(PLURALS.values())}", table
            )
    return [kind for kind in KINDS if PLURALS[kind] in words]


def _fold(cell: str, number: int, table: Path) -> int | None:
    if not cell:
        return None
    if cell not in map(str, range(N_FOLDS + 1)):
        raise DataError(f"line {number}: fold {cell} is not 0 to {N_FOLDS}", table)
    return int(cell)


def _check_header(names: Iterable[str], table: Path) -> None:
    if not {"path", "genres"} <= set(names) and not {"path", "instruments"} <= set(names):
        raise DataError(
            "its first line must name the columns: path and genres, or path and instruments "
            f"(it reads: {', '.join(names)[:80] or 'nothing'})",
            table,
        )
