"""Tracks that are the same recording, or parts of one, by the embeddings of their slices.

Left on both sides of a split they would be recognised, not classified. Of 40 songs of 30 seconds
coded anew and 30% quieter, all had a similarity of 0.99 or more to the original, of 40 cut to 12
seconds half had more than 0.90; of 28,680 pairs of other songs one had, and none more than 0.91.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tagger.report.escaping import path_text
from training.finetune.examples import Array, Examples
from training.finetune.heads import Scale, unit

SAME = 0.95  # similarity of the same recording
ALIKE = 0.90  # similarity from which two tracks share a group
# Where a track is like more others than anyone has copies, the embedding does not tell them apart.
MOST_COPIES = 5
LEAST_WIDTH = 32  # values of an embedding; fewer describe a sound, they do not identify a recording
CANDIDATES = 20  # nearest tracks by their mean embedding, whose slices are compared


@dataclass(frozen=True, slots=True)
class Pair:
    """Two tracks, by their positions, that sound the same."""

    one: int
    other: int
    similarity: float


def near_duplicates(examples: Examples) -> list[Pair]:
    """All pairs of tracks that are alike, the likest first; none by an embedding too narrow."""
    if examples.embeddings.shape[1] < LEAST_WIDTH:
        return []
    values = Scale.of(examples.embeddings).apply(examples.embeddings)
    slices = np.split(unit(values), np.searchsorted(examples.owner, np.arange(1, len(examples))))
    found = [
        Pair(one, int(other), similarity)
        for one, others in enumerate(_candidates(unit(examples.mean(values))))
        for other in others
        if (similarity := similarity_of(slices[one], slices[other])) > ALIKE
    ]
    copies = np.bincount([i for pair in found for i in (pair.one, pair.other)], minlength=1)
    rare = (p for p in found if max(copies[p.one], copies[p.other]) <= MOST_COPIES)
    return sorted(rare, key=lambda pair: (-pair.similarity, pair.one, pair.other))


def similarity_of(one: Array, other: Array) -> float:
    """How well the slices of the shorter of two tracks are found in the longer, at most 1.

    Shape: `(S, D)` of length 1 each; the mean over slices of the best cosine.
    """
    cosines = one @ other.T if len(one) <= len(other) else other @ one.T
    return float(cosines.max(axis=1).mean())


def merged_groups(groups: Sequence[str], pairs: Sequence[Pair]) -> tuple[str, ...]:
    """The groups, those that near-duplicates join made one."""
    first: dict[str, str] = {}

    def root(group: str) -> str:
        while group in first:
            group = first[group]
        return group

    for pair in pairs:
        one, other = sorted((root(groups[pair.one]), root(groups[pair.other])))
        if one != other:
            first[other] = one
    return tuple(root(group) for group in groups)


def describe(examples: Examples, pairs: Sequence[Pair]) -> Iterator[str]:
    """What a person should know: pairs across artists, and recordings under two labels."""
    across = sum(examples.groups[pair.one] != examples.groups[pair.other] for pair in pairs)
    if across:
        yield f"{across} pairs of tracks of different artists sound the same; kept on one side"
    for pair in pairs:
        if pair.similarity > SAME and contradict(examples, pair):
            one, other = pair.one, pair.other
            yield (
                f"{path_text(examples.paths[one])} ({_names(examples, one)}) and "
                f"{path_text(examples.paths[other])} ({_names(examples, other)}) sound the same"
            )


def contradict(examples: Examples, pair: Pair) -> bool:
    """Whether a label was given to one of two tracks and denied to the other."""
    one, other = examples.targets[pair.one], examples.targets[pair.other]
    return bool((np.abs(one - other) == 1).any())  # unknown ones compare to nothing


def _candidates(means: Array) -> Iterator[np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """For each track the later ones among its nearest by the mean. Shape: `(N, D)` in."""
    for i, mean in enumerate(means):
        later = means[i + 1 :] @ mean
        nearest = np.argsort(-later, kind="stable")[:CANDIDATES]
        yield np.asarray(i + 1 + nearest, dtype=np.int64)


def _names(examples: Examples, track: int) -> str:
    labels = zip(examples.vocabulary.labels, examples.targets[track], strict=True)
    return ", ".join(label.name for label, target in labels if target == 1) or "no label"
