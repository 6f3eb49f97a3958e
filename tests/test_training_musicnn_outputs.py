from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from tests.teacher_arrays import musicnn_arrays
from training.data.teacher_outputs import PATCH_S, PLAIN, columns, soft_at
from training.teachers.musicnn_outputs import ARRAYS, PATCHES, MusicnnTeacher


def ask(tmp_path: Path, seconds: float) -> tuple[dict[str, np.ndarray], Path]:
    arrays = tmp_path / ARRAYS
    arrays.parent.mkdir(exist_ok=True)
    np.savez(arrays, **musicnn_arrays())  # type: ignore[arg-type]
    sound = tmp_path / "song.wav"
    noise = np.random.default_rng(0).normal(0, 0.1, round(seconds * 16000))
    soundfile.write(sound, noise, 16000)
    return MusicnnTeacher(tmp_path, tmp_path / "cache").outputs(sound), sound


def test_short_file_is_asked_about_whole(tmp_path: Path) -> None:
    found, _ = ask(tmp_path, 7.0)
    assert found["msd"].shape == (2, 50)
    assert found["msd_embedding"].shape == (2, 200)
    assert not np.isnan(found["msd"]).any()


def test_long_file_is_asked_about_in_its_middle(tmp_path: Path) -> None:
    found, _ = ask(tmp_path, 22 * PATCH_S + 0.5)
    asked = ~np.isnan(found["msd"][:, 0])
    assert asked.tolist() == [False] * 3 + [True] * PATCHES + [False] * 3
    at_edge = soft_at(found, 2.6 * PATCH_S, PLAIN)[columns("msd")]
    np.testing.assert_array_equal(at_edge, found["msd"][3].astype(np.float32))
    assert np.isnan(soft_at(found, 0, PLAIN)[columns("msd")]).all()


def test_answers_are_read_from_the_cache_the_second_time(tmp_path: Path) -> None:
    first, sound = ask(tmp_path, 4.0)
    (cached,) = (tmp_path / "cache" / "msd_musicnn").glob("*.npy")
    written = cached.stat().st_mtime_ns
    again = MusicnnTeacher(tmp_path, tmp_path / "cache").outputs(sound)
    np.testing.assert_array_equal(again["msd"], first["msd"])
    assert cached.stat().st_mtime_ns == written
