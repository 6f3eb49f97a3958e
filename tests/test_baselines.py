"""Facts about each system that others are compared with."""

from __future__ import annotations

from dataclasses import replace

import librosa
import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import nn

from training.augment.mixup import blend
from training.experiments.baselines.augmenting import (
    AudioDraw,
    Augmenting,
    audio_draw,
    blend_draw,
    change_audio,
    change_images,
)
from training.experiments.baselines.handmade import NAMES, RATE, ROWS, features
from training.experiments.baselines.images import SPEC, images
from training.experiments.baselines.learning import CPU, Schedule, ask, learn, loss_of
from training.experiments.baselines.neighbours import Neighbours, mean_target
from training.experiments.baselines.pictured import CLASSIC_CNN, EFFICIENT, RESIDUAL, Pictures
from training.experiments.baselines.problem import Answer, Problem, Sound
from training.experiments.baselines.systems import ALONE, ENSEMBLE, SYSTEMS, Commonest, Ensemble
from training.experiments.baselines.tabular import Dense, Table, Transfer
from training.experiments.protocols import Parts
from training.networks import build

Array = npt.NDArray[np.float32]


def noise(seconds: float = 3.0, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    return (0.1 * rng.standard_normal(round(seconds * RATE))).astype(np.float32)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# Features by hand


def test_features_are_those_of_the_table() -> None:
    assert len(NAMES) == len(set(NAMES)) == 2 * sum(ROWS.values()) + 1 == 87
    assert ROWS["mfcc"] == 13
    names = set(NAMES)
    for name in ("centroid", "bandwidth", "rolloff", "zero crossings", "rms"):
        assert {f"{name} mean", f"{name} variance"} <= names
    assert {"mfcc 13 mean", "chroma 12 variance", "contrast 7 mean", "tonnetz 6 mean"} <= names
    assert "tempo" in names
    assert features(noise()).shape == (87,)


def test_features_are_librosas() -> None:
    sound = noise()
    values = dict(zip(NAMES, features(sound), strict=True))
    mfcc = librosa.feature.mfcc(y=sound, sr=RATE, n_mfcc=13)
    assert values["mfcc 1 mean"] == pytest.approx(mfcc[0].mean(), rel=1e-4)
    assert values["mfcc 13 variance"] == pytest.approx(mfcc[12].var(), rel=1e-3)
    centroid = librosa.feature.spectral_centroid(y=sound, sr=RATE)
    assert values["centroid mean"] == pytest.approx(centroid.mean(), rel=1e-4)


def test_features_hear_pitch_and_beat() -> None:
    time = np.arange(3 * RATE) / RATE
    tone = (0.3 * np.sin(2 * np.pi * 441 * time)).astype(np.float32)
    values = dict(zip(NAMES, features(tone), strict=True))
    # A tone crosses zero twice a cycle.
    assert values["zero crossings mean"] == pytest.approx(2 * 441 / RATE, rel=0.05)
    chroma = [values[f"chroma {i} mean"] for i in range(1, 13)]
    assert int(np.argmax(chroma)) == 9  # A
    clicks = np.zeros(3 * RATE, np.float32)
    clicks[:: RATE // 2] = 1.0
    values = dict(zip(NAMES, features(clicks), strict=True))
    assert values["tempo"] == pytest.approx(120, rel=0.05)


def test_silence_has_features() -> None:
    assert np.isfinite(features(np.zeros(3 * RATE, np.float32))).all()


# Pictures


def test_pictures_are_librosas_in_db() -> None:
    sound = noise()
    sound[: len(sound) // 2] *= 1e-5
    (image,) = images(torch.from_numpy(sound)[None])
    assert image.shape == (128, 126) == (SPEC.n_mels, SPEC.n_frames)
    assert (SPEC.rate, SPEC.n_fft, SPEC.hop) == (22050, 2048, 512)
    power = librosa.feature.melspectrogram(
        y=sound, sr=RATE, n_fft=2048, hop_length=512, n_mels=128, center=False
    )
    level = librosa.power_to_db(power, ref=np.max, top_db=80)
    np.testing.assert_allclose(80 * (image.numpy() - 1), level, atol=0.01)
    assert float(image.min()) == 0
    assert float(image.max()) == pytest.approx(1)


# Networks


def test_dense_network_is_the_published_one() -> None:
    dense = Dense()
    layers = list(dense.network(87, 10))
    linear = [layer for layer in layers if isinstance(layer, nn.Linear)]
    assert [layer.out_features for layer in linear] == [512, 256, 128, 64, 10]
    assert linear[0].in_features == 87
    assert [layer.p for layer in layers if isinstance(layer, nn.Dropout)] == [0.2] * 4
    assert dense.epochs == 120
    assert dense.inputs == ("features",)


def test_classic_cnn_has_five_convolutions_and_no_augmentation() -> None:
    network = build(CLASSIC_CNN.network, 10, SPEC.n_mels)
    convolutions = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    assert len(convolutions) == 5
    assert {layer.kernel_size for layer in convolutions} == {(3, 3)}
    assert network(torch.zeros(2, 128, 126)).shape == (2, 10)
    assert CLASSIC_CNN.augmenting is None
    assert CLASSIC_CNN.inputs == ("images",)


def test_residual_network_adds_and_efficient_gates() -> None:
    residual = build(RESIDUAL.network, 10, SPEC.n_mels)
    efficient = build(EFFICIENT.network, 10, SPEC.n_mels)
    kinds = [type(layer).__name__ for layer in residual.modules()]
    assert kinds.count("Block") == 12
    kinds = [type(layer).__name__ for layer in efficient.modules()]
    assert kinds.count("Bottleneck") == kinds.count("Gate") == 6
    depthwise = [
        layer for layer in efficient.modules() if isinstance(layer, nn.Conv2d) and layer.groups > 1
    ]
    assert all(layer.groups == layer.in_channels for layer in depthwise)
    assert len(depthwise) == 6
    assert RESIDUAL.augmenting == EFFICIENT.augmenting == Augmenting()


# Augmentation


def test_published_shares_are_the_defaults() -> None:
    config = Augmenting()
    assert (config.audio, config.shift, config.noise) == (0.5, 0.3, 0.35)
    assert (config.image, config.mixup, config.mixup_alpha) == (0.8, 0.65, 0.5)
    assert (config.mask_bands, config.mask_frames) == (0.2, 0.3)
    assert config.cutmix is False


def test_sound_changes_as_often_as_configured() -> None:
    draw = audio_draw(40_000, 1000, Augmenting(), rng())
    assert (draw.shift != 0).float().mean() == pytest.approx(0.5 * 0.3, abs=0.01)
    assert (draw.noise != 0).float().mean() == pytest.approx(0.5 * 0.35, abs=0.01)
    # Half of the slices at least, and those that were drawn for nothing, stay as they are.
    untouched = 1 - draw.changed.float().mean()
    assert untouched == pytest.approx(0.5 + 0.5 * 0.7 * 0.65, abs=0.01)


def test_shift_moves_and_noise_is_as_loud_as_drawn() -> None:
    waves = torch.from_numpy(np.stack([noise(seed=1), noise(seed=2)]))
    moved = change_audio(waves, AudioDraw(torch.tensor([100, 0]), torch.zeros(2)), rng())
    assert torch.equal(moved[0], waves[0].roll(100))
    assert torch.equal(moved[1], waves[1])
    noisy = change_audio(
        waves, AudioDraw(torch.zeros(2, dtype=torch.long), torch.tensor([0.1, 0])), rng()
    )
    rms = (noisy[0] - waves[0]).square().mean().sqrt() / waves[0].square().mean().sqrt()
    assert float(rms) == pytest.approx(0.1, rel=0.02)
    assert torch.equal(noisy[1], waves[1])


def test_blends_happen_as_often_as_said_and_labels_follow() -> None:
    chosen = torch.rand(20_000, generator=rng()) < 0.8
    draw = blend_draw(chosen, (1, 1), Augmenting(), rng(1))
    assert (draw.share < 1).float().mean() == pytest.approx(0.8 * 0.65, abs=0.01)
    assert not (draw.share < 1)[~chosen].any()
    # Beta(0.5, 0.5) has mean a half and variance an eighth.
    shares = draw.share[draw.share < 1]
    assert float(shares.mean()) == pytest.approx(0.5, abs=0.02)
    assert float(shares.var()) == pytest.approx(0.125, abs=0.01)
    share = torch.tensor([0.75, 1.0])
    picture, labels = torch.stack([torch.zeros(2, 2), torch.ones(2, 2)]), torch.eye(2)
    own = share[:, None, None].expand(2, 2, 2)
    partner = torch.tensor([1, 0])
    mixed, soft = blend(picture, own, partner), blend(labels, share[:, None], partner)
    assert torch.equal(soft, torch.tensor([[0.75, 0.25], [0.0, 1.0]]))
    assert torch.equal(mixed[0], torch.full((2, 2), 0.25))


def test_cutmix_is_a_rectangle_whose_share_the_labels_have() -> None:
    chosen = torch.ones(400, dtype=torch.bool)
    plain = blend_draw(chosen, (32, 40), Augmenting(), rng())
    assert all(len(own.unique()) == 1 for own in plain.own)
    cut = blend_draw(chosen, (32, 40), Augmenting(cutmix=True), rng())
    mixed = [own for own in cut.own if len(own.unique()) == 2]
    assert 0.2 < len(mixed) / len(chosen) < 0.65 / 2 + 0.07
    for own in mixed:
        gone = (own == 0).nonzero()
        height, width = (gone.max(dim=0).values - gone.min(dim=0).values + 1).tolist()
        assert height * width == len(gone)
    torch.testing.assert_close(cut.share, cut.own.mean(dim=(1, 2)))


def test_masks_cover_at_most_the_configured_share() -> None:
    picture = torch.ones(900, 100, 100)
    config = Augmenting(mixup=0.0)
    changed, _ = change_images(picture, torch.eye(900), config, rng())
    bands = (changed == 0).all(dim=2).sum(dim=1)
    frames = (changed == 0).all(dim=1).sum(dim=1)
    assert 0.1 < float(bands.max()) / 100 <= 0.2
    assert 0.2 < float(frames.max()) / 100 <= 0.3
    untouched = (changed == 1).all(dim=(1, 2)).float().mean()
    assert 0.16 < float(untouched) < 0.27  # a fifth are not chosen; few masks have no width


# Learning


def problem(n: int = 60, *, single: bool = True, n_values: int = 4, seed: int = 0) -> Problem:
    """Clips of two slices whose first values say the class, with noise."""
    draw = np.random.default_rng(seed)
    kinds = draw.integers(0, 2, n)
    targets = np.eye(2, dtype=np.float32)[kinds]
    if not single:
        targets[::7, 1] = np.nan
    tracks = np.repeat(np.arange(n), 2)
    values = draw.standard_normal((2 * n, n_values)).astype(np.float32)
    values[:, 0] += 3 * kinds[tracks]
    cuts = np.split(np.arange(2 * n), [n, n + n // 2])
    sound = Sound(tracks, {"features": values, "embeddings": values})
    return Problem(sound, targets, single, Parts(*cuts))


def right(made: Problem, answer: Answer) -> float:
    truth = made.truth(made.parts.test)
    return float((answer.scores.argmax(axis=1) == np.nanargmax(truth, axis=1)).mean())


@pytest.mark.parametrize("single", [True, False])
def test_systems_over_tables_learn_what_is_there(single: bool) -> None:
    made = problem(300, single=single)
    chance = right(made, Commonest().answer(made, 1))
    for system in (Dense(), Transfer(), ALONE[1]):
        answer = system.answer(made, 1)
        assert answer.scores.shape == (len(made.parts.test), 2)
        assert ((answer.scores >= 0) & (answer.scores <= 1)).all()
        assert right(made, answer) > chance + 0.25, system.name
        if single:
            np.testing.assert_allclose(answer.scores.sum(axis=1), 1, atol=1e-3)


def test_the_same_seed_gives_the_same_answer() -> None:
    made = problem()
    first, again, other = (Dense(epochs=2).answer(made, seed).scores for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_unknown_labels_are_not_learned() -> None:
    logits = torch.tensor([[2.0, -1.0]], requires_grad=True)
    loss_of(logits, torch.tensor([[1.0, torch.nan]]), single=False).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert logits.grad[0, 0] != 0
    assert logits.grad[0, 1] == 0


def test_best_weights_are_kept() -> None:
    made = problem()
    table = Table.of(made, "features")
    # So fast that it ends far worse than it once was.
    plan = Schedule(30, learning_rate=5.0, warm_up=0.9, watch_every=1, precision="float32")
    answers = learn(lambda: nn.Linear(4, 2), table, made, plan, 1)
    assert right(made, answers) > 0.85


def test_pictures_are_changed_only_where_augmentation_is_asked_for() -> None:
    waves = np.stack([noise(seed=i) for i in range(16)])
    pictures = images(torch.from_numpy(waves)).numpy()
    arrays = {"images": pictures, "waves": waves}
    rows = np.arange(16)
    sound = Sound(rows, arrays)
    made = Problem(sound, np.eye(16, dtype=np.float32), True, Parts(rows, rows, rows))
    labels = torch.eye(16)
    batch, same = Pictures(made, None).learned(rows, labels, rng())
    assert torch.equal(batch, torch.from_numpy(pictures))
    assert torch.equal(same, labels)
    only_sound = Augmenting(image=0.0)
    batch, same = Pictures(made, only_sound).learned(rows, labels, rng())
    draw = audio_draw(16, SPEC.slice_samples, only_sound, rng())
    assert 0 < int(draw.changed.sum()) < 16
    changed = (batch != torch.from_numpy(pictures)).any(dim=2).any(dim=1)
    assert torch.equal(changed, draw.changed)
    assert torch.equal(same, labels)


# Neighbours, transfer, ensembles


def test_nearest_slices_predict_their_mean_target() -> None:
    near = np.array([[[1, 0], [0, np.nan], [0, 1]]], dtype=np.float32)
    np.testing.assert_allclose(mean_target(near, 1), [[1, 0]])
    np.testing.assert_allclose(mean_target(near, 2), [[0.5, 0]])
    np.testing.assert_allclose(mean_target(near, 3), [[1 / 3, 0.5]])


def test_neighbours_know_a_slice_they_have_learned() -> None:
    made = problem()
    leaking = replace(made, parts=Parts(*(made.parts.train,) * 3))
    answer = Neighbours("near", "near", ("features",), choices=(1,)).answer(leaking, 1)
    assert right(leaking, answer) == 1.0
    assert answer.parameters == 0


def test_transfer_learns_a_head_and_leaves_the_body() -> None:
    made = problem(n_values=6)
    body = made.sound.arrays["embeddings"].copy()
    answer = Transfer().answer(made, 1)
    assert answer.parameters == 6 * 2 + 2  # the head's alone
    np.testing.assert_array_equal(made.sound.arrays["embeddings"], body)


def test_ensemble_is_the_mean_of_its_members() -> None:
    draw = np.random.default_rng(0)
    members = [Answer(draw.random((5, 3)).astype(np.float32), n, 1.0, 0.5) for n in (10, 20, 30)]
    joined = Ensemble("e", "e", ("a", "b", "c")).join(members)
    np.testing.assert_allclose(
        joined.scores, (members[0].scores + members[1].scores + members[2].scores) / 3, rtol=1e-6
    )
    assert (joined.parameters, joined.learn_s, joined.answer_s) == (60, 3.0, 1.5)
    assert set(ENSEMBLE.members) == {"classic-cnn", "residual", "efficient"}
    assert set(ENSEMBLE.members) < set(SYSTEMS)


def test_asking_in_parts_is_asking_at_once() -> None:
    made = problem(400)
    table, network = Table.of(made, "features"), nn.Linear(4, 2)
    rows = np.arange(600)
    parts = ask(network, table, made, rows, Schedule(1, precision="float32"))
    whole = network(table.plain(rows)).softmax(dim=1).detach().numpy()
    np.testing.assert_allclose(parts, whole, rtol=1e-5)
    assert CPU.type == "cpu"
