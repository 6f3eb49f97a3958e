"""Full mixes with genre labels: `tracks.csv` and `genres/` of the project's data folder.

Sources: taffc (Panda, Malheiro, Paiva 2018; AllMusic genres, several a clip, an unlisted one is
weakly absent), emotify (Aljanaki, Wiering, Veltkamp 2016; one of three genres a clip, the rest
unknown), free (game soundtracks without labels: only the teachers' outputs are learned).
"""

from __future__ import annotations

import csv
from pathlib import Path

from training.data.datasets import Clip
from training.data.datasets.tables import reading
from training.data.taxonomy import ALLMUSIC, GENRES, Targets, genre_targets, unknown

# What emotify's three folders stand for; where one holds, the other two do not.
EMOTIFY = ("Classical", "Electronic", "Pop Rock")


def load(data: Path) -> list[Clip]:
    """All clips of `tracks.csv` under a data folder."""
    table = data / "tracks.csv"
    with reading(table, "label"), table.open(newline="", encoding="utf-8") as file:
        return [_clip(data, row) for row in csv.DictReader(file)]


def _clip(data: Path, row: dict[str, str]) -> Clip:
    words = row["genres"].split("|") if row["genres"] else []
    return Clip(
        id=row["id"],
        path=data / row["file"],
        source=row["source"],
        group=row["group"],
        fold=int(row["fold"]) if row["fold"] else None,
        targets=_targets(words, row["labels"]),
        soft=data / row["soft"] if row["soft"] else None,
        names=tuple(name for word in words if (name := ALLMUSIC[word])),
    )


def _targets(names: list[str], labels: str) -> Targets:
    if labels == "multi":
        return genre_targets(names, complete=True)
    if labels == "single":
        targets = genre_targets(names, complete=False)
        for name in EMOTIFY:
            i = GENRES.index(name)
            targets[i] = 1.0 if targets[i] == 1.0 else 0.0
        return targets
    if labels == "none":
        return unknown()
    raise KeyError(labels)
