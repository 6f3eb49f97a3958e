from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tests.torchaudio_reference import reference
from training.augment.mixup import blend, cut_draw
from training.augment.spectrogram import (
    AugmentConfig,
    augment_power,
    mask,
    mel_range_draw,
    mix_style,
    mix_style_draw,
    stretch_bands,
)
from training.config import LoopConfig

NOTHING = AugmentConfig(
    eq_db=0.0, low_pass=0.0, noise=0.0, transpose=0.0, masks=2, mask_bands=0, mask_frames=0
)
SHAPE = (16, 32, 20)


def _rng(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _power() -> Tensor:
    return torch.rand(SHAPE, generator=_rng(0)) + 0.1


@pytest.mark.parametrize("seed", range(5))
def test_nothing_asked_for_changes_nothing(seed: int) -> None:
    power = _power()
    assert torch.equal(augment_power(power, NOTHING, _rng(seed)), power)
    assert torch.equal(mask(power, NOTHING, _rng(seed)), power)
    unmasked = replace(AugmentConfig(), masks=0)
    assert torch.equal(mask(power, unmasked, _rng(seed)), power)


def test_changes_keep_shape_and_sign_and_leave_the_input_alone() -> None:
    power = _power()
    before = power.clone()
    changed = augment_power(power, AugmentConfig(), _rng())
    assert changed.shape == mask(changed, AugmentConfig(), _rng()).shape == SHAPE
    assert (changed >= 0).all()
    assert changed.isfinite().all()
    assert torch.equal(power, before)


def test_changes_are_decided_by_the_generator_alone() -> None:
    power, config = _power(), AugmentConfig()
    torch.manual_seed(1)
    one = mask(augment_power(power, config, _rng(3)), config, _rng(4))
    torch.manual_seed(2)
    same = mask(augment_power(power, config, _rng(3)), config, _rng(4))
    assert torch.equal(one, same)
    assert not torch.equal(one, mask(augment_power(power, config, _rng(5)), config, _rng(4)))
    assert not torch.equal(one, mask(augment_power(power, config, _rng(3)), config, _rng(5)))


def test_equaliser_is_a_slow_curve_of_bounded_size() -> None:
    power = torch.ones(SHAPE)
    gains_db = 10 * augment_power(power, replace(NOTHING, eq_db=6.0), _rng()).log10()
    assert torch.equal(gains_db, gains_db[:, :, :1].expand(SHAPE))  # the same in all frames
    assert gains_db.abs().max() <= 6 * (1 + 1 / 2 + 1 / 3)
    assert gains_db.diff(dim=1).abs().max() < 3
    assert gains_db.std(dim=0).min() > 0  # each slice has its own


def test_low_pass_blanks_high_bands_only() -> None:
    power = _power()
    filtered = augment_power(power, replace(NOTHING, low_pass=1.0), _rng())
    cuts = set()
    for before, after in zip(power, filtered, strict=True):
        cut = int((after.sum(dim=1) > 0).sum())
        assert torch.equal(after[:cut], before[:cut])
        assert not after[cut:].any()
        cuts.add(cut)
    assert min(cuts) >= SHAPE[1] * 5 // 8
    assert max(cuts) < SHAPE[1]
    assert len(cuts) > 3


@pytest.mark.parametrize("seed", range(12))
def test_transposing_moves_all_bands_and_wraps_none_around(seed: int) -> None:
    power = _power()
    moved = augment_power(power, replace(NOTHING, transpose=1.0), _rng(seed))
    n = SHAPE[1]
    for shift in (-2, -1, 1, 2):
        expected = torch.zeros(SHAPE)
        expected[:, max(0, shift) : n + min(0, shift)] = power[
            :, max(0, -shift) : n + min(0, -shift)
        ]
        if torch.equal(moved, expected):
            return
    pytest.fail("not the slices moved by one or two bands with nothing in the bands left free")


def test_transposing_goes_up_and_down() -> None:
    config = replace(NOTHING, transpose=1.0)
    moved = [augment_power(_power(), config, _rng(seed)) for seed in range(12)]
    assert {bool(m[:, 0].any()) for m in moved} == {True, False}


def test_noise_is_a_floor_under_the_slice() -> None:
    power = _power() * torch.logspace(-3, 3, SHAPE[0])[:, None, None]
    added = augment_power(power, replace(NOTHING, noise=1.0), _rng()) - power
    level_db = 10 * (added.mean(dim=(1, 2)) / power.mean(dim=(1, 2))).log10()
    assert (added >= 0).all()
    assert level_db.max() < -19
    assert level_db.min() > -51


@pytest.mark.parametrize("change", ["low_pass", "noise", "transpose"])
def test_share_of_slices_is_changed(change: str) -> None:
    power = torch.rand((400, 32, 4), generator=_rng(0)) + 0.1
    config = replace(NOTHING, **{change: 0.3})  # type: ignore[arg-type]  # a share, by its name
    changed = augment_power(power, config, _rng())
    share = float((changed != power).flatten(1).any(dim=1).float().mean())
    assert share == pytest.approx(0.3, abs=0.08)


def test_masks_are_stripes_of_bounded_width() -> None:
    config = AugmentConfig(masks=1, mask_bands=5, mask_frames=4)
    widths = []
    for masked in mask(torch.ones(200, 32, 20), config, _rng()):
        bands, frames = masked.amax(dim=1) == 0, masked.amax(dim=0) == 0
        widths.append((int(bands.sum()), int(frames.sum())))
        for blank in (bands, frames):  # in one piece
            assert int(blank.int().diff().abs().sum()) + int(blank[0]) + int(blank[-1]) in (0, 2)
        assert torch.equal(masked, (~bands[:, None] & ~frames[None]).float())
    assert {bands for bands, _ in widths} == set(range(6))
    assert {frames for _, frames in widths} == set(range(5))


def test_masks_leave_the_global_randomness_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    mask(torch.ones(SHAPE), AugmentConfig(), _rng())
    assert torch.equal(torch.rand(1), expected)


def test_mel_range_moves_its_ends_as_drawn() -> None:
    ramp = torch.arange(32.0)[None, :, None].expand(3, 32, 4)
    lowest, highest = torch.tensor([0.0, 2.0, -1.5]), torch.tensor([0.0, 0.0, -1.5])
    still, narrowed, lowered = stretch_bands(ramp, lowest, highest)
    torch.testing.assert_close(still, ramp[0])
    torch.testing.assert_close(narrowed[:, 0], torch.linspace(2, 31, 32))
    torch.testing.assert_close(lowered[2:, 0], torch.arange(2.0, 32.0) - 1.5)
    assert lowered[0, 0] == 0  # under the lowest band there is silence


def test_mel_range_is_drawn_within_its_bounds() -> None:
    lowest, highest = mel_range_draw(2000, 3.0, _rng())
    for moves in (lowest, highest):
        assert moves.shape == (2000,)
        assert -3 <= moves.min() < -2.9
        assert 2.9 < moves.max() <= 3
    assert abs(float(torch.corrcoef(torch.stack([lowest, highest]))[0, 1])) < 0.1


def test_mix_style_swaps_colour_and_keeps_what_happens() -> None:
    mel = torch.rand(4, 8, 50, generator=_rng()) * torch.tensor([1.0, 2.0, 3.0, 4.0])[:, None, None]
    share, partner = torch.tensor([1.0, 0.0, 0.5, 1.0]), torch.tensor([3, 2, 1, 0])
    styled = mix_style(mel, share, partner)
    torch.testing.assert_close(styled[0], mel[0])
    for figure in (torch.mean, torch.std):
        own, other = figure(mel[1], dim=1), figure(mel[2], dim=1)
        torch.testing.assert_close(figure(styled[1], dim=1), other, atol=1e-4, rtol=1e-4)
        both = (figure(mel[2], dim=1) + own) / 2
        torch.testing.assert_close(figure(styled[2], dim=1), both, atol=1e-4, rtol=1e-4)
    for before, after in zip(mel, styled, strict=True):  # the course of each band is the same
        pair = torch.stack([before[0], after[0]])
        assert float(torch.corrcoef(pair)[0, 1]) > 0.999


def test_mix_style_is_drawn_for_a_share_of_slices() -> None:
    config = AugmentConfig(mix_style=0.4)
    share, partner = mix_style_draw(5000, config, _rng())
    assert abs(float((share < 1).float().mean()) - 0.4) < 0.05
    assert share.min() >= 0
    assert sorted(partner.tolist()) == list(range(5000))


def test_cut_puts_a_stretch_of_one_song_into_another() -> None:
    n, songs, n_frames = 40, 30, 20
    share, partner = torch.ones(n, 1), torch.arange(n)
    share[:5], partner[:5] = 0.7, 9  # blended already
    weight, other = cut_draw(share, partner, songs=songs, chance=1.0, n_frames=n_frames, rng=_rng())
    assert torch.equal(weight[:5], share[:5].expand(5, n_frames))
    assert torch.equal(other[:5], partner[:5])
    assert torch.equal(weight[songs:], torch.ones(n - songs, n_frames))
    assert torch.equal(other[songs:], partner[songs:])
    cut = weight[5:songs]
    assert set(cut.flatten().tolist()) == {0.0, 1.0}
    assert cut.mean(dim=1).min() >= 0.5  # a song stays mostly itself
    ends = (cut.diff(dim=1) != 0).sum(dim=1)
    assert ends.max() <= 2  # one stretch
    assert other[5:songs].max() < songs


def test_blend_takes_frames_by_their_weights() -> None:
    mel = torch.stack([torch.zeros(3, 4), torch.ones(3, 4)])
    weight = torch.tensor([[1.0, 0.0, 0.5, 1.0], [1.0, 1.0, 1.0, 1.0]])
    mixed = blend(mel, weight[:, None], torch.tensor([1, 0]))
    assert mixed[0, 0].tolist() == [0.0, 1.0, 0.5, 0.0]
    assert torch.equal(mixed[1], mel[1])
    same = blend(mel, torch.tensor([[[0.25]], [[1.0]]]), torch.tensor([1, 1]))
    assert set(same[0].flatten().tolist()) == {0.75}


def test_new_changes_are_off_unless_asked_for() -> None:
    config = AugmentConfig()
    assert (config.mel_range, config.mix_style, LoopConfig().cutmix) == (0.0, 0.0, 0.0)
    power = torch.rand(SHAPE, generator=_rng())
    assert not torch.equal(
        augment_power(power, replace(NOTHING, mel_range=2.0), _rng()),
        augment_power(power, NOTHING, _rng()),
    )


@pytest.mark.parametrize("seed", range(3))
def test_masks_are_those_of_torchaudio(seed: int) -> None:
    mel = torch.rand(SHAPE, generator=_rng()) + 1
    config = AugmentConfig(masks=2, mask_bands=5, mask_frames=9)
    drawn = torch.Generator().manual_seed(seed)
    torch.manual_seed(int(torch.randint(2**62, (1,), generator=drawn)))
    expected, audio = mel[:, None], reference("torchaudio.functional")
    for _ in range(2):
        expected = audio.mask_along_axis_iid(expected, 6, 0.0, axis=2)
        expected = audio.mask_along_axis_iid(expected, 10, 0.0, axis=3)
    found = mask(mel, config, torch.Generator().manual_seed(seed))
    assert torch.equal(found, expected[:, 0])
    assert (found == 0).any()
