"""A CSV of one's own: columns `path` and `genres` or `instruments`, or both.

`path` is absolute or beside the table; names are parted by `|` or `;`. Further columns, each of
them optional: `absent` (names that do not hold; `*`: all that we know and the row does not name),
`artist`, `album`, `group` (what must not be split; else the file's folder) and `fold` (0: only
ever measured; 1 to 5). What a row does not name is unknown.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from tagger.vocabulary import lineage
from training.data.datasets.names import Spellings
from training.data.datasets.source import N_FOLDS, Entry, Source, gather
from training.data.datasets.tables import reading, split_names
from training.data.taxonomy import GENRES, INSTRUMENTS

NAME = "csv"
ALL = "*"


def load(path: Path, *, weak: bool = False) -> Source:
    """All rows of a table; with `weak`, genres far from those a row names are absent."""
    return gather(NAME, _entries(path), Spellings(), listed=GENRES if weak else ())


def _entries(table: Path) -> Iterator[Entry]:
    with (
        reading(table, "name", "--source"),
        table.open(newline="", encoding="utf-8-sig") as file,
    ):
        for row in csv.DictReader(file):
            yield _entry(table.parent, {key: value or "" for key, value in row.items()})


def _entry(folder: Path, row: dict[str, str]) -> Entry:
    path = folder / row["path"]
    genres = tuple(split_names(row.get("genres", "")))
    words = (*genres, *split_names(row.get("instruments", "")))
    groups = (row.get(column, "").strip() for column in ("group", "artist", "album"))
    return Entry(
        id=row["path"],
        path=path,
        group=next(filter(None, groups), str(Path(row["path"]).parent)),
        words=words,
        denied=_denied(row, words),
        fold=_fold(row.get("fold", "").strip()),
    )


def _denied(row: dict[str, str], words: tuple[str, ...]) -> tuple[str, ...]:
    given = row.get("absent", "").strip()
    if given != ALL:
        return tuple(split_names(given))
    # "*" speaks of the kinds the row speaks of; of a row without any name, of both.
    kinds = [column for column in ("genres", "instruments") if row.get(column, "").strip()]
    table = Spellings()
    here = {kin for word in words if (name := table.get(word)) for kin in lineage(name)}
    names = [
        name
        for kind, labels in (("genres", GENRES), ("instruments", INSTRUMENTS))
        if kind in kinds or not kinds
        for name in labels
        if name not in here
    ]
    return tuple(names)


def _fold(cell: str) -> int | None:
    if not cell:
        return None
    if (fold := int(cell)) not in range(N_FOLDS + 1):
        raise ValueError(f"fold {cell} is not 0 to {N_FOLDS}")
    return fold
