"""What is heard is kept, and known again after moving and retagging; damage is never trusted."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.inference.slice_scores import SliceScores
from tagger.scanning.cache import Cache, FileScores, FileState
from tagger.scanning.cache_codec import pack_slices, pack_tags, unpack_slices, unpack_tags
from tagger.scanning.discovery import find_files
from tagger.scanning.parallel import scan
from tagger.scanning.results import Result
from tagger.scanning.settings import Settings
from tagger.tags.reader import FileTags
from tests.tiny_model import SPEC, write_tiny_model

ROOT = Path(__file__).parent.parent


@pytest.fixture
def music(demo: Path, tmp_path: Path) -> Path:
    """A library of our own with four files, few enough to be heard in this process."""
    folder = tmp_path / "music"
    folder.mkdir()
    for suffix in ("mp3", "flac", "m4a", "ogg"):
        shutil.copy(min(demo.rglob(f"*.{suffix}")), folder / f"song.{suffix}")
    return folder


def hear(music: Path, card: Path, cache: Cache | None, **options: object) -> list[Result]:
    settings = replace(Settings(model=str(card)), **options)  # type: ignore[arg-type]
    return list(scan(find_files([music]), settings, jobs=1, cache=cache))


def assert_same(one: list[Result], other: list[Result]) -> None:
    for left, right in zip(one, other, strict=True):
        assert left.path == right.path
        assert left.existing == right.existing
        assert left.existing.audio == right.existing.audio
        assert left.notes == right.notes
        assert left.error == right.error
        assert (left.track is None) == (right.track is None)
        if left.track and right.track:
            assert left.track.tags == right.track.tags
            assert left.track.slices.starts == right.track.slices.starts
            assert left.track.slices.silent == right.track.slices.silent
            assert left.track.slices.duration_s == right.track.slices.duration_s
            np.testing.assert_array_equal(left.track.slices.values, right.track.slices.values)
            np.testing.assert_array_equal(left.track.scores.values, right.track.scores.values)


@pytest.fixture
def unheard(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on hearing or opening any file is a failure, here and in any other process."""

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("a file was opened")

    for name in (
        "audio.iter_windows", "scanning.one_file.read_tags", "scanning.parallel.load_bounded",
        "scanning.pool.Pool.submit", "scanning.read_ahead.ReadAhead._want",
    ):  # fmt: skip
        monkeypatch.setattr(f"tagger.{name}", fail)


def test_second_scan_opens_no_file(
    music: Path, tiny_card: Path, request: pytest.FixtureRequest
) -> None:
    with Cache() as cache:
        first = hear(music, tiny_card, cache)
        request.getfixturevalue("unheard")
        second = hear(music, tiny_card, cache)
    assert not any(result.cached for result in first)
    assert all(result.cached for result in second)
    assert_same(first, second)


def test_other_thresholds_and_limits_hear_nothing_again(
    music: Path, tiny_card: Path, request: pytest.FixtureRequest
) -> None:
    strict = {"min_confidence": 0.9, "most": {"genre": 1, "instrument": 0}}
    with Cache() as cache:
        hear(music, tiny_card, cache)
        fresh = hear(music, tiny_card, None, **strict)
        request.getfixturevalue("unheard")
        assert_same(hear(music, tiny_card, cache, **strict), fresh)


def test_other_windows_and_other_networks_are_heard(
    music: Path, tiny_card: Path, tmp_path: Path
) -> None:
    louder = write_tiny_model(tmp_path, "louder", mel=replace(SPEC, log_gain=10.0))
    with Cache() as cache:
        first = hear(music, tiny_card, cache)
        for settings in ({"windows": 3}, {"windows": None}):
            assert not any(r.cached for r in hear(music, tiny_card, cache, **settings))
        other = hear(music, louder, cache)  # the same weights behind another front end
    assert not any(result.cached for result in other)
    assert first[0].track
    assert other[0].track
    assert np.abs(first[0].track.slices.values - other[0].track.slices.values).max() > 1e-3


def test_moved_and_retagged_files_are_known_by_their_sound(music: Path, tiny_card: Path) -> None:
    import mediafile

    with Cache() as cache:
        first = hear(music, tiny_card, cache)
        for path in list(music.iterdir()):
            file = mediafile.MediaFile(path)
            file.title, file.genres = "Another name", ["Polka"]
            file.save()
            path.rename(path.with_name(f"renamed{path.suffix}"))
        second = hear(music, tiny_card, cache)
    assert all(result.cached for result in second)
    assert [result.existing.genres for result in second] == [("Polka",)] * 4
    for one, other in zip(first, second, strict=True):
        assert one.track
        assert other.track
        assert one.track.tags == other.track.tags


def test_other_sound_under_the_same_name_is_heard(music: Path, demo: Path, tiny_card: Path) -> None:
    path = music / "song.flac"
    with Cache() as cache:
        hear(music, tiny_card, cache)
        before = path.stat()
        shutil.copy(max(demo.rglob("*.flac")), path)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        (changed,) = [r for r in hear(music, tiny_card, cache) if r.path == path]
    assert not changed.cached
    assert_same([changed], [r for r in hear(music, tiny_card, None) if r.path == path])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no time of the inode's change")
def test_tags_changed_in_place_behind_our_back_are_seen(music: Path, tiny_card: Path) -> None:
    """As by a tagger that keeps size, inode and time of modification."""
    path = music / "song.flac"
    with Cache() as cache:
        hear(music, tiny_card, cache)
        before, content = path.stat(), path.read_bytes()
        assert b"Classical" in content
        with path.open("r+b") as file:
            file.write(content.replace(b"Classical", b"Classic!!"))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        after = path.stat()
        assert (before.st_size, before.st_ino, before.st_mtime_ns) == (
            after.st_size, after.st_ino, after.st_mtime_ns,
        )  # fmt: skip
        (result,) = [r for r in hear(music, tiny_card, cache) if r.path == path]
    assert result.existing.genres == ("Classic!!",)
    assert result.cached


def test_file_without_fingerprint_is_known_as_long_as_it_stays(
    tiny_card: Path, tmp_path: Path
) -> None:
    import soundfile

    path = tmp_path / "song.caf"
    soundfile.write(path, np.ones(8000) * 0.1, 8000, format="CAF")
    with Cache() as cache:
        (first,) = hear(path, tiny_card, cache)
        (second,) = hear(path, tiny_card, cache)
        path.touch()
        (third,) = hear(path, tiny_card, cache)
    assert [first.cached, second.cached, third.cached] == [False, True, False]
    assert "tags of this kind of file cannot be read" in second.notes
    assert_same([first], [second])


def test_failures_are_tried_again(tiny_card: Path, tmp_path: Path, demo: Path) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(b"no sound yet")
    with Cache() as cache:
        assert hear(path, tiny_card, cache)[0].error
        shutil.copy(next(demo.rglob("*.wav")), path)
        assert hear(path, tiny_card, cache)[0].error is None


def slices(rng: np.random.Generator, n_slices: int, n_labels: int) -> SliceScores:
    return SliceScores(
        rng.random((n_slices, n_labels), dtype=np.float32),
        tuple(rng.random(n_slices).tolist()),
        tuple((rng.random(n_slices) < 0.5).tolist()),
        float(rng.random()),
        ("file ends early", "Größe"),
    )


@given(seed=st.integers(0, 99), n_slices=st.integers(0, 90), n_labels=st.integers(1, 50))
def test_slices_come_back_to_the_bit(seed: int, n_slices: int, n_labels: int) -> None:
    wanted = slices(np.random.default_rng(seed), n_slices, n_labels)
    found = unpack_slices(pack_slices(wanted))
    assert found
    np.testing.assert_array_equal(found.values, wanted.values)
    assert found.values.dtype == np.float32
    assert (found.starts, found.silent) == (wanted.starts, wanted.silent)
    assert (found.duration_s, found.notes) == (wanted.duration_s, wanted.notes)


@given(
    texts=st.lists(st.text(), min_size=3, max_size=3), values=st.lists(st.text()), yes=st.booleans()
)
def test_tags_come_back_as_they_were(texts: list[str], values: list[str], yes: bool) -> None:
    title, artist, album = texts
    several = tuple(values)
    tags = FileTags(several, several, title, artist, album, yes, several, "0f")
    found = unpack_tags(pack_tags(tags, texts[0]))
    assert found == (tags, texts[0])
    assert found[0].audio == "0f"


@given(place=st.integers(0, 10**6), bit=st.integers(0, 7), cut=st.booleans())
def test_a_damaged_row_is_not_known(place: int, bit: int, cut: bool) -> None:
    for kept in (
        bytearray(pack_slices(slices(np.random.default_rng(1), 3, 4))),
        bytearray(pack_tags(FileTags(genres=("Rock",)), "")),
    ):
        at = place % len(kept)
        if cut:
            del kept[at:]
        else:
            kept[at] ^= 1 << bit
        assert unpack_slices(bytes(kept)) is None
        assert unpack_tags(bytes(kept)) is None


@pytest.mark.parametrize("damage", ["noise", "empty", "cut", "hole"])
def test_damaged_cache_is_set_aside_with_one_line(
    music: Path, tiny_card: Path, cache_home: Path, damage: str
) -> None:
    with Cache() as cache:
        whole = hear(music, tiny_card, cache)
        path = cache.path
        for i in range(200):  # more than one page, so that it can be torn
            many = FileScores(FileTags(audio=f"{i:032}"), slices(np.random.default_rng(i), 10, 40))
            cache.put(Path(f"/m/{i}.mp3"), FileState(i, i, i, i), "way", many)
    content = path.read_bytes()
    assert len(content) > 100_000
    path.write_bytes(
        {
            "noise": random.Random(1).randbytes(9000),
            "empty": b"",
            "cut": content[: len(content) // 3],
            "hole": content[:4096] + bytes(len(content) - 4096),
        }[damage]
    )
    lines: list[str] = []
    with Cache(tell=lines.append) as cache:
        assert_same(hear(music, tiny_card, cache), whole)
        hear(music, tiny_card, cache)
        assert all(result.cached for result in hear(music, tiny_card, cache))
    assert len(lines) == (damage != "empty")  # an empty file is a new database to SQLite
    assert all("a new one was begun" in line and str(path) in line for line in lines)
    assert path.with_name("cache.sqlite.damaged").exists() == bool(lines)


def test_cache_of_a_newer_version_is_left_alone(music: Path, tiny_card: Path) -> None:
    with Cache() as cache:
        path = cache.path
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 9")
    database.close()
    lines: list[str] = []
    with Cache(tell=lines.append) as cache:
        assert all(result.track for result in hear(music, tiny_card, cache))
    (line,) = lines
    assert "a newer musictag made it" in line


def test_place_that_cannot_be_written_is_one_line(
    music: Path, tiny_card: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    lines: list[str] = []
    with Cache(tmp_path / "file" / "cache.sqlite", tell=lines.append) as cache:
        assert all(result.track for result in hear(music, tiny_card, cache))
    (line,) = lines
    assert "going on without it" in line


def musictag(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tagger", *map(str, arguments)], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def copies(source: Path, folder: Path, number: int) -> None:
    """Files with one sound but names of their own, and one bit by which the sounds differ."""
    folder.mkdir()
    content = source.read_bytes()
    for i in range(number):
        changed = bytearray(content)
        changed[2000 + 2 * i] ^= 1  # one of the first samples of a WAV
        (folder / f"{i:03}.wav").write_bytes(changed)


def test_two_scans_at_once(demo: Path, tiny_card: Path, tmp_path: Path) -> None:
    """From nothing, into one cache that does not exist yet, over the same files."""
    copies(next(demo.rglob("*.wav")), tmp_path / "m", 30)
    arguments = ("scan", tmp_path / "m", "--json", "--model", tiny_card, "--jobs", "2")
    running = [musictag(*arguments) for _ in range(3)]
    outputs = [process.communicate(timeout=300) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], outputs
    assert all("cache.sqlite" not in errors for _, errors in outputs), outputs
    records = [sorted(output.splitlines()) for output, _ in outputs]
    assert records[0] == records[1] == records[2]
    with Cache() as cache:
        assert cache.contents().files == cache.contents().sounds == 30


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("seed", range(3))
def test_killed_scan_goes_on_where_it_was(
    demo: Path, tiny_card: Path, tmp_path: Path, seed: int
) -> None:
    copies(next(demo.rglob("*.wav")), tmp_path / "m", 40)
    arguments = ("scan", tmp_path / "m", "--json", "--model", tiny_card, "--jobs", "2")
    process = musictag(*arguments)
    assert process.stdout
    rng = random.Random(seed)
    told = [process.stdout.readline() for _ in range(rng.randrange(1, 30))]
    time.sleep(rng.uniform(0, 0.02))  # any moment between two files
    process.send_signal(signal.SIGKILL)
    told += process.communicate(timeout=60)[0].splitlines()
    whole = [line for line in told if line.rstrip().endswith("}")]
    paths = [json.loads(line)["path"] for line in whole]
    assert len(set(paths)) == len(paths) < 40
    settings = Settings(model=str(tiny_card), windows=10)  # as on the command line
    with Cache() as cache:
        kept = cache.contents().sounds
        results = list(scan(find_files([tmp_path / "m"]), settings, jobs=1, cache=cache))
    assert len({result.path for result in results}) == len(results) == 40
    assert all(result.track for result in results)
    known = {str(result.path) for result in results if result.cached}
    assert known >= set(paths), "analysed twice"
    assert len(known) == kept


def test_cache_command(music: Path, tiny_card: Path, cache_home: Path) -> None:
    def run(*arguments: object) -> tuple[str, str]:
        process = musictag(*arguments)
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        return output, errors

    assert run("cache", "info") == ("", "the cache is empty\n")
    assert not cache_home.exists()
    scan_it = ("scan", music, "--model", tiny_card)
    assert "earlier" not in run(*scan_it, "--no-cache")[1]
    assert not cache_home.exists()
    table, errors = run(*scan_it)
    assert "earlier" not in errors
    again, errors = run(*scan_it)
    assert again == table
    assert "4 from the cache" in errors
    where, counts = run("cache", "info")[0].splitlines()
    assert Path(where).is_relative_to(cache_home)
    assert counts.startswith("4 files, 4 results, ")
    assert run("cache", "clear")[1] == "removed 4 files from the cache\n"
    assert "earlier" not in run(*scan_it)[1]


def test_worker_of_a_pool_knows_a_moved_file(demo: Path, tiny_card: Path, tmp_path: Path) -> None:
    copies(next(demo.rglob("*.wav")), tmp_path / "m", 10)
    settings = Settings(model=str(tiny_card))
    with Cache() as cache:
        list(scan(find_files([tmp_path / "m"]), settings, jobs=2, cache=cache))
        (tmp_path / "m").rename(tmp_path / "moved")
        moved = list(scan(find_files([tmp_path / "moved"]), settings, jobs=2, cache=cache))
    assert len(moved) == 10
    assert all(result.cached for result in moved)
