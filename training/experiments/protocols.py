"""Protocols: which slices are learned from, which are chosen by, which are asked about. Pure.

Every figure of this field hangs on that. Slices of one song are nearly alike, and songs of one
artist more alike than songs of two, so a network that has learned from either side of such a pair
knows more of the other than its genre: a split that parts them measures memory. Source: Sturm 2013,
"The GTZAN dataset"; Flexer 2007, "A Closer Look on Artist Filters for Musical Genre
Classification".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.data.datasets import Clip, gtzan
from training.data.datasets.source import TEST_FOLD, VALID_FOLD, group_fold
from training.data.split import check_disjoint

Indices = npt.NDArray[np.int64]

TEST, VALID = 0.2, 0.1  # of all, where the protocol does not say otherwise
STRATIFIED = (0.7, 0.2, 0.1)  # learned from, chosen by, asked about


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Slices by what they are for; no slice is in two parts."""

    train: Indices
    valid: Indices  # by which a run chooses when to stop, or how many neighbours to ask
    test: Indices


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What is divided. Shape: `tracks` is `(S,)`: the number of the clip each slice is of."""

    clips: tuple[Clip, ...]
    tracks: Indices
    classes: tuple[str, ...]  # one a clip; empty where a clip may be of several
    fold: int = 1  # of artists, held out

    def of(self, train: Sequence[int], valid: Sequence[int], test: Sequence[int]) -> Parts:
        """Whole tracks to each part."""
        parts = (np.flatnonzero(np.isin(self.tracks, part)) for part in (train, valid, test))
        return Parts(*parts)


@dataclass(frozen=True, slots=True)
class Protocol:
    """A way to divide."""

    name: str
    holds_out: str  # in words
    leaks: str  # what is on both sides; empty: nothing
    divide: Callable[[Material, np.random.Generator], Parts]
    refuses: Callable[[Material], str] = lambda _: ""  # why it does not apply, or nothing
    by_slice: bool = False  # figures are of slices: a track's are on both sides

    @property
    def title(self) -> str:
        """The name with its warning, for tables."""
        return f"{self.name} (leaks {self.leaks})" if self.leaks else self.name


def artist_folds(clips: Sequence[Clip]) -> list[int | None]:
    """The fold of each clip's artist; where folds are a source's own parts, one by the name."""
    has_parts = any(clip.fold == TEST_FOLD for clip in clips)
    return [group_fold(clip.group) if has_parts else clip.fold for clip in clips]


def _random_slice(material: Material, rng: np.random.Generator) -> Parts:
    order = rng.permutation(len(material.tracks))
    n_test, n_valid = round(TEST * len(order)), round(VALID * len(order))
    test, valid, train = np.split(order, [n_test, n_test + n_valid])
    return Parts(np.sort(train), np.sort(valid), np.sort(test))


def _random_track(material: Material, rng: np.random.Generator) -> Parts:
    order = rng.permutation(len(material.clips)).tolist()
    n_test, n_valid = round(TEST * len(order)), round(VALID * len(order))
    return material.of(order[n_test + n_valid :], order[n_test : n_test + n_valid], order[:n_test])


def _stratified(material: Material, rng: np.random.Generator) -> Parts:
    """The same shares of every class."""
    parts: tuple[list[int], list[int], list[int]] = ([], [], [])
    names = np.array(material.classes)
    for name in np.unique(names):
        order = rng.permutation(np.flatnonzero(names == name))
        cuts = np.round(np.cumsum(STRATIFIED[:2]) * len(order)).astype(int)
        for part, chosen in zip(parts, np.split(order, cuts), strict=True):
            part += chosen.tolist()
    return material.of(*parts)


def _artist_grouped(material: Material, rng: np.random.Generator) -> Parts:
    """A fold of artists is asked about; of the other artists some are chosen by."""
    folds = artist_folds(material.clips)
    test = [i for i, fold in enumerate(folds) if fold == material.fold]
    rest = [i for i, fold in enumerate(folds) if fold != material.fold]
    valid = _some_artists(material.clips, rest, rng)
    return _apart(material, sorted(set(rest) - set(valid)), valid, test)


def _some_artists(clips: Sequence[Clip], of: list[int], rng: np.random.Generator) -> list[int]:
    """All clips of so many artists as have the share for choosing between them."""
    own: dict[str, list[int]] = {}
    for i in of:
        own.setdefault(clips[i].group, []).append(i)
    chosen: list[int] = []
    for group in rng.permutation(sorted(own)):
        if len(chosen) >= VALID * len(clips):
            break
        chosen += own[group]
    return chosen


def _fault_filtered(material: Material, rng: np.random.Generator) -> Parts:
    """Sturm's lists, the same for everybody: 443 clips, 197 and 290."""
    folds = [clip.fold for clip in material.clips]
    test = [i for i, fold in enumerate(folds) if fold == TEST_FOLD]
    valid = [i for i, fold in enumerate(folds) if fold == VALID_FOLD]
    train = [i for i, fold in enumerate(folds) if fold not in (TEST_FOLD, VALID_FOLD)]
    return _apart(material, train, valid, test)


def _apart(material: Material, train: list[int], valid: list[int], test: list[int]) -> Parts:
    clips = material.clips
    check_disjoint([clips[i] for i in train], [clips[i] for i in [*valid, *test]])
    check_disjoint([clips[i] for i in valid], [clips[i] for i in test])
    return material.of(train, valid, test)


def _needs_classes(material: Material) -> str:
    return "" if material.classes else "needs one class a clip"


def _needs_artists(material: Material) -> str:
    groups = {clip.group for clip in material.clips}
    return "" if len(groups) < len(material.clips) else "nobody says who the artists are"


def _needs_lists(material: Material) -> str:
    listed = [c.source == gtzan.NAME and c.fold is not None for c in material.clips]
    tested = any(clip.fold == TEST_FOLD for clip in material.clips)
    return "" if all(listed) and tested else "is for GTZAN with the fault-filtered lists"


PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        Protocol(
            "random-slice", "20 % of the slices, at random; 10 % to choose by", "tracks",
            _random_slice, by_slice=True,
        ),
        Protocol(
            "random-track", "20 % of the tracks, at random; 10 % to choose by", "artists",
            _random_track,
        ),
        Protocol(
            "stratified", "10 % of the tracks of every class; 20 % to choose by", "artists",
            _stratified, _needs_classes,
        ),
        Protocol(
            "artist-grouped", "a fold of the artists; a tenth of the tracks, of artists apart, to "
            "choose by", "", _artist_grouped, _needs_artists,
        ),
        Protocol(
            "fault-filtered", "Sturm's list of GTZAN, and his other list to choose by", "",
            _fault_filtered, _needs_lists,
        ),
    )
}  # fmt: skip
