"""What a person ticked and unticked, in `musictag review` or in a plan, as tracks.

A decision speaks of the names it was about and of no other: what was neither proposed nor accepted
was perhaps not looked at.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tagger.errors import DataError, MusicTagError
from tagger.review.decisions import NAME, read_decisions
from tagger.vocabulary import KINDS, PLURALS, Kind, name_key
from tagger.writing.journal import journal_folder
from tagger.writing.plan_json import load_plan
from training.data.library.track import Found, Names, Track, group_of_file

SUFFIX = ".jsonl"
PLAN = ".json"
Rows = dict[tuple[Kind, str], dict[str, bool]]
Offered = dict[Kind, Names]
Ticked = dict[str, dict[Kind, frozenset[str]]]


def default_decisions() -> Path:
    """Where `musictag review` stores what was decided."""
    return journal_folder() / NAME


def from_reviewed(path: Path) -> Found:
    """The files of a `decisions.jsonl` or of a plan that a person changed.

    Raises DataError for a file that is neither, and for a plan as it was made, in which nobody
    decided anything.
    """
    if not path.is_file():
        raise DataError("no such file; `musictag review` writes it, or name another", path)
    if path.suffix != PLAN:
        return from_decisions(path)
    found = list(from_plan(path))
    if not any(_touched(item) for item in found if isinstance(item, Track)):
        raise DataError("nobody changed anything in this plan, so it teaches nothing", path)
    return iter(found)


def from_decisions(path: Path) -> Iterator[Track | MusicTagError]:
    """The files of a `decisions.jsonl` with what was proposed for them, and what was accepted.

    The last word on a name counts. Raises DataError for a file that is not one of decisions.
    """
    for name, rows in _last_words(path).items():
        accepted, proposed = _names(rows, "accepted"), _names(rows, "proposed")
        decided = {k: names for k, names in accepted.items() if names or proposed[k]}
        yield _track(Path(name), decided, proposed, "decisions")


def from_plan(path: Path) -> Iterator[Track | MusicTagError]:
    """The files of a plan with the labels it offered and those its reviewer accepted."""
    load_plan(path)  # says what is wrong with it; a change that was taken back is not in its value
    for record in json.loads(path.read_text(encoding="utf-8"))["files"]:
        fields = {kind: record[PLURALS[kind]] for kind in KINDS if PLURALS[kind] in record}
        offered = {kind: tuple(one.get("offered", ())) for kind, one in fields.items()}
        names = {
            kind: tuple(one["after"])
            for kind, one in fields.items()
            if offered[kind] or one["after"] != one["before"]
        }
        yield _track(Path(record["path"]), names, offered, "plan")


def with_reviews(tracks: Sequence[Track], reviewed: Iterable[Track]) -> list[Track]:
    """The tracks with what a person decided about them, then the reviewed files that are new."""
    by_path = {track.path.resolve(): track for track in tracks}
    for review in reviewed:
        place = review.path.resolve()
        by_path[place] = _decided(by_path[place], review) if place in by_path else review
    return list(by_path.values())


def ticked_names(path: Path) -> Ticked:
    """The keys of the names a person left ticked, by path and by fingerprint of the sound."""
    ticked: Ticked = {}
    for row in _rows(path) if path.is_file() else ():
        for place in (str(Path(row["path"]).resolve()), str(row.get("audio", ""))):
            names = ticked.setdefault(place, dict.fromkeys(KINDS, frozenset()))
            key = frozenset({name_key(str(row["label"]))})
            kind = row["kind"]
            names[kind] = names[kind] | key if row["accepted"] else names[kind] - key
    return ticked


def _decided(track: Track, review: Track) -> Track:
    offered: Mapping[Kind, Names] = review.offered or {}
    accepted = {kind: {name_key(name) for name in review.of(kind)} for kind in KINDS}
    refused = {
        kind: tuple(name for name in offered.get(kind, ()) if name_key(name) not in accepted[kind])
        for kind in KINDS
    }
    denied = {kind: {name_key(name) for name in refused[kind]} for kind in KINDS}
    names = {kind: _joined(_less(track.of(kind), denied[kind]), review.of(kind)) for kind in KINDS}
    unsure = {k: _less(v, accepted[k] | denied[k]) for k, v in track.unsure.items()}
    return replace(
        track,
        names={kind: found for kind, found in names.items() if found},
        absent=(*track.absent, *(name for kind in KINDS for name in refused[kind])),
        # Where the file itself said nothing of a kind, only what was asked about is known.
        offered={kind: offered.get(kind, ()) for kind in KINDS if not track.of(kind)},
        unsure={kind: found for kind, found in unsure.items() if found},
    )


def _touched(track: Track) -> bool:
    """Whether a plan's names are other than those it offered."""
    offered = track.offered or {}
    return any(
        {name_key(name) for name in track.of(kind)} != {name_key(name) for name in names}
        for kind, names in offered.items()
        if names
    )


def _joined(names: Names, more: Names) -> Names:
    keys = {name_key(name) for name in names}
    return (*names, *(name for name in more if name_key(name) not in keys))


def _less(names: Names, keys: set[str]) -> Names:
    return tuple(name for name in names if name_key(name) not in keys)


def _track(
    file: Path, names: dict[Kind, Names], offered: Offered, source: str
) -> Track | MusicTagError:
    if not file.is_file():
        return DataError(f"no such file (it is in the {source})", file)
    group = group_of_file(file)
    return Track(file, group.key, names, offered=offered, alone=group.alone, id=str(file))


def _last_words(path: Path) -> dict[str, Rows]:
    files: dict[str, Rows] = {}
    for row in _rows(path):
        said = {key: bool(row[key]) for key in ("accepted", "proposed")}
        files.setdefault(str(row["path"]), {})[row["kind"], str(row["label"])] = said
    return files


def _rows(path: Path) -> list[dict[str, Any]]:
    needed = {"path", "kind", "label", "accepted", "proposed"}
    try:
        rows = list(read_decisions(path))
    except (OSError, ValueError) as error:
        raise DataError(f"cannot be read as decisions ({error})", path) from error
    if not all(needed <= row.keys() and row["kind"] in KINDS for row in rows):
        raise DataError("is not a file of decisions of musictag review", path)
    return rows


def _names(rows: Rows, key: str) -> dict[Kind, Names]:
    """The names of which something holds, by kind."""
    return {
        kind: tuple(name for (of, name), row in rows.items() if of == kind and row[key])
        for kind in KINDS
    }
