from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from training.data.batch_sampler import with_share
from training.data.datasets import Clip
from training.data.genre_opinions import genre_opinions, opinion_at
from training.data.taxonomy import LISTED_GENRES, unknown
from training.data.teacher_outputs import AUDIOSET_CLASSES, Outputs

N = len(LISTED_GENRES)


def song(i: int, fold: int | None, genre: int | None) -> Clip:
    targets = unknown()
    if genre is not None:
        targets[:N] = 0
        targets[genre] = 1
    return Clip(f"{i}", Path(f"{i}.mp3"), "taffc", f"artist {i}", fold, targets)


def outputs(rng: np.random.Generator, genre: int, *, musicnn: bool = True) -> dict[str, Outputs]:
    """Teachers to whom three genres sound different."""
    audioset = rng.normal(size=(20, 384))
    audioset[:, 10 * genre : 10 * genre + 10] += 1
    other = rng.normal(size=(4, 200))
    other[:, 10 * genre : 10 * genre + 10] += 1
    found = {
        "audioset_embedding": audioset,
        "audioset": rng.normal(size=(20, len(AUDIOSET_CLASSES))),
    }
    if musicnn:
        found |= {"msd_embedding": other, "msd": rng.random((4, 50))}
    return {name: values.astype(np.float16) for name, values in found.items()}


@pytest.fixture(scope="module")
def world() -> tuple[list[Clip], dict[str, dict[str, Outputs]], list[int]]:
    rng = np.random.default_rng(0)
    genres = [int(g) for g in rng.integers(3, size=140)]
    clips = [song(i, i % 4 + 1 if i < 120 else None, g if i < 120 else None)
             for i, g in enumerate(genres)]  # fmt: skip
    soft = {f"{i}": outputs(rng, g, musicnn=i < 130) for i, g in enumerate(genres)}
    return clips, soft, genres


def test_opinions_rank_songs_without_labels_by_their_genre(
    world: tuple[list[Clip], dict[str, dict[str, Outputs]], list[int]],
) -> None:
    clips, soft, genres = world
    found = genre_opinions(clips, soft)
    assert set(found) == set(soft)
    assert all(rows.shape == (20, N) for rows in found.values())
    for part in (slice(0, 120), slice(120, 140)):  # listed; not listed, half without musicnn
        scores = np.stack([found[clip.id].mean(axis=0) for clip in clips[part]])
        truth = np.array(genres[part])
        assert all(roc_auc_score(truth == g, scores[:, g]) > 0.9 for g in range(3))


def test_no_song_is_asked_of_a_regression_that_learned_from_it(
    world: tuple[list[Clip], dict[str, dict[str, Outputs]], list[int]],
) -> None:
    """Labels drawn at random cannot be told from opinions; learned by heart they could."""
    clips, soft, _ = world
    rng = np.random.default_rng(1)
    shuffled = [song(i, clip.fold, int(rng.integers(3)) if clip.fold else None)
                for i, clip in enumerate(clips)]  # fmt: skip
    found = genre_opinions(shuffled, soft)
    truth = np.stack([clip.targets[:3] for clip in shuffled[:120]])
    scores = np.stack([found[clip.id].mean(axis=0)[:3] for clip in shuffled[:120]])
    assert np.mean([roc_auc_score(truth[:, i], scores[:, i]) for i in range(3)]) < 0.65


def test_genre_that_nobody_listed_is_improbable(
    world: tuple[list[Clip], dict[str, dict[str, Outputs]], list[int]],
) -> None:
    clips, soft, _ = world
    rows = genre_opinions(clips, soft)["0"]
    assert rows[:, 3:].max() < 0.02
    assert opinion_at(rows, 1e6).shape == (N,)


def test_one_fold_gives_no_opinion(
    world: tuple[list[Clip], dict[str, dict[str, Outputs]], list[int]],
) -> None:
    clips, soft, _ = world
    assert genre_opinions([clip for clip in clips if clip.fold == 1], soft) == {}


def test_share_of_the_listed_is_kept_where_it_is_met() -> None:
    weights = np.array([3.0, 1.0])
    assert with_share(weights, np.array([True, False]), 0.5).tolist() == [0.75, 0.25]
    assert with_share(weights, np.array([False, False]), 0.5).tolist() == [0.75, 0.25]
