from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from tagger.errors import DataError
from tests.training_data import CONFIG, HIGH, LOW, SPEC, clip, heard_all, tone, with_steps
from training.augment.mixup import mixup_draw
from training.config import Config
from training.data.batch_sampler import Pool, Pools
from training.data.mel_cache import LEAST_POWER, Mel
from training.data.taxonomy import GENRES, VOCABULARY, genre_targets, unknown
from training.data.teacher_outputs import WIDTH
from training.networks.mel_frontend import compress, mel_power
from training.networks.mobile import MobileConfig, MobileNet
from training.trainer.loop import Student, train
from training.trainer.optimiser import running_average

CPU = torch.device("cpu")
JAZZ, BLUES = GENRES.index("Jazz"), GENRES.index("Blues")


class KilledError(Exception):
    """Stands for whatever ends a run."""


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> None:
    torch.set_num_threads(1)


def _power(hz: float, seed: int) -> Tensor:
    return mel_power(torch.from_numpy(tone(hz, 2, seed=seed))[None], SPEC)[0]


def _mel(hz: float, seed: int) -> Mel:
    return _power(hz, seed).clamp_min(LEAST_POWER).log10().T.numpy().astype(np.float16)


@pytest.fixture(scope="module")
def pools() -> Pools:
    """High tones are Jazz, low ones Blues, with teachers for half of them; solos know nothing."""
    labels = [genre_targets([name], complete=True) for name in ("Jazz", "Blues")]
    songs = [clip(f"song{i}", labels[i % 2]) for i in range(8)]
    solos = [clip(f"solo{i}", unknown()) for i in range(2)]
    mels = {c.id: _mel(LOW if i % 2 else HIGH, i) for i, c in enumerate([*songs, *solos])}
    soft = {c.id: heard_all() for c in songs[:4]}
    rendered = Pool.of(solos, mels, {}, SPEC)
    return Pools(Pool.of(songs, mels, soft, SPEC), Pool.of(solos, mels, {}, SPEC), rendered)


def _train(config: Config, pools: Pools, folder: Path, kill_at: int = 0) -> list[tuple[int, float]]:
    """What was reported until the run was over or killed."""
    reported: list[tuple[int, float]] = []

    def report(step: int, loss: float) -> None:
        reported.append((step, loss))
        if step == kill_at:
            raise KilledError

    try:
        train(config, pools, folder, CPU, report)
    except KilledError:
        assert kill_at
    return reported


def _weights(config: Config, pools: Pools, folder: Path) -> dict[str, Tensor]:
    """The network of a finished run, which its checkpoint gives without another step."""

    def report(step: int, loss: float) -> None:
        raise AssertionError("a finished run took another step")

    return train(config, pools, folder, CPU, report).state_dict()


def test_easy_labels_are_learned(pools: Pools, tmp_path: Path) -> None:
    losses: list[float] = []
    config = with_steps(120)
    network = train(config, pools, tmp_path, CPU, lambda step, loss: losses.append(loss))
    assert len(losses) == 120
    assert np.mean(losses[-10:]) < 0.7 * np.mean(losses[:5])
    unseen = torch.stack([_power(hz, seed=99)[:, : SPEC.n_frames] for hz in (HIGH, LOW)])
    with torch.no_grad():
        high, low = network(compress(unseen, SPEC))
    assert high[JAZZ] > 0 > high[BLUES]
    assert low[BLUES] > 0 > low[JAZZ]


@pytest.fixture(scope="module")
def uninterrupted(
    pools: Pools, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[tuple[int, float]], dict[str, Tensor]]:
    folder = tmp_path_factory.mktemp("uninterrupted")
    reported = _train(CONFIG, pools, folder)
    return reported, _weights(CONFIG, pools, folder)


@pytest.mark.parametrize(
    ("kills", "goes_on_after"),
    [
        pytest.param([1], 0, id="before the first checkpoint"),
        pytest.param([3], 2, id="after a checkpoint"),
        pytest.param([4], 2, id="before a checkpoint was written"),
        pytest.param([3, 5, 6], 4, id="again and again"),
    ],
)
def test_killed_run_goes_on_to_the_same_weights(
    pools: Pools,
    tmp_path: Path,
    uninterrupted: tuple[list[tuple[int, float]], dict[str, Tensor]],
    kills: list[int],
    goes_on_after: int,
) -> None:
    for kill_at in kills:
        killed = _train(CONFIG, pools, tmp_path, kill_at)
        assert killed[-1][0] == kill_at
    torch.manual_seed(987)  # what else happened must not matter
    rest = _train(CONFIG, pools, tmp_path)
    reported, weights = uninterrupted
    assert rest == reported[goes_on_after:]
    for name, value in _weights(CONFIG, pools, tmp_path).items():
        assert torch.equal(value, weights[name]), name


def test_half_written_checkpoint_is_not_used(pools: Pools, tmp_path: Path) -> None:
    _train(CONFIG, pools, tmp_path, kill_at=3)
    (tmp_path / ".checkpoint.part.pt").write_bytes(b"half")
    assert _train(CONFIG, pools, tmp_path)[0][0] == 3
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_other_seed_makes_other_weights(
    pools: Pools,
    tmp_path: Path,
    uninterrupted: tuple[list[tuple[int, float]], dict[str, Tensor]],
) -> None:
    config = replace(CONFIG, loop=replace(CONFIG.loop, seed=2))
    _train(config, pools, tmp_path)
    weights = _weights(config, pools, tmp_path)
    assert not torch.equal(weights["head.weight"], uninterrupted[1]["head.weight"])


def test_run_begins_with_the_mean_of_the_weights_of_others(pools: Pools, tmp_path: Path) -> None:
    for seed in (1, 2):
        config = with_steps(2)
        config = replace(config, loop=replace(config.loop, seed=seed))
        train(config, pools, tmp_path / str(seed), CPU)
    paths = [tmp_path / name / "checkpoint.pt" for name in ("1", "2")]
    found = train(with_steps(0), pools, tmp_path / "mean", CPU, start=paths).state_dict()
    one, other = (
        {k.removeprefix("module.network."): v for k, v in torch.load(path)["average"].items()}
        for path in paths
    )
    assert not torch.equal(one["head.weight"], other["head.weight"])
    for name, weights in found.items():
        if weights.is_floating_point():
            assert torch.allclose(weights, (one[name] + other[name]) / 2, atol=1e-6), name
    assert (tmp_path / "mean" / "checkpoint.pt").exists()


def test_run_that_begins_with_another_network_is_refused(pools: Pools, tmp_path: Path) -> None:
    _train(with_steps(1), pools, tmp_path / "other")
    wider = replace(with_steps(1), network=replace(MobileConfig(), embedding=8))
    paths = [tmp_path / "other" / "checkpoint.pt"]
    with pytest.raises(DataError, match="another shape"):
        train(wider, pools, tmp_path / "start", CPU, start=paths)
    with pytest.raises(DataError, match="another shape"):
        train(wider, pools, tmp_path / "ensemble", CPU, ensemble=paths)


def test_average_of_weights_trails_behind_the_weights(pools: Pools, tmp_path: Path) -> None:
    _train(CONFIG, pools, tmp_path)
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    averaged = state["average"]["module.network.head.weight"]
    assert not torch.equal(averaged, state["student"]["network.head.weight"])
    assert torch.equal(averaged, _weights(CONFIG, pools, tmp_path)["head.weight"])


@pytest.mark.parametrize(("n_averaged", "decay"), [(1, 2 / 11), (8, 0.5), (35, 0.8), (9999, 0.9)])
def test_average_forgets_fast_at_first(n_averaged: int, decay: float) -> None:
    weights, count = torch.zeros(3), torch.tensor([4])
    update = running_average(0.9)
    update([weights, count], [torch.ones(3), torch.tensor([7])], torch.tensor(n_averaged))
    assert weights.tolist() == pytest.approx([1 - decay] * 3)
    assert count.tolist() == [7]  # whole numbers have no mean


def test_network_comes_back_ready_to_listen(pools: Pools, tmp_path: Path) -> None:
    network = train(with_steps(1), pools, tmp_path, CPU)
    assert isinstance(network, MobileNet)
    assert not network.training
    mel = torch.zeros(3, SPEC.n_mels, SPEC.n_frames)
    assert network(mel).shape == (3, len(VOCABULARY))


def test_student_reads_both_answers_off_one_embedding() -> None:
    student = Student(CONFIG).eval()
    mel = torch.rand(2, SPEC.n_mels, SPEC.n_frames)
    logits, answers = student(mel)
    assert (logits.shape, answers.shape) == ((2, len(VOCABULARY)), (2, WIDTH))
    torch.testing.assert_close(logits, student.network(mel))


@pytest.mark.parametrize("seed", range(5))
def test_mixup_blends_songs_with_songs(seed: int) -> None:
    n, songs = 40, 30
    loop = replace(CONFIG.loop, mixup=0.5)
    config = replace(CONFIG, loop=loop, recipe=replace(CONFIG.recipe, songs=songs))
    share, partner = mixup_draw(config, n, torch.Generator().manual_seed(seed))
    blended = share[:, 0] < 1
    assert share.shape == (n, 1)
    assert share.min() >= 0.5
    assert not blended[songs:].any()
    assert partner[:songs].max() < songs
    # A slice that is not blended must not lose its teacher to a partner that has none.
    assert torch.equal(partner[~blended], torch.arange(n)[~blended])
    assert 0 < int(blended.sum()) < songs


def test_mixup_of_the_config_blends_the_batch(pools: Pools, tmp_path: Path) -> None:
    def first_loss(name: str, mixup: float) -> list[float]:
        found: list[float] = []
        config = replace(CONFIG, loop=replace(CONFIG.loop, steps=1, mixup=mixup))
        train(config, pools, tmp_path / name, CPU, lambda _, loss: found.append(loss))
        return found

    assert first_loss("plain", 0.0) == first_loss("again", 0.0)
    assert first_loss("plain too", 0.0) != first_loss("blended", 1.0)


def test_no_mixup_leaves_every_slice_alone() -> None:
    config = replace(CONFIG, loop=replace(CONFIG.loop, mixup=0.0))
    share, partner = mixup_draw(config, 20, torch.Generator().manual_seed(1))
    assert (share == 1).all()
    assert partner.tolist() == list(range(20))


def test_checkpoint_of_other_settings_is_refused(pools: Pools, tmp_path: Path) -> None:
    train(with_steps(1), pools, tmp_path, CPU)
    with pytest.raises(DataError, match="other settings"):
        train(with_steps(2), pools, tmp_path, CPU)
