from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
import torch

from tagger.audio.decoders import open_reader
from tagger.errors import DataError
from tagger.inference.mel_spectrogram import hz_to_mel, mel_to_hz
from tests import audio_files
from tests.training_data import RATE, SPEC, clip, heard_all, tone, write_soft, write_sound
from training.data import mel_cache
from training.data.datasets import Clip
from training.data.mel_cache import LEAST_POWER, Mel, load_features, read_mono
from training.data.taxonomy import unknown
from training.data.teacher_outputs import (
    N_PROBABILITIES,
    PATCH_S,
    PLAIN,
    STORED,
    TEACHERS,
    WIDTH,
    columns,
    fit_scale,
    load_soft,
    only,
    soft_at,
)
from training.networks.mel_frontend import mel_power

FRAMES_PER_S = SPEC.rate // SPEC.hop


def _clip(path: Path, name: str = "a", start_s: float = 0.0, end_s: float | None = None) -> Clip:
    return clip(name, unknown(), path=path, start_s=start_s, end_s=end_s)


def _load(path: Path, cache: Path) -> Mel:
    return load_features([_clip(path)], SPEC, cache)["a"]


def _quiet_and_loud(tmp_path: Path) -> Path:
    samples = tone(440, 2)
    samples[:RATE] *= 1e-4
    samples[: RATE // 4] = 0
    return write_sound(tmp_path / "a.wav", samples)


def test_power_is_kept_to_the_stated_rounding(tmp_path: Path) -> None:
    path = _quiet_and_loud(tmp_path)
    mel = _load(path, tmp_path / "cache")
    exact = mel_power(torch.from_numpy(read_mono(path, RATE))[None], SPEC)[0].T.numpy()
    kept = np.maximum(exact.astype(np.float64), LEAST_POWER)
    error_db = np.abs(10 * (mel.astype(np.float64) - np.log10(kept)))
    assert mel.dtype == np.dtype(np.float16)
    assert mel.shape == exact.shape
    assert kept.min() == LEAST_POWER
    assert error_db[kept >= 1e-8].max() <= 0.02
    assert error_db.max() <= 0.04


def test_tone_is_in_the_band_around_it(tmp_path: Path) -> None:
    mel = _load(write_sound(tmp_path / "a.wav", tone(1000, 1)), tmp_path / "cache")
    edges = mel_to_hz(np.linspace(hz_to_mel(SPEC.fmin), hz_to_mel(SPEC.fmax), SPEC.n_mels + 2))
    loudest = int(mel.astype(np.float32).mean(axis=0).argmax())
    assert edges[loudest] < 1000 < edges[loudest + 2]


def test_second_reading_does_not_open_the_sound(tmp_path: Path) -> None:
    path, cache = write_sound(tmp_path / "a.wav", tone(440, 1)), tmp_path / "cache"
    first = _load(path, cache)
    (kept,) = cache.rglob("*.npy")
    status, written = path.stat(), kept.stat().st_mtime_ns
    path.write_bytes(b"\0" * status.st_size)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    np.testing.assert_array_equal(_load(path, cache), first)
    assert kept.stat().st_mtime_ns == written


def test_changed_sound_is_computed_again(tmp_path: Path) -> None:
    path, cache = write_sound(tmp_path / "a.wav", tone(440, 1)), tmp_path / "cache"
    first = _load(path, cache)
    write_sound(path, tone(440, 2))
    assert len(_load(path, cache)) > len(first)


def test_other_front_end_has_its_own_cache(tmp_path: Path) -> None:
    path, cache = write_sound(tmp_path / "a.wav", tone(440, 1)), tmp_path / "cache"
    _load(path, cache)
    other = load_features([_clip(path)], replace(SPEC, n_mels=16), cache)["a"]
    assert other.shape[1] == 16


def test_nothing_unfinished_is_left(tmp_path: Path) -> None:
    _load(write_sound(tmp_path / "a.wav", tone(440, 1)), tmp_path / "cache")
    assert [path.suffix for path in (tmp_path / "cache").rglob("*.*")] == [".npy"]


def test_sound_shorter_than_a_frame_is_padded(tmp_path: Path) -> None:
    mel = _load(write_sound(tmp_path / "a.wav", tone(440, 0.01)), tmp_path / "cache")
    assert mel.shape == (1, SPEC.n_mels)
    assert np.isfinite(mel).all()
    assert mel.max() > np.log10(LEAST_POWER)


def test_windows_are_their_part_of_the_file(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", np.concatenate([tone(200, 1), tone(2500, 2)]))
    calls: list[None] = []
    found = load_features(
        [_clip(path, "all"), _clip(path, "b", 0.0, 1.0), _clip(path, "c", 1.0, 2.5)],
        SPEC,
        tmp_path / "cache",
        lambda: calls.append(None),
    )
    np.testing.assert_array_equal(found["b"], found["all"][:FRAMES_PER_S])
    np.testing.assert_array_equal(found["c"], found["all"][FRAMES_PER_S : FRAMES_PER_S * 5 // 2])
    assert found["b"].astype(np.float32).mean(axis=0).argmax() < 8
    assert found["c"].astype(np.float32).mean(axis=0).argmax() > 16
    assert len(calls) == 3
    assert len(list((tmp_path / "cache").rglob("*.npy"))) == 1


def test_channels_are_averaged_and_resampled(tmp_path: Path) -> None:
    left = tone(440, 1, 2 * RATE)
    both = write_sound(tmp_path / "both.wav", np.stack([left, left], axis=1), 2 * RATE)
    opposite = write_sound(tmp_path / "opposite.wav", np.stack([left, -left], axis=1), 2 * RATE)
    assert len(read_mono(both, RATE)) == RATE
    assert read_mono(both, RATE).max() == pytest.approx(0.3, abs=0.05)
    assert np.abs(read_mono(opposite, RATE)).max() < 1e-3


@pytest.mark.parametrize("content", [None, b"no sound at all"])
def test_sound_that_cannot_be_read_is_named_and_left_out(
    tmp_path: Path, content: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    good, bad = write_sound(tmp_path / "good.wav", tone(440, 1)), tmp_path / "bad.wav"
    if content:
        bad.write_bytes(content)
    clips = [_clip(bad, "bad"), _clip(bad, "again", 0.1), _clip(good, "good")]
    calls: list[None] = []
    found = load_features(clips, SPEC, tmp_path / "cache", lambda: calls.append(None))
    assert list(found) == ["good"]
    assert len(calls) == 3
    assert caplog.text.count(f"{bad}: cannot be read") == 1
    assert len(list((tmp_path / "cache").rglob("*.npy"))) == 1


@pytest.mark.parametrize("suffix", [".mp3", ".opus", ".ogg", ".flac", ".m4a"])
def test_sound_is_decoded_as_the_tagger_decodes_it(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mel_cache, "BLOCK", 10_000)  # so that blocks have to fit together
    path = audio_files.write(tmp_path / f"a{suffix}", audio_files.music(2, 48_000), 48_000)
    with open_reader(path) as reader:
        whole, rate = reader.read(0, 10 * 48_000), reader.rate
    np.testing.assert_array_equal(read_mono(path, rate), whole)
    np.testing.assert_array_equal(read_mono(path, RATE), soxr.resample(whole, rate, RATE))


def test_what_libsndfile_cannot_read_is_read_too(tmp_path: Path) -> None:
    sound = np.stack([tone(440, 3, 44100), tone(440, 3, 44100)], axis=1)
    path = audio_files.write(tmp_path / "a.m4a", sound, 44100)
    with pytest.raises(RuntimeError):
        soundfile.read(path)
    samples = read_mono(path, RATE)
    assert abs(len(samples) - 3 * RATE) < RATE // 10
    spectrum = np.abs(np.fft.rfft(samples[RATE : 2 * RATE]))
    assert int(spectrum.argmax()) == 440


def test_teachers_outputs_stand_side_by_side(tmp_path: Path) -> None:
    path = write_soft(tmp_path / "a.npz", seed=1)
    soft, at = load_soft(path), 0
    found = soft_at(soft, 0, PLAIN)
    assert found.shape == (WIDTH,)
    with np.load(path) as stored:
        for teacher in STORED:
            np.testing.assert_array_equal(soft[teacher.name], stored[teacher.name])
            first = stored[teacher.name][0].astype(np.float32)
            np.testing.assert_array_equal(found[columns(teacher.name)], first)
            assert columns(teacher.name).start == at
            at += teacher.width
    assert np.isnan(found[at:]).all()  # of teachers that were not asked
    assert len(soft["jamendo_musicnn"]) == len(soft["msd"]) + 1  # each on a grid of its own
    assert [teacher.is_probability for teacher in TEACHERS] == [True] * 3 + [False] * 4
    assert N_PROBABILITIES == 150


def test_only_embeddings_are_standardised(tmp_path: Path) -> None:
    soft = {str(i): load_soft(write_soft(tmp_path / f"{i}.npz", i)) for i in range(5)}
    scale = fit_scale(soft.values())
    starts = (0.0, PATCH_S)  # all there are
    plain = np.stack([soft_at(one, at, PLAIN) for one in soft.values() for at in starts])
    rows = np.stack([soft_at(one, at, scale) for one in soft.values() for at in starts])
    np.testing.assert_array_equal(rows[:, :N_PROBABILITIES], plain[:, :N_PROBABILITIES])
    stored = rows[:, N_PROBABILITIES : columns("mtt_embedding").stop]
    np.testing.assert_allclose(stored.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(stored.std(axis=0), 1, atol=1e-4)
    assert np.abs(plain[:, columns("msd_embedding")].mean()) > 2
    nothing = fit_scale([])
    assert (nothing.mean == 0).all()
    assert (nothing.spread == 1).all()


def test_slice_between_two_patches_gets_both() -> None:
    soft = heard_all((0, 1, 3))
    starts = (-1.0, 0.0, PATCH_S / 4, PATCH_S, 1.5 * PATCH_S, 2 * PATCH_S, 99.0)
    found = [float(soft_at(soft, start, PLAIN)[0]) for start in starts]
    assert found == pytest.approx([0, 0, 0.25, 1, 2, 3, 3])
    later = [float(soft_at(soft, start, PLAIN)[-1]) for start in (0.25, 0.5, 0.75, 1.0)]
    assert later == pytest.approx([0.5, 1, 2, 3])  # this one has a row every half second


def test_teachers_that_are_not_wanted_say_nothing() -> None:
    kept = only(heard_all(), ("mtt", "audioset"))
    found = soft_at(kept, 0, PLAIN)
    for teacher in TEACHERS:
        part = found[columns(teacher.name)]
        assert np.isnan(part).all() == (teacher.name not in ("mtt", "audioset"))


@pytest.mark.parametrize("content", [None, b"", b"PK no zip", b"\x93NUMPY"])
def test_bad_teachers_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        load_soft(path)
    assert caught.value.path == path


def test_teachers_file_without_a_teacher_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, msd=np.zeros((2, 50)))
    with pytest.raises(DataError, match="mtt") as caught:
        load_soft(path)
    assert caught.value.path == path
