from __future__ import annotations

import numpy as np
import pytest

from tests.training_data import SPEC
from training.augment.noise import crackle, hiss, hum, make_noise


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_a_slice_that_sounds_and_is_never_loud(seed: int) -> None:
    power = make_noise(SPEC, np.random.default_rng(seed))
    assert power.shape == (SPEC.n_mels, SPEC.n_frames)
    assert np.isfinite(power).all()
    assert power.mean() > 1e-9


def test_every_noise_has_the_same_level_and_no_two_are_alike() -> None:
    for make in (hum, crackle):
        one, other = (make(SPEC, np.random.default_rng(seed)) for seed in (1, 2))
        assert np.sqrt(np.mean(one**2)) == pytest.approx(1)
        assert not np.allclose(one, other)


def test_hiss_is_steady_where_independent_bands_would_not_be() -> None:
    """Bands of many bins vary less from frame to frame than one bin does."""
    spreads = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        spectrum = np.abs(np.fft.rfft(hiss(SPEC, rng).reshape(20, -1), axis=1)) ** 2
        wide = spectrum.reshape(20, -1)[:, 1:161].reshape(20, 10, 16).mean(axis=2)
        spreads.append(np.median(wide.std(axis=0) / wide.mean(axis=0)))
    assert np.median(spreads) < 0.6  # of one bin: 1


def test_hiss_has_many_colours() -> None:
    tilts = []
    for seed in range(30):
        spectrum = np.abs(np.fft.rfft(hiss(SPEC, np.random.default_rng(seed)))) ** 2
        low, high = spectrum[: len(spectrum) // 2].mean(), spectrum[len(spectrum) // 2 :].mean()
        tilts.append(10 * np.log10(low / high))
    assert min(tilts) < -1
    assert max(tilts) > 15
