"""What a person ticked and left unticked, stored for those who teach or calibrate a model later.

One JSON object a line, one line for each name that was offered for a file or typed by the person;
docs/review.md lists the keys. New keys may come, none changes its meaning.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from tagger.review.items import Item
from tagger.review.offers import Offer
from tagger.vocabulary import KINDS, Kind

NAME = "decisions.jsonl"


def decisions_of(item: Item) -> Iterator[dict[str, Any]]:
    """Keys: path, audio, model, kind, label, probability, offered, proposed, accepted, edited.

    `offered` is false for a name the person typed, `proposed` says whether it was ticked to begin
    with, `edited` whether the person changed any tick of the file.
    """
    for kind in KINDS:
        for name, offered, proposed, score in _names(item.offers[kind], item.ticked[kind]):
            yield {
                "path": str(item.result.path.absolute()),
                "audio": item.result.existing.audio,
                "model": item.result.track.model if item.result.track else "",
                "kind": kind,
                "label": name,
                "probability": _probability(item, kind, name) if score is None else round(score, 4),
                "offered": offered,
                "proposed": proposed,
                "accepted": name in item.ticked[kind],
                "edited": item.edited,
            }


def save_decisions(folder: Path, items: Iterable[Item], *, run: int, time: str) -> None:
    """Add the decisions of a run to the file of the folder; OSError where that cannot be."""
    lines = [
        json.dumps({"run": run, "time": time, **row})
        for item in items
        for row in decisions_of(item)
    ]
    path = folder / NAME
    path.touch(mode=0o600)
    with path.open("r+b") as file:
        if file.seek(0, os.SEEK_END) and not _ends_a_line(file):  # a crash cut the last one off
            file.write(b"\n")
        file.writelines(f"{line}\n".encode("ascii") for line in lines)


def read_decisions(path: Path) -> Iterator[dict[str, Any]]:
    """The decisions of a file; a line that was cut off by a crash is left out."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict):
                yield row


def _ends_a_line(file: BinaryIO) -> bool:
    """Whether a file that holds something ends with a whole line; it is at its end after."""
    file.seek(-1, os.SEEK_END)
    return file.read() == b"\n"


def _names(offer: Offer, ticked: Iterable[str]) -> Iterator[tuple[str, bool, bool, float | None]]:
    offered = set()
    for option in offer.options:
        offered.add(option.name)
        yield option.name, True, option.proposed, option.score
    for name in ticked:
        if name not in offered:
            yield name, False, False, None


def _probability(item: Item, kind: Kind, name: str) -> float | None:
    """That of a label which was not offered, or None where the model does not know the name."""
    found = item.result.track.scores.by_name(kind).get(name) if item.result.track else None
    return None if found is None else round(found, 4)
