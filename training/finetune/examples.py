"""Tracks, their targets and their embeddings, side by side in arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tagger.errors import MusicTagError
from tagger.inference.aggregation import aggregate
from tagger.vocabulary import KINDS, Kind, Vocabulary
from training.data.library.track import Track
from training.finetune.embeddings import Sound
from training.finetune.label_mapping import LabelMap

Array = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """N tracks with S slices in all.

    Shape: `targets` `(N, K)`, 1 present, 0 absent, NaN unknown; `embeddings` `(S, D)`, `logits`
    `(S, K)` of the base model; `owner` `(S,)`, the track of each slice, in rising order.
    `vote_shares` are those of the base model's card, by which the new model will vote too.
    """

    paths: tuple[Path, ...]
    groups: tuple[str, ...]
    vocabulary: Vocabulary
    targets: Array
    embeddings: Array
    logits: Array
    owner: Indices
    vote_shares: Mapping[Kind, float] = field(default_factory=lambda: dict.fromkeys(KINDS, 1.0))

    def __len__(self) -> int:
        return len(self.paths)

    def take(self, tracks: Indices) -> Examples:
        """Only some tracks, in the order they are named."""
        bounds = np.searchsorted(self.owner, np.arange(len(self) + 1))
        counts = bounds[tracks + 1] - bounds[tracks]
        owner = np.repeat(np.arange(len(tracks)), counts)
        first = np.cumsum(counts) - counts
        slices = bounds[tracks][owner] + np.arange(len(owner)) - first[owner]
        return replace(
            self,
            paths=tuple(self.paths[i] for i in tracks),
            groups=tuple(self.groups[i] for i in tracks),
            targets=self.targets[tracks],
            embeddings=self.embeddings[slices],
            logits=self.logits[slices],
            owner=owner,
        )

    def vote(self, scores: Array, vocabulary: Vocabulary) -> Array:
        """The vote of each track, aggregated as a scan does it.

        `vocabulary` names the columns of `scores`. Shape: `(S, K)` in, `(N, K)` out
        """
        first = np.searchsorted(self.owner, np.arange(1, len(self)))
        tracks = np.split(np.asarray(scores, dtype=np.float32), first)
        return np.stack([aggregate(track, vocabulary, self.vote_shares) for track in tracks])

    def mean(self, values: Array) -> Array:
        """The mean over the slices of each track. Shape: `(S, ...)` in, `(N, ...)` out."""
        first = np.searchsorted(self.owner, np.arange(len(self)))
        counts = np.bincount(self.owner, minlength=len(self)).astype(np.float32)
        sums = np.add.reduceat(values, first, axis=0)
        return np.asarray(sums / counts.reshape(-1, *[1] * (values.ndim - 1)), dtype=np.float32)


def targets_of(track: Track, label_map: LabelMap) -> Array:
    """Targets of a track: 1 for what it is called, 0 for what is denied.

    An informative name of a kind denies all others of it, unless a person was only asked about
    some. Labels that only musictag wrote are unknown. Shape: `(K,)`
    """
    targets = np.full(len(label_map.labels), np.nan, dtype=np.float32)
    for kind in KINDS:
        present = label_map.labels_of(track, kind)
        denied = label_map.spelled(track.denied(kind), kind)
        rest = track.complete(kind) and label_map.is_informative(track, kind)
        unsure = label_map.spelled(track.unsure.get(kind, ()), kind)
        for i, label in enumerate(label_map.labels):
            if label.kind == kind and label in present:
                targets[i] = 1
            elif label.kind == kind and (label in denied or (rest and label not in unsure)):
                targets[i] = 0
    return targets


def assemble_examples(
    tracks: Sequence[Track],
    label_map: LabelMap,
    sounds: Sequence[tuple[Path, Sound | MusicTagError]],
    vote_shares: Mapping[Kind, float],
    on_error: Callable[[MusicTagError], object],
) -> Examples:
    """The readable tracks with their embeddings; errors of the others go to `on_error`."""
    pairs: list[tuple[Track, Sound]] = []
    for track, (_, sound) in zip(tracks, sounds, strict=True):
        if isinstance(sound, MusicTagError):
            on_error(sound)
        else:
            pairs.append((track, sound))
            for note in sound.notes:
                on_error(MusicTagError(note, track.path))
    if not pairs:
        raise MusicTagError("none of the files could be heard")
    counts = [len(sound.embeddings) for _, sound in pairs]
    return Examples(
        tuple(track.path for track, _ in pairs),
        tuple(track.group for track, _ in pairs),
        Vocabulary(label_map.labels),
        np.stack([targets_of(track, label_map) for track, _ in pairs]),
        np.concatenate([sound.embeddings for _, sound in pairs]),
        np.concatenate([sound.logits for _, sound in pairs]),
        np.repeat(np.arange(len(pairs)), counts),
        vote_shares,
    )
