from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import numpy.typing as npt
import pytest

from tests.training_data import SPEC, clip, heard_all
from training.data.batch_sampler import (
    FEWEST,
    USUAL_S,
    Pool,
    Pools,
    Recipe,
    Slice,
    combine,
    crop,
    draw_batch,
    mix,
    rarity,
)
from training.data.mel_cache import Mel
from training.data.taxonomy import Targets, genre_targets, unknown
from training.data.teacher_outputs import PATCH_S, WIDTH, Scale

NAN = float("nan")
RECIPE = Recipe(songs=4, rendered=3, solos=2, noise=0, overlay=0.0, rendered_overlay=0.0)


def _mel(frames: int, level: float = 0.0, seed: int = 0) -> Mel:
    noise = np.random.default_rng(seed).normal(level, 0.3, (frames, SPEC.n_mels))
    return noise.astype(np.float16)


def _rising(frames: int, by: float) -> Mel:
    """A sound whose first value tells the frame."""
    steps = np.arange(frames)[:, None] / by
    return np.repeat(steps, SPEC.n_mels, axis=1).astype(np.float16)


def _pool(name: str, value: float = NAN, *, heard: bool = False, frames: int = 120) -> Pool:
    clips = [clip(f"{name}{i}", np.full_like(unknown(), value)) for i in range(3)]
    features = {c.id: _mel(frames, seed=i) for i, c in enumerate(clips)}
    soft = {c.id: heard_all() for c in clips} if heard else {}
    return Pool.of(clips, features, soft, SPEC)


def _slice(seed: int, targets: Targets | None = None, scale: float = 1.0) -> Slice:
    rng = np.random.default_rng(seed)
    power = (scale * rng.random((SPEC.n_mels, SPEC.n_frames))).astype(np.float32)
    return Slice(power, unknown() if targets is None else targets, rng.random(WIDTH, np.float32))


def _gains(*values: float) -> npt.NDArray[np.float64]:
    return np.array(values)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (1, 1, 1), (1, 0, 1), (1, NAN, 1), (0, 1, 1), (NAN, 1, 1),
        (0, 0, 0), (0, NAN, NAN), (NAN, 0, NAN), (NAN, NAN, NAN),
    ],
)  # fmt: skip
def test_combine(first: float, second: float, expected: float) -> None:
    found = combine(np.array([first], np.float32), np.array([second], np.float32))
    np.testing.assert_array_equal(found, np.array([expected], np.float32))
    assert found.dtype == np.float32


def test_combine_does_not_depend_on_the_order_of_three() -> None:
    values = np.array(list(product([0, 1, NAN], repeat=3)), np.float32).T
    one = combine(combine(values[0], values[1]), values[2])
    other = combine(values[1], combine(values[2], values[0]))
    np.testing.assert_array_equal(one, other)


def test_mix_adds_power_of_equally_loud_slices() -> None:
    parts = [_slice(1, scale=5.0), _slice(2, scale=0.01)]
    mixed = mix(parts, _gains(0, -10))
    levels = [part.power / part.power.mean() for part in parts]
    np.testing.assert_allclose(mixed.power, levels[0] + 0.1 * levels[1], rtol=1e-5)
    assert mixed.power.mean() == pytest.approx(1.1, rel=1e-5)
    assert mixed.power.dtype == np.float32


def test_mix_knows_what_is_known_of_all() -> None:
    silent = np.zeros_like(unknown())
    sounding = silent.copy()
    sounding[0] = 1
    targets = mix([_slice(1, sounding), _slice(2, silent), _slice(3)], _gains(0, 0, 0)).targets
    assert targets[0] == 1
    assert np.isnan(targets[1:]).all()


def test_silence_in_a_mix_adds_nothing() -> None:
    silence = Slice(np.zeros((SPEC.n_mels, SPEC.n_frames), np.float32), unknown(), _slice(1).soft)
    mixed = mix([_slice(1), silence], _gains(0, 0))
    assert mixed.power.mean() == pytest.approx(1, rel=1e-5)


def test_only_an_unmixed_slice_keeps_what_teachers_said() -> None:
    one = _slice(1)
    np.testing.assert_array_equal(mix([one], _gains(-3)).soft, one.soft)
    assert np.isnan(mix([one, _slice(2)], _gains(0, 0)).soft).all()


def test_crop_is_the_frames_from_its_start() -> None:
    mel = _mel(120)
    power = crop(mel, 30, SPEC, np.random.default_rng(1))
    expected = 10 ** mel[30 : 30 + SPEC.n_frames].T.astype(np.float64)
    np.testing.assert_allclose(power, expected, rtol=1e-5)


def test_crop_of_a_short_sound_lies_somewhere_inside() -> None:
    mel = _mel(7)
    offsets = set()
    for seed in range(40):
        power = crop(mel, 0, SPEC, np.random.default_rng(seed))
        assert power.shape == (SPEC.n_mels, SPEC.n_frames)
        (sounding,) = np.nonzero(power.any(axis=0))
        assert sounding.tolist() == list(range(sounding[0], sounding[0] + 7))
        np.testing.assert_allclose(power[:, sounding], 10 ** mel.T.astype(np.float64), rtol=1e-5)
        offsets.add(int(sounding[0]))
    assert len(offsets) > 10


def test_rare_labels_come_more_often() -> None:
    blues, jazz = (genre_targets([name], complete=True) for name in ("Blues", "Jazz"))
    both = genre_targets(["Blues", "Jazz"], complete=True)
    clips = [clip(f"b{i}", blues) for i in range(99)]
    chances = rarity([*clips, clip("j", jazz), clip("both", both), clip("u", unknown())])
    assert chances.sum() == pytest.approx(1)
    # 100 clips hold Blues; Jazz with its 2 counts as if it had FEWEST. The rarest label counts.
    assert chances[99] / chances[0] == pytest.approx(np.sqrt(100 / FEWEST), rel=1e-6)
    assert chances[100] == pytest.approx(chances[99])
    assert chances[101] == pytest.approx(chances[0])  # as likely as the middle one


def test_clips_without_any_label_are_equally_likely() -> None:
    assert rarity([clip(str(i), unknown()) for i in range(4)]).tolist() == [0.25] * 4


def test_draw_is_decided_by_its_generator() -> None:
    pool = _pool("a", heard=True)
    one, same, other = (pool.draw(np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.power, same.power)
    assert (one.power != other.power).any()


def test_draw_reaches_both_ends_of_a_clip() -> None:
    frames = SPEC.n_frames + 2
    mel = _rising(frames, 10)
    pool = Pool.of([clip("a", unknown())], {"a": mel}, {}, SPEC)
    rng = np.random.default_rng(1)
    starts = {round(float(np.log10(pool.draw(rng).power[0, 0])) * 10) for _ in range(50)}
    assert starts == {0, 1, 2}


def test_draw_takes_the_teachers_words_at_its_place() -> None:
    # One patch is 2.99 s; a clip of 4 s makes slices that begin 0 to 3 s into it.
    mel = _rising(200, 100)
    pool = Pool.of([clip("a", unknown())], {"a": mel}, {"a": heard_all((0, 1))}, SPEC)
    rng = np.random.default_rng(1)
    for _ in range(20):
        drawn = pool.draw(rng)
        start_s = float(np.log10(drawn.power[0, 0])) * 100 * SPEC.hop / SPEC.rate
        assert float(drawn.soft[0]) == pytest.approx(min(1, start_s / 2.992), abs=0.01)
        assert float(drawn.soft[-1]) == pytest.approx(min(1, start_s / 0.5), abs=0.01)


def test_part_of_a_file_takes_the_teachers_words_of_its_own_place() -> None:
    late = clip("a", unknown(), start_s=2 * PATCH_S)
    pool = Pool.of([late], {"a": _mel(SPEC.n_frames)}, {"a": heard_all((0, 1, 2, 3))}, SPEC)
    assert float(pool.draw(np.random.default_rng(1)).soft[0]) == pytest.approx(2)


def test_teachers_words_are_standardised_by_the_scale_of_the_pool() -> None:
    scale = Scale(np.full(WIDTH, 0.25, np.float32), np.full(WIDTH, 0.5, np.float32))
    song = clip("a", unknown())
    pool = Pool.of([song], {"a": _mel(120)}, {"a": heard_all()}, SPEC, scale)
    np.testing.assert_allclose(pool.draw(np.random.default_rng(1)).soft, 0.5)


def test_whole_recordings_come_more_often_but_less_than_their_length_says() -> None:
    frames = round(USUAL_S * SPEC.rate / SPEC.hop)
    lengths = {"short": frames // 10, "usual": frames, "long": 10 * frames}
    clips = [clip(name, unknown()) for name in lengths]
    features = {name: np.zeros((n, SPEC.n_mels), np.float16) for name, n in lengths.items()}
    weights = Pool.of(clips, features, {}, SPEC).weights
    assert weights.sum() == pytest.approx(1)
    assert weights[0] == pytest.approx(weights[1])
    assert 2 * weights[1] < weights[2] < 9 * weights[1]


def test_batch_is_songs_then_solos_then_rendered() -> None:
    songs, solos, rendered = _pool("song", 1, heard=True), _pool("solo", 0), _pool("midi")
    batch = draw_batch(Pools(songs, solos, rendered), RECIPE, np.random.default_rng(1))
    kinds = [float(s.targets[0]) for s in batch]
    np.testing.assert_array_equal(kinds, [1] * 4 + [0] * 2 + [NAN] * 3)
    assert [bool(np.isnan(s.soft).any()) for s in batch] == [False] * 4 + [True] * 5


def test_batch_without_rendered_midi_has_more_solos() -> None:
    pools = Pools(_pool("song", 1), _pool("solo", 0))
    batch = draw_batch(pools, RECIPE, np.random.default_rng(1))
    assert [float(s.targets[0]) for s in batch] == [1] * 4 + [0] * 5


def test_song_under_a_solo_has_the_labels_of_both_and_no_teacher() -> None:
    songs, solos = _pool("song", 0, heard=True), _pool("solo", 1)
    recipe = replace(RECIPE, overlay=1.0, solos=0, rendered=0)
    batch = draw_batch(Pools(songs, solos), recipe, np.random.default_rng(1))
    assert all((s.targets == 1).all() and np.isnan(s.soft).all() for s in batch)


def test_rendered_midi_under_a_solo_has_the_labels_of_both() -> None:
    pools = Pools(_pool("song"), _pool("solo", 1), _pool("midi", 0))
    recipe = replace(RECIPE, songs=0, solos=0, rendered_overlay=1.0)
    batch = draw_batch(pools, recipe, np.random.default_rng(1))
    assert [(s.targets == 1).all() for s in batch] == [True] * 3


@pytest.mark.parametrize("talk", [None, _pool("talk", 0)])
def test_noise_is_of_no_genre_and_no_instrument(talk: Pool | None) -> None:
    pools = Pools(_pool("song", 1, heard=True), _pool("solo", 1), talk=talk)
    recipe = replace(RECIPE, songs=0, solos=0, rendered=0, noise=20)
    batch = draw_batch(pools, recipe, np.random.default_rng(1))
    assert all((s.targets == 0).all() and np.isnan(s.soft).all() for s in batch)
    assert all(s.power.shape == (SPEC.n_mels, SPEC.n_frames) for s in batch)
    assert len({float(s.power.mean()) for s in batch}) > 3
