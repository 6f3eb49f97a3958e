"""The same recording twice must not be on both sides, nor pass under two labels in silence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tagger.vocabulary import Label, Vocabulary
from training.finetune.cross_validation import fold_of
from training.finetune.examples import Examples
from training.finetune.near_duplicates import (
    MOST_COPIES,
    Pair,
    describe,
    merged_groups,
    near_duplicates,
    similarity_of,
)

SLICES, WIDTH = 6, 64


def make_library(n: int = 60, *, seed: int = 1) -> Examples:
    """Tracks of no known artist, each of its own sound; slices of a track are alike."""
    rng = np.random.default_rng(seed)
    embeddings = np.repeat(rng.standard_normal((n, WIDTH)), SLICES, axis=0)
    embeddings = embeddings + 0.7 * rng.standard_normal(embeddings.shape)
    targets = np.eye(2, dtype=np.float32)[np.arange(n) % 2]
    paths = tuple(Path(f"{i}.mp3") for i in range(n))
    return Examples(
        paths, tuple(map(str, paths)), Vocabulary((Label("genre", "A"), Label("genre", "B"))),
        targets, embeddings.astype(np.float32), np.zeros((n * SLICES, 1), np.float32),
        np.repeat(np.arange(n), SLICES),
    )  # fmt: skip


def plant(examples: Examples, one: int, other: int, seed: int = 2) -> Examples:
    """`other` becomes the recording of `one`, coded anew."""
    embeddings = examples.embeddings.copy()
    noise = 0.05 * np.random.default_rng(seed).standard_normal((SLICES, WIDTH))
    start = one * SLICES
    embeddings[other * SLICES : (other + 1) * SLICES] = embeddings[start : start + SLICES] + noise
    return replace(examples, embeddings=embeddings)


def test_planted_duplicate_is_found_and_nothing_else() -> None:
    assert near_duplicates(make_library()) == []
    (pair,) = near_duplicates(plant(make_library(), 7, 20))
    assert (pair.one, pair.other) == (7, 20)
    assert 0.95 < pair.similarity <= 1.001


def test_excerpt_is_found_in_the_whole() -> None:
    examples = plant(make_library(), 7, 20)
    kept = np.array([i for i in range(len(examples.owner)) if not 7 * SLICES + 3 <= i < 8 * SLICES])
    part = replace(
        examples, embeddings=examples.embeddings[kept], logits=examples.logits[kept],
        owner=examples.owner[kept],
    )  # fmt: skip
    assert [(pair.one, pair.other) for pair in near_duplicates(part)] == [(7, 20)]


def test_duplicate_under_two_labels_is_told_and_under_one_is_not() -> None:
    different = plant(make_library(), 7, 20)
    assert different.targets[7].tolist() != different.targets[20].tolist()
    lines = list(describe(different, near_duplicates(different)))
    assert lines == [
        "1 pairs of tracks of different artists sound the same; kept on one side",
        "7.mp3 (B) and 20.mp3 (A) sound the same",
    ]
    same = plant(make_library(), 7, 21)
    assert len(list(describe(same, near_duplicates(same)))) == 1


def test_duplicates_are_in_one_fold() -> None:
    examples = make_library()
    for one, other in ((7, 20), (20, 33), (4, 51)):
        examples = plant(examples, one, other, seed=one)
    joined = replace(examples, groups=merged_groups(examples.groups, near_duplicates(examples)))
    folds = fold_of(joined)
    assert folds[7] == folds[20] == folds[33]
    assert folds[4] == folds[51]
    assert len(set(joined.groups)) == len(examples) - 3


def test_groups_are_merged_through_chains() -> None:
    pairs = [Pair(0, 1, 1.0), Pair(2, 3, 1.0), Pair(1, 3, 1.0)]
    merged = merged_groups(("d", "c", "b", "a", "e"), pairs)
    assert merged == ("a", "a", "a", "a", "e")


def test_sounds_that_the_embedding_cannot_tell_apart_are_no_duplicates() -> None:
    examples = make_library()
    for other in range(1, MOST_COPIES + 3):
        examples = plant(examples, 0, other, seed=other)
    assert near_duplicates(examples) == []


def test_narrow_embedding_identifies_no_recording() -> None:
    examples = plant(make_library(), 7, 20)
    assert near_duplicates(replace(examples, embeddings=examples.embeddings[:, :16])) == []


def test_likeness_is_the_same_both_ways() -> None:
    rng = np.random.default_rng(3)
    one, other = (
        (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        for rows in (rng.standard_normal((3, 8)), rng.standard_normal((5, 8)))
    )
    assert similarity_of(one, other) == pytest.approx(similarity_of(other, one))
    assert similarity_of(one, np.concatenate([other, one])) == pytest.approx(1.0)
