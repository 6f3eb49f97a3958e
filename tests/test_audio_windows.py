"""Which windows are read, and what is said about odd files."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from tagger.audio import Windows, iter_windows, read_windows
from tagger.audio.window_positions import in_stages, place_windows
from tests.audio_files import Sound, music, write

RATE = 8000
SECOND = RATE


def windows_of(path: Path, sound: Sound, *, count: int | None = 10, seconds: int = 1) -> Windows:
    write(path / "song.wav", sound, RATE, subtype="FLOAT")
    return read_windows(path / "song.wav", rate=RATE, length=seconds * SECOND, count=count)


def silence(seconds: float) -> Sound:
    return np.zeros((round(seconds * RATE), 1), np.float32)


def tune(seconds: float) -> Sound:
    return music(seconds, RATE, channels=1)


@given(
    first=st.integers(0, 10**6),
    total=st.integers(0, 10**7),
    length=st.integers(1, 10**5),
    count=st.none() | st.integers(1, 40),
)
def test_placement(first: int, total: int, length: int, count: int | None) -> None:
    starts = place_windows(first, first + total, length=length, count=count)
    fitting = total // length if count is None else min(count, -(-total // length))
    assert len(starts) == max(1, fitting)
    assert starts == sorted(set(starts))
    assert starts[0] >= first
    assert starts[-1] + length <= first + max(total, length)
    if count is None or count * length <= total:
        assert all(b - a >= length for a, b in pairwise(starts))


@given(n_windows=st.integers(1, 100))
def test_stages_hold_every_window_once_and_both_ends_first(n_windows: int) -> None:
    stages = in_stages(n_windows)
    assert sorted(i for stage in stages for i in stage) == list(range(n_windows))
    assert {0, n_windows - 1} <= set(stages[0])
    assert all(stage == sorted(stage) for stage in stages)


@pytest.mark.parametrize("seconds", [3.5, 7, 60])
def test_stages_give_the_same_windows(tmp_path: Path, seconds: float) -> None:
    path = tmp_path / "song.wav"
    write(path, tune(seconds), RATE)
    whole = read_windows(path, rate=RATE, length=SECOND)
    chunks = list(iter_windows(path, rate=RATE, length=SECOND, staged=True))
    assert {chunk.planned for chunk in chunks} == {len(whole.starts)}
    found = {s: w for chunk in chunks for s, w in zip(chunk.starts, chunk.samples, strict=True)}
    assert tuple(sorted(found)) == whole.starts
    for start, samples in zip(whole.starts, whole.samples, strict=True):
        np.testing.assert_array_equal(found[start], samples)


def test_windows_stand_in_the_middle_of_equal_segments(tmp_path: Path) -> None:
    windows = windows_of(tmp_path, tune(60), count=10)
    assert windows.starts == tuple(2.5 + 6 * i for i in range(10))
    assert (windows.rate, windows.duration_s, windows.notes) == (RATE, 60, ())


def test_all_windows_follow_each_other(tmp_path: Path) -> None:
    sound = tune(70.5)
    windows = windows_of(tmp_path, sound, count=None)
    assert windows.starts == tuple(range(70))
    np.testing.assert_array_equal(windows.samples.ravel(), sound[: 70 * RATE, 0])


def test_chunks_are_small_and_join_to_the_whole(tmp_path: Path) -> None:
    windows = windows_of(tmp_path, tune(70.5), count=None)
    chunks = list(iter_windows(tmp_path / "song.wav", rate=RATE, length=SECOND, count=None))
    assert [len(chunk.starts) for chunk in chunks] == [32, 32, 6]
    np.testing.assert_array_equal(np.concatenate([c.samples for c in chunks]), windows.samples)


def test_track_shorter_than_its_windows_gets_fewer(tmp_path: Path) -> None:
    assert windows_of(tmp_path, tune(2.5), count=10).starts == (0.0, 0.75, 1.5)


def test_track_shorter_than_one_window_is_padded(tmp_path: Path) -> None:
    sound = tune(1.2)
    windows = windows_of(tmp_path, sound, seconds=3)
    np.testing.assert_array_equal(windows.samples[0, : len(sound)], sound[:, 0])
    assert not windows.samples[0, len(sound) :].any()
    assert windows.notes == ("shorter than one window (1.2 s): padded with silence",)


@pytest.mark.parametrize("count", [5, None])
def test_silence_at_both_ends_is_skipped(count: int | None, tmp_path: Path) -> None:
    sound = np.concatenate([silence(20), tune(10), silence(30)])
    windows = windows_of(tmp_path, sound, count=count)
    assert 20 <= windows.starts[0] <= 20.5
    assert 28.5 <= windows.starts[-1] <= 29
    assert windows.notes == ()


def test_silence_within_is_kept(tmp_path: Path) -> None:
    sound = np.concatenate([tune(20), silence(20), tune(20)])
    assert windows_of(tmp_path, sound, count=3).starts == (9.5, 29.5, 49.5)


def test_sound_shorter_than_a_window_in_silence(tmp_path: Path) -> None:
    sound = np.concatenate([silence(30), tune(1), silence(1)])
    windows = windows_of(tmp_path, sound, seconds=3)
    assert windows.starts == (29.0,)
    assert windows.notes == ()


@pytest.mark.parametrize("offset", [0.0, 0.3])
def test_only_silence_even_with_a_dc_offset(offset: float, tmp_path: Path) -> None:
    windows = windows_of(tmp_path, silence(20) + np.float32(offset))
    assert windows.notes == ("only silence",)
    assert windows.samples.shape == (10, SECOND)


def test_quiet_music_with_a_dc_offset_is_not_silence(tmp_path: Path) -> None:
    windows = windows_of(tmp_path, tune(20) * np.float32(0.02) + np.float32(0.3))
    assert windows.notes == ()
    assert windows.samples.mean() == pytest.approx(0.3, abs=0.01)


def test_broken_samples_become_zero(tmp_path: Path) -> None:
    sound = np.repeat(tune(10), 2, axis=1)
    sound[12000], sound[12001], sound[12002, 0] = np.nan, np.inf, np.nan
    sound[12003] = (np.inf, -np.inf)
    windows = windows_of(tmp_path, sound, count=None)
    assert not windows.samples[1, 4000:4004].any()
    assert np.isfinite(windows.samples).all()
    assert windows.notes == ("NaN or infinite samples: replaced by 0",)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3", ".m4a", ".opus", ".wv"])
@pytest.mark.parametrize("count", [10, None])
def test_truncated_file(suffix: str, count: int | None, tmp_path: Path) -> None:
    path = write(tmp_path / f"song{suffix}", music(30, 48000), 48000)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 4 // 10])
    windows = read_windows(path, rate=16000, length=16000, count=count)
    assert windows.duration_s == pytest.approx(12, abs=2)
    assert len(windows.starts) == (count or int(windows.duration_s))
    assert windows.starts[-1] <= windows.duration_s - 1
    assert windows.samples.std(axis=1).min() > 0.1
    if suffix in {".flac", ".mp3", ".m4a"}:  # the headers of the others do not tell
        assert [note for note in windows.notes if note.startswith("file ends early (1")]


def test_damage_in_the_middle(tmp_path: Path) -> None:
    path = write(tmp_path / "song.flac", music(60, 16000), 16000)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle - 20000 : middle + 20000] = bytes(40000)
    path.write_bytes(data)
    windows = read_windows(path, rate=16000, length=16000, count=None)
    assert 40 <= len(windows.starts) < 60
    assert any(note.startswith("damaged at ") for note in windows.notes)
    assert np.isfinite(windows.samples).all()


def test_memory_does_not_grow_with_the_track(tmp_path: Path) -> None:
    path = tmp_path / "mix.wav"
    piece = tune(60)
    with soundfile.SoundFile(path, "w", RATE, 1) as file:
        for _ in range(20):
            file.write(piece)
    tracemalloc.start()
    n_windows = sum(
        len(chunk.starts) for chunk in iter_windows(path, rate=16000, length=48000, count=None)
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n_windows == 400
    assert peak < 20e6  # the windows of the track together are 77 MB


@pytest.mark.parametrize(("rate", "length", "count"), [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_senseless_arguments(rate: int, length: int, count: int, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        read_windows(tmp_path, rate=rate, length=length, count=count)
