"""Which fields change in which files: pure values, computed without opening any file.

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
    """Values with the exact bytes they had in a file, which undo restores."""

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
    audio: str  # fingerprint of the audio that the plan was made for; empty: any
    changes: tuple[TagChange, ...]
    undoes: int | None = None  # the journal entry that this reverts


@dataclass(frozen=True, slots=True)
class TagPlan:
    """The changes of a run, and the folders it keeps to."""

    files: tuple[FileChange, ...]
    model: str = ""
    mode: str = ""
    roots: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """How predicted tags and existing tags are combined."""

    modes: Mapping[Kind, Mode] = dataclasses.field(
        default_factory=lambda: dict.fromkeys(KINDS, "fill")
    )
    taste: Taste = dataclasses.field(default_factory=Taste)
    join: str = ""  # put several values into one, with this between, for simple players
    provenance: str = ""  # written into the provenance field; empty: nothing

    @property
    def mode(self) -> str:
        """The modes in words."""
        given = [self.modes[kind] for kind in KINDS]
        return given[0] if len(set(given)) == 1 else f"genres {given[0]}, instruments {given[1]}"


@dataclass(frozen=True, slots=True)
class ClassifiedFile:
    """A classified file: its existing and its predicted tags."""

    path: Path
    existing: FileTags
    tags: tuple[Tag, ...]


def wanted_values(existing: Values, predicted: Values, mode: Mode, taste: Taste) -> Values:
    """The values that a field should hold; existing values are never replaced by nothing.

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
    """Whether any prediction could change the existing tags."""
    return any(
        most[kind] and (policy.modes[kind] != "fill" or policy.taste.is_empty(existing.of(kind)))
        for kind in KINDS
    )


def classified_file(result: Result) -> ClassifiedFile | None:
    """The part of a result that a plan needs; None if it failed or its tags cannot be read.

    Its path is absolute, so that the plan can be applied from any folder.
    """
    if result.track is None or not result.existing.audio:
        return None
    return ClassifiedFile(result.path.absolute(), result.existing, result.track.tags)


def change_to(path: Path, existing: FileTags, wanted: Mapping[Kind, Values]) -> FileChange:
    """The changes that give a file these values; other kinds stay."""
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
    """The plan for all files; files without changes are left out."""
    files = (file_change(item, policy) for item in classified)
    return TagPlan(tuple(f for f in files if f.changes), model, policy.mode, roots)


def file_change(item: ClassifiedFile, policy: Policy) -> FileChange:
    """The changes of one file; empty if it would stay as it is."""
    wanted = {}
    for kind in KINDS:
        predicted = tuple(tag.name for tag in item.tags if tag.kind == kind)
        before, mode = item.existing.of(kind), policy.modes[kind]
        wanted[kind] = wanted_values(before, predicted, mode, policy.taste)
    return decided_change(item.path, item.existing, wanted, policy)


def decided_change(
    path: Path, existing: FileTags, wanted: Mapping[Kind, Values], policy: Policy
) -> FileChange:
    """The changes that give a file these values, joined and with provenance as the policy says."""
    joined = {
        kind: (policy.join.join(values),) if policy.join and values != existing.of(kind) else values
        for kind, values in wanted.items()
    }
    change = change_to(path, existing, joined)
    before, note = existing.provenance, (policy.provenance,)
    if change.changes and policy.provenance and before != note:
        return replace(change, changes=(*change.changes, TagChange("provenance", before, note)))
    return change
