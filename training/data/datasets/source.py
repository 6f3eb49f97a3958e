"""A data set that people download or make: its own words and files -> clips.

Each loader yields entries in the words of its source; here they meet its table of words. What is
in no table, and what is not on the disk, is counted and told, never dropped silently.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tagger.errors import DataError, MusicTagError
from training.data.datasets import Clip
from training.data.datasets.names import apart, targets_of

# Folds 1 to 5 are held out one at a time. A source with parts of its own has its validation part
# in fold 1, the rest of what it trains on in 2 to 5, and its test part in none of them.
N_FOLDS = 5
VALID_FOLD = 1
TEST_FOLD = 0  # only ever measured

ALONE = "each is taken for an artist of its own, and figures may be too good"

Table = Mapping[str, str | None]  # a source's word -> our name; None: left out on purpose


@dataclass(frozen=True, slots=True)
class Entry:
    """One labelled file, in the source's own words."""

    id: str
    path: Path
    group: str  # artist, or what comes nearest to it; a part of one must not be split
    words: tuple[str, ...]  # hold
    denied: tuple[str, ...] = ()  # do not hold
    perhaps: tuple[str, ...] = ()  # our names: one of them holds, nobody says which
    fold: int | None = None  # None: by the group
    alone: bool = False  # no artist is known: the file is its own group


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """What a loader found."""

    name: str
    clips: tuple[Clip, ...]
    unmapped: dict[str, int]  # words in no table -> clips that have them
    missing: int  # files named in the labels and not on the disk
    unlabelled: int  # files of which nothing is known, in our words
    alone: int = 0  # clips of no known artist

    def notes(self) -> list[str]:
        """What a person should know of it, a line each."""
        lines = [f"{self.name}: {len(self.clips)} clips"]
        if self.missing:
            lines.append(f"{self.name}: {self.missing} labelled files are not there, left out")
        if self.unlabelled:
            lines.append(f"{self.name}: {self.unlabelled} files have no label of ours, left out")
        if self.alone:
            lines.append(f"{self.name}: {self.alone} clips name no artist; {ALONE}")
        if self.unmapped:
            words = ", ".join(f"{word} ({n})" for word, n in self.unmapped.items())
            lines.append(f"{self.name}: words in no table of ours: {words}")
        return lines


def gather(
    name: str, entries: Iterable[Entry | MusicTagError], table: Table, *, listed: Iterable[str] = ()
) -> Source:
    """Clips from entries.

    Args:
        name: of the source; begins the ids and groups of its clips.
        entries: what its labels say, or why a file cannot be read.
        table: its words in our names.
        listed: genres of ours that the source would have named if they held: one of them that is
            far from all that an entry names is absent. The rest stays unknown.
    """
    clips: list[Clip] = []
    unmapped: Counter[str] = Counter()
    missing = unlabelled = alone = 0
    genres = tuple(listed)
    for entry in entries:
        if isinstance(entry, MusicTagError) or not entry.path.is_file():
            missing += 1
            continue
        unmapped.update(word for word in (*entry.words, *entry.denied) if word not in table)
        clip = _clip(name, entry, table, genres)
        if np.isnan(clip.targets).all():
            unlabelled += 1
        else:
            clips.append(clip)
            alone += entry.alone
    words = dict(unmapped.most_common())
    source = Source(name, tuple(clips), words, missing, unlabelled, alone)
    if not clips:
        raise DataError(f"nothing to learn from; {'; '.join(source.notes())}; is the path right?")
    return source


def ours(table: Table) -> tuple[str, ...]:
    """All names that a table knows."""
    return tuple(dict.fromkeys(name for name in table.values() if name))


def group_fold(group: str, first: int = 1) -> int:
    """The fold of a group, `first` to 5: the same whatever else is in the source."""
    return first + zlib.crc32(group.casefold().encode()) % (N_FOLDS + 1 - first)


def part_fold(part: str, group: str, *, has_valid: bool) -> int:
    """The fold of an entry whose source says train, valid or test."""
    if part == "test":
        return TEST_FOLD
    if part == "valid":
        return VALID_FOLD
    return group_fold(group, VALID_FOLD + 1 if has_valid else VALID_FOLD)


def first_folder(root: Path, *names: str) -> Path:
    """The first of these folders under `root` that is there, else `root` itself."""
    return next((root / name for name in names if (root / name).is_dir()), root)


def _clip(source: str, entry: Entry, table: Table, listed: tuple[str, ...]) -> Clip:
    present = [name for word in entry.words if (name := table.get(word))]
    absent = [name for word in entry.denied if (name := table.get(word))]
    # A word left out on purpose, or in no table, may stand near any genre: then nothing is denied.
    genres = [name for name in present if not all(apart(name, genre) for genre in listed)]
    named = [*genres, *entry.perhaps]
    if named and all(table.get(word) for word in entry.words):
        absent += [name for name in listed if all(apart(name, other) for other in named)]
    return Clip(
        id=f"{source}:{entry.id}",
        path=entry.path,
        source=source,
        group=f"{source}:{entry.group.strip().casefold()}",
        fold=group_fold(entry.group) if entry.fold is None else entry.fold,
        targets=targets_of(present, absent),
        names=tuple(dict.fromkeys(present)),
    )
