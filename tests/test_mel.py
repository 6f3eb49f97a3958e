"""The front end against its torch twin, against librosa, and against physics."""

from __future__ import annotations

from dataclasses import replace

import librosa
import numpy as np
import numpy.typing as npt
import pytest
import torch

from tagger.inference.mel_spectrogram import (
    compress,
    filter_bank,
    hz_to_mel,
    log_mel,
    mel_power,
    mel_to_hz,
)
from tests.torchaudio_reference import reference
from training.config import load_config
from training.networks import mel_frontend

SPEC = load_config().mel

# float32 sums over 513 bins in another order: a few units in the last place.
POWER_TOLERANCE = 2e-5
# One unit of log-mel is 10 dB, so this is 0.001 dB.
LOG_TOLERANCE = 1e-4


def noise(n_slices: int = 2, level: float = 0.1, seed: int = 3) -> npt.NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return (level * rng.standard_normal((n_slices, SPEC.slice_samples))).astype(np.float32)


def tone(hz: float, level: float = 0.3) -> npt.NDArray[np.float32]:
    time = np.arange(SPEC.slice_samples) / SPEC.rate
    return (level * np.sin(2 * np.pi * hz * time)).astype(np.float32)[None]


def test_filter_bank_is_librosas() -> None:
    theirs = librosa.filters.mel(
        sr=SPEC.rate, n_fft=SPEC.n_fft, n_mels=SPEC.n_mels, fmin=SPEC.fmin, fmax=SPEC.fmax
    )
    np.testing.assert_allclose(filter_bank(SPEC), theirs, rtol=1e-4, atol=1e-7)


def test_power_is_librosas() -> None:
    samples = noise()
    theirs = librosa.feature.melspectrogram(
        y=samples,
        sr=SPEC.rate,
        n_fft=SPEC.n_fft,
        hop_length=SPEC.hop,
        center=False,
        n_mels=SPEC.n_mels,
        fmin=SPEC.fmin,
        fmax=SPEC.fmax,
    )
    np.testing.assert_allclose(mel_power(samples, SPEC), theirs, rtol=POWER_TOLERANCE)


def test_power_is_torchaudios() -> None:
    audio, samples = reference("torchaudio.transforms"), torch.from_numpy(noise())
    spectrogram = audio.Spectrogram(SPEC.n_fft, hop_length=SPEC.hop, center=False)
    scale = audio.MelScale(
        SPEC.n_mels, SPEC.rate, SPEC.fmin, SPEC.fmax, SPEC.n_fft // 2 + 1, "slaney", "slaney"
    )
    theirs = scale(spectrogram(samples)).numpy()
    found = mel_frontend.mel_power(samples, SPEC).numpy()
    np.testing.assert_allclose(found, theirs, rtol=1e-3)


def test_torch_twin_is_equal() -> None:
    samples = np.concatenate([noise(), tone(440.0), noise(level=1e-4), np.zeros_like(tone(1.0))])
    power = mel_frontend.mel_power(torch.from_numpy(samples), SPEC)
    np.testing.assert_allclose(power.numpy(), mel_power(samples, SPEC), rtol=1e-3, atol=1e-7)
    twin = mel_frontend.compress(power, SPEC).numpy()
    np.testing.assert_allclose(twin, log_mel(samples, SPEC), atol=LOG_TOLERANCE)


def test_shape_is_what_the_spec_says() -> None:
    assert log_mel(noise(3), SPEC).shape == (3, SPEC.n_mels, SPEC.n_frames)
    assert log_mel(noise(3), SPEC).dtype == np.float32


@pytest.mark.parametrize("hz", [100.0, 440.0, 3000.0])
def test_tone_is_loudest_in_the_band_around_it(hz: float) -> None:
    loudest = int(mel_power(tone(hz), SPEC).mean(axis=(0, 2)).argmax())
    edges = mel_to_hz(np.linspace(hz_to_mel(SPEC.fmin), hz_to_mel(SPEC.fmax), SPEC.n_mels + 2))
    assert edges[loudest] < hz < edges[loudest + 2]


@pytest.mark.parametrize("gain_db", [-40.0, -12.0, 12.0])
def test_volume_does_not_matter(gain_db: float) -> None:
    quieter = noise() * np.float32(10 ** (gain_db / 20))
    np.testing.assert_allclose(log_mel(quieter, SPEC), log_mel(noise(), SPEC), atol=LOG_TOLERANCE)


def test_silence_stays_dark_and_hiss_below_the_floor_is_not_raised() -> None:
    assert np.all(log_mel(np.zeros((1, SPEC.slice_samples), dtype=np.float32), SPEC) == 0)
    hiss = log_mel(noise(1, level=10 ** (-96 / 20)), SPEC)  # the dither of a silent CD track
    assert hiss.mean() < log_mel(noise(1), SPEC).mean() / 1.5


def test_constant_offset_hardly_matters() -> None:
    # Its leakage reaches the lowest band through the Hann window's side lobes only.
    difference = np.abs(log_mel(tone(440.0) + np.float32(0.2), SPEC) - log_mel(tone(440.0), SPEC))
    assert difference[:, 2:].max() < 0.05


def test_slices_do_not_change_each_other() -> None:
    both = log_mel(np.concatenate([noise(1), tone(440.0)]), SPEC)
    np.testing.assert_array_equal(both[1:], log_mel(tone(440.0), SPEC))


def test_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="48000"):
        log_mel(noise()[:, :1000], SPEC)


def test_compress_keeps_mean_of_one() -> None:
    power = mel_power(noise(1), SPEC)
    back = np.expm1(compress(power, SPEC) * np.log(10)) / SPEC.log_gain
    assert float(back.mean()) == pytest.approx(1.0, rel=1e-3)


@pytest.mark.parametrize(
    "wrong",
    [{"fmax": 9000.0}, {"fmin": 8000.0}, {"hop": 0}, {"n_fft": 50000}, {"log_gain": 0.0}],
)
def test_impossible_settings_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"mel|n_fft|positive"):
        replace(SPEC, **wrong)  # type: ignore[arg-type]
