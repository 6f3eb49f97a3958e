from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from tagger.errors import DataError
from tests.training_data import CONFIG, SPEC, clip, with_steps
from training.data.batch_sampler import Pool, Pools
from training.data.taxonomy import INSTRUMENT_SLICE, VOCABULARY, unknown
from training.networks import PooledNetwork, build
from training.trainer.distillation import Ensemble, load_ensemble
from training.trainer.loop import train

CPU = torch.device("cpu")
K = len(VOCABULARY)


def _network_that_says(logit: float) -> PooledNetwork:
    """A network that gives every label the same logit, whatever it hears."""
    network = build(CONFIG.network, K, SPEC.n_mels).eval()
    torch.nn.init.zeros_(network.head.weight)
    torch.nn.init.constant_(network.head.bias, logit)
    return network


def _checkpoint(folder: Path, pools: Pools, logit: float) -> Path:
    """Of a run whose network says one thing."""
    train(with_steps(1), pools, folder, CPU)
    path = folder / "checkpoint.pt"
    state = torch.load(path)
    state["average"]["module.network.head.weight"].zero_()
    state["average"]["module.network.head.bias"].fill_(logit)
    torch.save(state, path)
    return path


@pytest.fixture(scope="module")
def pools() -> Pools:
    """Noise of which nothing is known: there is only the ensemble to learn from."""
    rng = np.random.default_rng(1)
    songs = [clip(f"song{i}", unknown()) for i in range(4)]
    mels = {c.id: rng.normal(-3, 1, (200, SPEC.n_mels)).astype(np.float16) for c in songs}
    return Pools(Pool.of(songs, mels, {}, SPEC))


def _mel(n: int = 3) -> Tensor:
    return torch.randn(n, SPEC.n_mels, SPEC.n_frames, generator=torch.Generator().manual_seed(1))


def test_opinion_is_the_mean_probability() -> None:
    ensemble = Ensemble((_network_that_says(-50.0), _network_that_says(0.0)))
    opinion = ensemble.opinion(_mel(), torch.full((3, K), torch.nan))
    assert torch.allclose(opinion, torch.full((3, K), 0.25))
    assert not opinion.requires_grad


def test_there_is_no_opinion_of_noise() -> None:
    targets = torch.full((3, K), torch.nan)
    targets[1] = 0.0
    targets[2, 0] = 0.0
    opinion = Ensemble((_network_that_says(3.0),)).opinion(_mel(), targets)
    assert opinion.isnan().all(dim=1).tolist() == [False, True, False]


def test_opinion_that_contradicts_an_instrument_does_not_count() -> None:
    """Of a genre it does: that is a label of the artist."""
    targets = torch.full((3, K), torch.nan)
    for label in (0, INSTRUMENT_SLICE.start):
        targets[0, label], targets[1, label] = 0.0, 1.0
    opinion = Ensemble((_network_that_says(3.0),)).opinion(_mel(), targets)
    known = ~opinion.isnan()
    assert known[:, INSTRUMENT_SLICE.start].tolist() == [False, True, True]
    assert known.sum().item() == 3 * K - 1


def test_what_the_ensemble_says_is_learned(pools: Pools, tmp_path: Path) -> None:
    config = with_steps(150)
    config = replace(config, loop=replace(config.loop, mixup=0.0))
    paths = [_checkpoint(tmp_path / str(value), pools, value) for value in (-1.0, 4.0)]
    aim = float(torch.sigmoid(torch.tensor([-1.0, 4.0])).mean())
    network = train(config, pools, tmp_path / "run", CPU, ensemble=paths)
    with torch.no_grad():
        found = torch.sigmoid(network(_mel(16)))
    assert found.mean().item() == pytest.approx(aim, abs=0.05)


def test_ensemble_may_be_asked_of_instruments_alone(pools: Pools, tmp_path: Path) -> None:
    config = with_steps(60)
    config = replace(config, loop=replace(config.loop, mixup=0.0, ensemble_genre_weight=0.0))
    path = _checkpoint(tmp_path / "sure", pools, 4.0)
    untaught = train(config, pools, tmp_path / "alone", CPU)
    network = train(config, pools, tmp_path / "run", CPU, ensemble=[path])
    with torch.no_grad():
        found, before = torch.sigmoid(network(_mel(16))), torch.sigmoid(untaught(_mel(16)))
    genres = slice(0, INSTRUMENT_SLICE.start)
    assert found[:, INSTRUMENT_SLICE].mean() > 0.7 > found[:, genres].mean()
    assert found[:, genres].mean().item() == pytest.approx(before[:, genres].mean().item(), abs=0.1)


def test_run_goes_on_with_the_same_ensemble_only(pools: Pools, tmp_path: Path) -> None:
    path = _checkpoint(tmp_path / "one", pools, 1.0)
    train(with_steps(2), pools, tmp_path / "run", CPU, ensemble=[path])
    with pytest.raises(DataError, match="other --distil"):
        train(with_steps(2), pools, tmp_path / "run", CPU)
    train(with_steps(2), pools, tmp_path / "run", CPU, ensemble=[path])


def test_without_runs_there_is_no_ensemble() -> None:
    assert load_ensemble([], CONFIG, CPU) is None
