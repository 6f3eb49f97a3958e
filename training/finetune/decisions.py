"""What a person decided in `musictag review`, as tracks whose thresholds follow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tagger.errors import DataError, MusicTagError
from tagger.review.decisions import read_decisions
from tagger.vocabulary import KINDS, Kind
from training.data.library.track import Track

SUFFIX = ".jsonl"
Rows = dict[tuple[Kind, str], dict[str, bool]]


def from_decisions(path: Path) -> Iterator[Track | MusicTagError]:
    """The files of a `decisions.jsonl` with what was proposed for them, and what was accepted.

    The last word on a name counts. One that was neither proposed nor accepted says nothing: it was
    perhaps not looked at. Raises DataError for a file that is not one of decisions.
    """
    for name, rows in _last_words(path).items():
        file = Path(name)
        if file.is_file():
            yield _track(file, rows)
        else:
            yield DataError("no such file (it is in the decisions)", file)


def _last_words(path: Path) -> dict[str, Rows]:
    files: dict[str, Rows] = {}
    try:
        for row in read_decisions(path):
            said = {key: bool(row[key]) for key in ("accepted", "proposed")}
            files.setdefault(str(row["path"]), {})[row["kind"], str(row["label"])] = said
    except (KeyError, TypeError, ValueError) as error:
        raise DataError("is not a file of decisions of musictag review", path) from error
    return files


def _track(file: Path, rows: Rows) -> Track:
    accepted, proposed = _names(rows, "accepted"), _names(rows, "proposed")
    decided = {k: names for k, names in accepted.items() if names or proposed[k]}
    return Track(file, "", decided, offered=proposed)


def _names(rows: Rows, key: str) -> dict[Kind, tuple[str, ...]]:
    """The names of which something holds, by kind."""
    return {
        kind: tuple(name for (of, name), row in rows.items() if of == kind and row[key])
        for kind in KINDS
    }
