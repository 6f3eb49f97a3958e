from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from training.augment import AugmentConfig, augment_power, mask

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
