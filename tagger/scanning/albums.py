"""One vote over an album, for those who want all its tracks to have the same genres.

Compilations stay per track: there, tracks have nothing in common but the folder.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from tagger.inference.aggregation import TrackScores
from tagger.inference.thresholds import decide
from tagger.models.card import ModelCard
from tagger.scanning.results import Result, Track
from tagger.scanning.settings import Settings
from tagger.vocabulary import KINDS, Kind

Level = Literal["track", "album"]
LEVELS: tuple[Level, ...] = get_args(Level)


@dataclass(frozen=True, slots=True)
class AlbumVote:
    """Gives the tracks of an album the tags of the album's mean.

    Other kinds than the given ones stay each track's own.
    """

    card: ModelCard
    settings: Settings
    kinds: Container[Kind] = KINDS

    def over(self, results: Iterable[Result]) -> list[Result]:
        """The results in their order, once all are there."""
        given = list(results)
        albums: dict[tuple[Path, str], list[int]] = defaultdict(list)
        for i, result in enumerate(given):
            if result.track and result.existing.album:
                albums[result.path.parent, result.existing.album.casefold()].append(i)
        for indices in albums.values():
            members = [given[i] for i in indices]
            if len(members) > 1 and not is_compilation(members):
                album = album_track([m.track for m in members if m.track], self.card, self.settings)
                for i, member in zip(indices, members, strict=True):
                    given[i] = _with_tags(member, album, self.kinds)
        return given

    def by_folder(self, results: Iterable[Result]) -> Iterator[Result]:
        """The same for results in the order of their folders, as each folder is complete."""
        for _, members in groupby(results, key=lambda result: result.path.parent):
            yield from self.over(members)


def is_compilation(tracks: Iterable[Result]) -> bool:
    """Whether tracks say that they are of one, or no artist has at least half of them."""
    given = list(tracks)
    artists = Counter(track.existing.artist.casefold() for track in given)
    return any(track.existing.compilation for track in given) or (
        2 * max(artists.values()) < len(given)
    )


def album_track(tracks: Sequence[Track], card: ModelCard, settings: Settings) -> Track:
    """One of the tracks with the mean scores of them all, and the tags these give.

    There must be at least one track.
    """
    mean = np.stack([track.scores.values for track in tracks]).mean(axis=0)
    scores = TrackScores(np.asarray(mean, dtype=np.float32), card.vocabulary)
    tags, candidates = decide(scores, card, settings.choice)
    return replace(tracks[0], scores=scores, tags=tags, candidates=candidates)


def _with_tags(result: Result, album: Track, kinds: Container[Kind]) -> Result:
    track = result.track
    if track is None:
        return result
    sources = {kind: album if kind in kinds else track for kind in KINDS}
    tags = tuple(tag for kind, source in sources.items() for tag in source.of(kind))
    candidates = tuple(c for kind, source in sources.items() for c in source.candidates_of(kind))
    return replace(result, track=replace(track, tags=tags, candidates=candidates))
