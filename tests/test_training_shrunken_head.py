from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from tagger.models.card import MelSpec
from training.config import load_config
from training.data.batch_sampler import Pool
from training.data.datasets import Clip
from training.data.mel_cache import song_windows
from training.data.taxonomy import GENRES, LISTED_GENRES, VOCABULARY, unknown
from training.networks import MobileConfig, PooledNetwork, build
from training.networks.mel_frontend import compress
from training.networks.mobile import Stage
from training.trainer.shrunken_head import FEWEST, mean_embedding, shrink_head

SPEC: MelSpec = load_config().mel
JAZZ, BLUES, ROCK = (GENRES.index(name) for name in ("Jazz", "Blues", "Rock"))


def song(i: int, rng: np.random.Generator) -> tuple[Clip, np.ndarray]:
    """Jazz is loud in low bands, Blues in high ones."""
    targets = unknown()
    targets[: len(LISTED_GENRES)] = 0
    genre = JAZZ if i % 2 else BLUES
    targets[genre] = 1
    mel = rng.normal(-3, 0.5, size=(400, SPEC.n_mels))
    mel[:, slice(0, 20) if genre == JAZZ else slice(60, 90)] += 1
    clip = Clip(f"{i}", Path(f"{i}.mp3"), "taffc", f"artist {i}", 1, targets)
    return clip, mel.astype(np.float16)


def small_network() -> PooledNetwork:
    torch.manual_seed(0)
    shape = MobileConfig(stem=(4, 8), stages=(Stage(8, 1, 3, (2, 2)),), embedding=16)
    return build(shape, len(VOCABULARY), SPEC.n_mels)


def test_head_ranks_songs_it_did_not_learn_from_and_leaves_other_labels_alone() -> None:
    rng = np.random.default_rng(0)
    songs = [song(i, rng) for i in range(60)]
    network = small_network()
    before = network.head.weight.detach().clone()
    pool = Pool.of([clip for clip, _ in songs[:40]], {c.id: mel for c, mel in songs}, {}, SPEC)
    shrunken = shrink_head(network, pool, 0.01)
    apart = songs[40:]
    with torch.no_grad():
        logits = np.stack([
            shrunken(compress(torch.from_numpy(np.stack(list(song_windows(mel, SPEC)))), SPEC))
            .mean(dim=0).numpy() for _, mel in apart
        ])  # fmt: skip
    truth = np.array([clip.targets[JAZZ] for clip, _ in apart])
    assert roc_auc_score(truth, logits[:, JAZZ]) > 0.95
    assert roc_auc_score(1 - truth, logits[:, BLUES]) > 0.95
    untouched = [i for i in range(len(VOCABULARY)) if i not in (JAZZ, BLUES)]
    assert torch.equal(shrunken.head.weight[untouched], before[untouched])
    assert ROCK in untouched
    assert mean_embedding(shrunken, apart[0][1], SPEC).shape == (network.head.in_features,)


def test_without_listed_songs_the_head_stays() -> None:
    rng = np.random.default_rng(0)
    clip, mel = song(1, rng)
    clip.targets[3] = np.nan
    network = small_network()
    before = network.head.weight.detach().clone()
    shrink_head(network, Pool.of([clip], {clip.id: mel}, {}, SPEC), 0.01)
    assert torch.equal(network.head.weight, before)


def test_opinion_of_the_teachers_tilts_the_head() -> None:
    """Two songs in five are called Jazz by mistake; the teachers are right about them."""
    rng = np.random.default_rng(0)
    songs = [song(i, rng) for i in range(60)]
    truly = {clip.id: clip.targets[JAZZ] for clip, _ in songs}
    for clip, _ in songs[0:40:5] + songs[2:40:5]:
        clip.targets[JAZZ] = 1
    opinions = {}
    for clip, _ in songs[:40]:
        row = np.full((3, len(LISTED_GENRES)), 0.05, dtype=np.float16)
        row[:, JAZZ] = 0.9 if truly[clip.id] else 0.02
        opinions[clip.id] = row
    network = small_network()
    learned = [clip for clip, _ in songs[:40]]
    mels = {clip.id: mel for clip, mel in songs}

    def separation(known: dict[str, np.ndarray]) -> float:
        """Distance of Jazz songs from others, none of which was learned from, in deviations."""
        pool = Pool.of(learned, mels, {}, SPEC, opinions=known)
        weights = shrink_head(network, pool, 0.01).head.weight[JAZZ].detach().numpy()
        logits = np.array([mean_embedding(network, mel, SPEC) @ weights for _, mel in songs[40:]])
        is_jazz = np.array([truly[clip.id] == 1 for clip, _ in songs[40:]])
        spread = np.sqrt(logits[is_jazz].var() + logits[~is_jazz].var())
        return float((logits[is_jazz].mean() - logits[~is_jazz].mean()) / spread)

    assert separation(opinions) > separation({})


def test_genre_with_few_songs_keeps_what_it_learned() -> None:
    rng = np.random.default_rng(0)
    songs = [song(i, rng) for i in range(40)]
    for clip, _ in songs[: FEWEST - 1]:
        clip.targets[ROCK] = 1
    network = small_network()
    before = network.head.weight.detach().clone()
    pool = Pool.of([clip for clip, _ in songs], {c.id: mel for c, mel in songs}, {}, SPEC)
    after = shrink_head(network, pool, 0.01).head.weight
    assert torch.equal(after[ROCK], before[ROCK])
    assert not torch.equal(after[JAZZ], before[JAZZ])
