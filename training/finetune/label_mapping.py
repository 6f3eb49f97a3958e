"""The names found in a library -> labels to learn, by a table a person can read and edit.

One row for each name: what it was found as, in how many tracks, the label it becomes (empty: left
out), and the labels of the base model it is like ("|" between several), from which it starts.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tagger.errors import DataError
from tagger.vocabulary import (
    FORBIDDEN_IN_NAMES,
    KINDS,
    Kind,
    Label,
    Vocabulary,
    are_near,
    canonical,
    is_placeholder,
    lineage,
    name_key,
    parents,
)
from training.data.library.table import ALL, split_cell
from training.data.library.track import Track

COLUMNS = ("kind", "found", "tracks", "label", "like")


@dataclass(frozen=True, slots=True)
class Row:
    """One name and the label it maps to."""

    kind: Kind
    found: str
    tracks: int
    label: str  # empty: left out
    like: tuple[str, ...]  # labels of the base model, of the same kind


def propose(tracks: Sequence[Track], base: Vocabulary) -> list[Row]:
    """The table for a library: each name its own label, spellings of one name together."""
    rows = []
    for kind in KINDS:
        counts = Counter(name for track in tracks for name in set(_names(track, kind)))
        spelling: dict[str, str] = {}
        for name, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            spelling.setdefault(name_key(name), _allowed(name))
        for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            label = "" if is_placeholder(name) else spelling[name_key(name)]
            rows.append(Row(kind, name, count, label, like(kind, name, base)))
    return rows


def like(kind: Kind, name: str, base: Vocabulary) -> tuple[str, ...]:
    """The labels of the base model that a name means.

    That of the same name; else what the name is a kind of, the nearest; else the kinds of it; else
    what is often called so.
    """
    labels = base.names(kind)
    if same := [label for label in labels if name_key(label) == name_key(name)]:
        return tuple(same)
    if (term := canonical(name, kind)) is None:
        return ()
    terms = {label: canonical(label, kind) or label for label in labels}
    wider = {label for label in labels if terms[label] in lineage(term)}
    above = {x for label in wider for x in parents(terms[label])}
    nearest = tuple(label for label in labels if label in wider and terms[label] not in above)
    narrower = tuple(label for label in labels if term in lineage(terms[label]))
    return nearest or narrower or tuple(x for x in labels if are_near(term, terms[x]))


def merge(rows: list[Row], edited: list[Row]) -> list[Row]:
    """The rows of a library as a person has edited them; names that are new stay as proposed."""
    by_name = {(row.kind, row.found): row for row in edited}
    return [
        replace(by_name[row.kind, row.found], tracks=row.tracks)
        if (row.kind, row.found) in by_name
        else row
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class LabelMap:
    """Which names map to which labels to learn."""

    labels: tuple[Label, ...]
    like: dict[Label, tuple[str, ...]]
    by_name: dict[tuple[Kind, str], Label]
    rare: dict[Label, int]  # labels of too few tracks, which are left out
    informative: frozenset[tuple[Kind, str]]  # includes names of rare labels

    def labels_of(self, track: Track, kind: Kind) -> set[Label]:
        """The labels of a track."""
        found = (self.by_name.get((kind, name)) for name in _names(track, kind))
        return {label for label in found if label}

    def spelled(self, names: Sequence[str], kind: Kind) -> set[Label]:
        """The labels that some names mean, in whatever spelling; `*` means all of the kind."""
        keys = {name_key(name) for name in names}
        return {
            label
            for (of, name), label in self.by_name.items()
            if of == kind and (ALL in names or keys & {name_key(name), name_key(label.name)})
        }

    def is_informative(self, track: Track, kind: Kind) -> bool:
        """Whether a track has an informative name of a kind: "Unknown" is none."""
        return any((kind, name) in self.informative for name in _names(track, kind))


def choose_labels(rows: list[Row], tracks: Sequence[Track], least: int) -> LabelMap:
    """The map of a table's labels that have at least `least` tracks."""
    by_name = {(r.kind, r.found): Label(r.kind, r.label) for r in rows if r.label}
    likes: dict[Label, tuple[str, ...]] = {}
    for row in rows:
        if row.label:
            label = Label(row.kind, row.label)
            likes[label] = tuple(dict.fromkeys((*likes.get(label, ()), *row.like)))
    everything = LabelMap(tuple(likes), likes, by_name, {}, frozenset(by_name))
    counts = Counter(
        x for track in tracks for kind in KINDS for x in everything.labels_of(track, kind)
    )
    chosen = tuple(x for x in likes if counts[x] >= least)
    return LabelMap(
        tuple(sorted(chosen, key=lambda label: KINDS.index(label.kind))),
        {x: likes[x] for x in chosen},
        {name: x for name, x in by_name.items() if x in chosen},
        {x: counts[x] for x in likes if counts[x] < least},
        frozenset(by_name),
    )


def dump_rows(rows: Iterable[Row]) -> str:
    """The table as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((r.kind, r.found, r.tracks, r.label, "|".join(r.like)) for r in rows)
    return text.getvalue()


def load_rows(path: Path, base: Vocabulary) -> list[Row]:
    """A table a person has edited; what cannot be is a DataError naming file and line."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            if not set(COLUMNS) - {"tracks"} <= set(reader.fieldnames or ()):
                raise DataError(f"its first line must name the columns {', '.join(COLUMNS)}", path)
            return [_row(line, base, path, i) for i, line in enumerate(reader, 2)]
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"cannot be read as a table of labels ({error})", path) from error


def _row(line: dict[str, str | None], base: Vocabulary, path: Path, number: int) -> Row:
    cells = {name: (line.get(name) or "").strip() for name in COLUMNS}
    kind = next((kind for kind in KINDS if kind == cells["kind"]), None)
    if kind is None:
        raise DataError(f"line {number}: kind must be one of {', '.join(KINDS)}", path)
    wanted = split_cell(cells["like"])
    if unknown := [name for name in wanted if name not in base.names(kind)]:
        available = ", ".join(base.names(kind))
        raise DataError(
            f"line {number}: the base model has no {unknown[0]!r}, but {available}", path
        )
    try:
        if cells["label"]:
            Label(kind, cells["label"])
    except ValueError as error:
        raise DataError(f"line {number}: {error}", path) from error
    return Row(kind, cells["found"], 0, cells["label"], wanted)


def _names(track: Track, kind: Kind) -> Iterator[str]:
    """The names of a track; a field in which a program joined several gives each."""
    for value in track.of(kind):
        for name in value.replace(";", "\0").replace(",", "\0").split("\0"):
            if name.strip():
                yield name.strip()


def _allowed(name: str) -> str:
    """A name as a label may be written."""
    for sign in FORBIDDEN_IN_NAMES:
        name = name.replace(sign, " ")
    return " ".join("".join(c for c in name if c.isprintable()).split())
