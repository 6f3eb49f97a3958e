"""What would be changed in which file: values only, made and turned round without opening any.

The same plan is shown, saved, applied, journaled and undone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from tagger.vocabulary import KINDS, Kind, Tag
from tagger.writing.genre_rules import Taste, sense_key

if TYPE_CHECKING:
    from tagger.scanning.results import Result
    from tagger.tags.containers.base import Item
    from tagger.tags.field_map import Field
    from tagger.tags.reader import FileTags

Mode = Literal["fill", "merge", "replace"]
MODES: tuple[Mode, ...] = get_args(Mode)
Values = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exact:
    """Values as the very bytes they were in a file: what undo puts back."""

    dialect: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class TagChange:
    """One field of one file: what it must hold, what it gets; a change of nothing is none."""

    field: Field
    before: Values
    after: Values
    exact: Exact | None = dataclasses.field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.before == self.after and self.exact is None:
            raise ValueError(f"the {self.field} would stay {self.before}")


@dataclass(frozen=True, slots=True)
class FileChange:
    """All changes of one file."""

    path: Path
    audio: str  # fingerprint of the sound the plan was made for; empty: any
    changes: tuple[TagChange, ...]
    undoes: int | None = None  # the entry of the journal that this takes back


@dataclass(frozen=True, slots=True)
class TagPlan:
    """The changes of a run, and the folders it keeps to."""

    files: tuple[FileChange, ...]
    model: str = ""
    mode: str = ""
    roots: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """How what was heard and what a file holds become what it will hold."""

    modes: Mapping[Kind, Mode] = dataclasses.field(
        default_factory=lambda: dict.fromkeys(KINDS, "fill")
    )
    taste: Taste = dataclasses.field(default_factory=Taste)
    join: str = ""  # put several values into one, with this between, for simple players
    provenance: str = ""  # what to note about who wrote it; empty: nothing

    @property
    def mode(self) -> str:
        """The modes in words."""
        given = [self.modes[kind] for kind in KINDS]
        return given[0] if len(set(given)) == 1 else f"genres {given[0]}, instruments {given[1]}"


@dataclass(frozen=True, slots=True)
class ClassifiedFile:
    """What is known of a file when its changes are decided."""

    path: Path
    existing: FileTags
    tags: tuple[Tag, ...]


def wanted_values(existing: Values, predicted: Values, mode: Mode, taste: Taste) -> Values:
    """What a field should hold. Nothing that is there is ever taken away for nothing.

    >>> wanted_values(("Jazz",), ("Blues",), "fill", Taste())
    ('Jazz',)
    >>> wanted_values(("jazz",), ("Blues", "Jazz"), "merge", Taste())
    ('jazz', 'Blues')
    >>> wanted_values(("Rap",), ("Hip-Hop",), "replace", Taste())
    ('Rap',)
    """
    new = taste.refine(predicted)
    if not new:
        return existing
    if mode == "replace" and not taste.aliases and sense_keys(new) == sense_keys(existing):
        return existing  # it says the same, under the person's own names
    if taste.is_empty(existing) or mode == "replace":
        return new
    if mode == "fill":
        return existing
    present = taste.keys_of(existing)
    added = tuple(name for name in new if sense_key(name) not in present)
    return (*existing, *added)


def sense_keys(values: Values) -> set[str]:
    """What values mean, whatever they are called."""
    return {sense_key(value) for value in values}


def may_change(existing: FileTags, policy: Policy, most: Mapping[Kind, int]) -> bool:
    """Whether anything that may be heard could change what is there."""
    return any(
        most[kind] and (policy.modes[kind] != "fill" or policy.taste.is_empty(existing.of(kind)))
        for kind in KINDS
    )


def classified_file(result: Result) -> ClassifiedFile | None:
    """What a plan needs of a result; None where nothing was heard or its tags cannot be read.

    Its path stands for itself, wherever the plan is applied.
    """
    if result.track is None or not result.existing.audio:
        return None
    return ClassifiedFile(result.path.absolute(), result.existing, result.track.tags)


def change_to(path: Path, existing: FileTags, wanted: Mapping[Kind, Values]) -> FileChange:
    """What would change in a file for it to hold just these values; other kinds stay."""
    current = {kind: existing.of(kind) for kind in wanted}
    changes = (
        TagChange(kind, current[kind], wanted[kind])
        for kind in KINDS
        if kind in wanted and current[kind] != wanted[kind]
    )
    return FileChange(path, existing.audio, tuple(changes))


def make_plan(
    classified: Iterable[ClassifiedFile],
    policy: Policy,
    *,
    model: str = "",
    roots: tuple[Path, ...] = (),
) -> TagPlan:
    """The plan for all files; those that would stay as they are do not occur in it."""
    files = (file_change(item, policy) for item in classified)
    return TagPlan(tuple(f for f in files if f.changes), model, policy.mode, roots)


def file_change(item: ClassifiedFile, policy: Policy) -> FileChange:
    """What would change in one file; without changes where it would stay as it is."""
    wanted = {}
    for kind in KINDS:
        predicted = tuple(tag.name for tag in item.tags if tag.kind == kind)
        before, mode = item.existing.of(kind), policy.modes[kind]
        wanted[kind] = wanted_values(before, predicted, mode, policy.taste)
    return decided_change(item.path, item.existing, wanted, policy)


def decided_change(
    path: Path, existing: FileTags, wanted: Mapping[Kind, Values], policy: Policy
) -> FileChange:
    """What would change in a file for it to hold these values, joined and noted by the policy."""
    joined = {
        kind: (policy.join.join(values),) if policy.join and values != existing.of(kind) else values
        for kind, values in wanted.items()
    }
    change = change_to(path, existing, joined)
    before, note = existing.provenance, (policy.provenance,)
    if change.changes and policy.provenance and before != note:
        return replace(change, changes=(*change.changes, TagChange("provenance", before, note)))
    return change
