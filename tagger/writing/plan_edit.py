"""Narrows a plan by folder, or by leaving out a value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from tagger.tags.field_map import Field
from tagger.writing.plan import FileChange, TagChange

Files = tuple[FileChange, ...]


@dataclass(frozen=True, slots=True)
class NewValue:
    """A value that would be added, and to how many files."""

    field: Field
    value: str
    n_files: int


def by_folder(files: Iterable[FileChange]) -> list[Files]:
    """The files of each folder, in their order."""
    return [tuple(group) for _, group in groupby(files, key=lambda change: change.path.parent)]


def new_values(files: Files) -> tuple[NewValue, ...]:
    """The values that files would get, genres first, the most frequent first."""
    counts: Counter[tuple[Field, str]] = Counter()
    for change in files:
        for one in change.changes:
            if one.field != "provenance":
                counts.update((one.field, value) for value in one.after if value not in one.before)
    ranked = sorted(counts.items(), key=lambda item: (item[0][0], -item[1]))
    return tuple(NewValue(field, value, n) for (field, value), n in ranked)


def without(files: Files, unwanted: NewValue, name_start: str = "") -> Files:
    """The files without a value, or only those whose name begins so; a change of nothing goes.

    Where nothing is left to be written, a field stays as it is: nothing is ever emptied.
    """
    left = (
        _without(change, unwanted) if change.path.name.startswith(name_start) else change
        for change in files
    )
    return tuple(change for change in left if change.changes)


def _without(change: FileChange, unwanted: NewValue) -> FileChange:
    changes = tuple(_changes(change, unwanted))
    only_note = all(one.field == "provenance" for one in changes)
    return replace(change, changes=() if only_note else changes)


def _changes(change: FileChange, unwanted: NewValue) -> Iterator[TagChange]:
    for one in change.changes:
        if one.field != unwanted.field or unwanted.value not in one.after:
            yield one
            continue
        after = tuple(value for value in one.after if value != unwanted.value)
        if after and after != one.before:
            yield replace(one, after=after)
