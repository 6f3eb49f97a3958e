"""One vote over an album, for those who want all its tracks to have the same genres.

Compilations stay per track: there, tracks have nothing in common but the folder.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from tagger.inference.aggregation import TrackScores
from tagger.inference.thresholds import choose_tags
from tagger.models.card import ModelCard
from tagger.scan.parallel import Result, Settings, Track
from tagger.vocabulary import Tag


def vote_by_album(results: Iterable[Result], card: ModelCard, settings: Settings) -> list[Result]:
    """The results, where the tracks of an album have the tags of the album's mean."""
    given = list(results)
    albums: dict[tuple[Path, str], list[int]] = defaultdict(list)
    for i, result in enumerate(given):
        if result.track and result.existing.album:
            albums[result.path.parent, result.existing.album.casefold()].append(i)
    for indices in albums.values():
        members = [given[i] for i in indices]
        if len(members) > 1 and not is_compilation(members):
            tags = one_vote([m.track for m in members if m.track], card, settings)
            for i, member in zip(indices, members, strict=True):
                given[i] = _with_tags(member, tags)
    return given


def is_compilation(tracks: Iterable[Result]) -> bool:
    """Whether tracks say that they are of one, or no artist has at least half of them."""
    given = list(tracks)
    artists = Counter(track.existing.artist.casefold() for track in given)
    return any(track.existing.compilation for track in given) or (
        2 * max(artists.values()) < len(given)
    )


def one_vote(tracks: Sequence[Track], card: ModelCard, settings: Settings) -> tuple[Tag, ...]:
    """The tags of the mean of what was heard in several tracks; there must be one at least."""
    mean = np.stack([track.scores.values for track in tracks]).mean(axis=0)
    scores = TrackScores(np.asarray(mean, dtype=np.float32), card.vocabulary)
    return choose_tags(scores, card, settings.choice)


def _with_tags(result: Result, tags: tuple[Tag, ...]) -> Result:
    return replace(result, track=replace(result.track, tags=tags) if result.track else None)
