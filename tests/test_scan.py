from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from tagger.errors import AudioError, ModelError, MusicTagError
from tagger.explain.evidence import explain_apart
from tagger.models.model import Model
from tagger.scanning.cache import Cache
from tagger.scanning.discovery import find_files
from tagger.scanning.one_file import scan_file
from tagger.scanning.parallel import scan
from tagger.scanning.results import Result
from tagger.scanning.settings import Settings
from tests.pool_workers import Deadly, Endless


def settings(card: Path) -> Settings:
    return Settings(model=str(card))


def test_every_file_of_the_demo_is_heard_in_order(demo: Path, tiny_card: Path) -> None:
    files = list(find_files([demo]))
    results = list(scan(files, settings(tiny_card), jobs=1))
    assert [result.path for result in results] == files
    assert all(result.track and result.error is None for result in results)
    assert any(result.existing.genres for result in results)


def test_processes_hear_what_one_hears(demo: Path, tiny_card: Path) -> None:
    files = list(find_files([demo]))
    alone = list(scan(files, settings(tiny_card), jobs=1))
    together = list(scan(files, settings(tiny_card), jobs=2))
    assert [result.path for result in together] == files
    for one, other in zip(alone, together, strict=True):
        assert one.track is not None
        assert other.track is not None
        np.testing.assert_array_equal(one.track.scores.values, other.track.scores.values)
        assert one.existing == other.existing


def test_bad_files_are_named_and_the_rest_goes_on(
    demo: Path, tiny_card: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty.mp3").touch()
    (tmp_path / "text.flac").write_text("words")
    good = next(demo.rglob("*.wav"))
    found: list[Path | MusicTagError] = [
        MusicTagError("folder cannot be read", tmp_path / "closed"),
        tmp_path / "empty.mp3",
        tmp_path / "vanished.ogg",
        good,
        tmp_path / "text.flac",
    ]
    results = list(scan(found, settings(tiny_card), jobs=2))
    assert [bool(result.error) for result in results] == [True, True, True, False, True]
    assert all("\n" not in (result.error or "") for result in results)
    assert results[0].path == tmp_path / "closed"


def test_bad_files_in_a_pool(demo: Path, tiny_card: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.mp3").touch()
    found = [tmp_path / "empty.mp3", *find_files([demo])]
    results = list(scan(found, settings(tiny_card), jobs=2))
    assert results[0].error
    assert all(result.track for result in results[1:])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("in_order", [True, False])
def test_file_that_kills_its_process_is_named_and_skipped(
    demo: Path, tiny_card: Path, in_order: bool
) -> None:
    files = list(find_files([demo]))
    deadly = [Deadly(files[5]), Deadly(files[6])]
    found = [*files[:5], *deadly, *files[7:]]
    results = list(scan(found, settings(tiny_card), jobs=2, in_order=in_order))
    assert sorted(result.path for result in results) == files
    failed = [result for result in results if result.error]
    assert sorted(result.path for result in failed) == sorted(deadly)
    assert all("a process died over it" in (result.error or "") for result in failed)
    assert in_order == ([result.path for result in results] == files)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_file_that_takes_for_ever_is_named_and_skipped(demo: Path, tiny_card: Path) -> None:
    files = list(find_files([demo]))
    found = [Endless(files[0]), *files[1:]]
    results = list(scan(found, settings(tiny_card), jobs=2, timeout_s=8))
    assert results[0].error == "skipped: not classified within 8 s (--timeout)"
    assert all(result.track for result in results[1:])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_one_file_alone_has_the_same_guard(demo: Path, tiny_card: Path) -> None:
    files = list(find_files([demo]))
    (dead,) = scan([Deadly(files[0])], settings(tiny_card), jobs=2)
    assert "a process died over it" in (dead.error or "")
    (late,) = scan([Endless(files[0])], settings(tiny_card), jobs=2, timeout_s=1)
    assert late.error == "skipped: not classified within 1 s (--timeout)"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_an_explanation_has_the_same_guard(demo: Path, tiny_card: Path) -> None:
    path = next(demo.rglob("*.wav"))
    assert explain_apart(path, settings(tiny_card), (), 60).reasons
    with pytest.raises(AudioError, match="a process died over it"):
        explain_apart(Deadly(path), settings(tiny_card), (), 60)
    with pytest.raises(AudioError, match="not classified within 1 s"):
        explain_apart(Endless(path), settings(tiny_card), (), 1)
    with pytest.raises(AudioError, match="no such file"):
        explain_apart(path.with_name("none.wav"), settings(tiny_card), (), 60)


def test_one_process_has_the_same_guard(demo: Path, tiny_card: Path) -> None:
    files = list(find_files([demo]))
    results = list(scan([*files, Deadly(files[0])], settings(tiny_card), jobs=1))
    assert [bool(result.error) for result in results] == [False] * len(files) + [True]


def test_results_as_they_are_done_are_those_in_order(demo: Path, tiny_card: Path) -> None:
    found: list[Path | MusicTagError] = [MusicTagError("closed", demo), *find_files([demo])]
    in_order = list(scan(found, settings(tiny_card), jobs=2))
    as_done = list(scan(found, settings(tiny_card), jobs=2, in_order=False))
    assert {result.path: result.existing for result in in_order} == {
        result.path: result.existing for result in as_done
    }
    # One process does them one after the other: the largest first.
    (failed, *heard) = scan(found, settings(tiny_card), jobs=1, in_order=False)
    assert failed.error == "closed"
    sizes = [result.path.stat().st_size for result in heard]
    assert sizes == sorted(sizes, reverse=True)


def test_results_wait_for_those_before_them_in_bounded_number(
    demo: Path, tiny_card: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tagger.scanning.parallel.MOST_EARLY", 3)
    files = list(find_files([demo]))
    found = [Endless(files[0]), *files[1:]]
    with Cache(tmp_path / "cache.sqlite") as cache:
        results = scan(found, settings(tiny_card), jobs=2, timeout_s=8, cache=cache)
        paths = [next(results).path]
        before = cache.contents().files
        paths += [result.path for result in results]
    assert paths == files
    assert 3 <= before <= 3 + 2 * 2  # three that wait, and what two processes were at


def test_unforeseen_failure_is_a_failure_of_its_file(
    demo: Path, tiny: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("odd")

    monkeypatch.setattr("tagger.audio.iter_windows", fail)
    result = scan_file(next(demo.rglob("*.wav")), tiny, Settings())
    assert result.error == "unexpected failure (ZeroDivisionError: odd)"


def test_unreadable_tags_do_not_hide_what_was_heard(
    demo: Path, tiny: Model, tmp_path: Path
) -> None:
    # A WAV with a name and content that libsndfile reads but mutagen knows no tags for.
    import soundfile

    path = tmp_path / "song.caf"
    soundfile.write(path, np.ones(8000) * 0.1, 8000, format="CAF")
    result = scan_file(path, tiny, Settings())
    assert result.error is None
    assert result.track
    assert "tags of this kind of file cannot be read" in result.notes


def test_missing_model_is_said_before_any_file(demo: Path) -> None:
    with pytest.raises(ModelError, match="grand"):
        next(iter(scan(find_files([demo]), Settings(model="grand"), jobs=2)))


def test_confidence_floor_leaves_tags_out(demo: Path, tiny: Model) -> None:
    path = next(demo.rglob("*.wav"))
    all_tags = scan_file(path, tiny, Settings())
    none = scan_file(path, tiny, Settings(min_confidence=1.0))
    assert all_tags.track
    assert all_tags.track.tags
    assert isinstance(none, Result)
    assert none.track
    assert none.track.tags == ()


def test_a_clear_track_is_heard_no_further_than_it_needs(tiny: Model, tmp_path: Path) -> None:
    import soundfile

    time = np.arange(60 * 8000) / 8000
    low, high = np.sin(2 * np.pi * 120 * time), np.sin(2 * np.pi * 3500 * time)
    clear, mixed = tmp_path / "clear.wav", tmp_path / "mixed.wav"
    soundfile.write(clear, 0.3 * low, 8000)
    soundfile.write(mixed, 0.3 * np.where(time % 12 < 6, low, high), 8000)
    sure = Settings(clearance=1.0)
    for path, n_heard in ((clear, 4), (mixed, 10)):
        result, ten = scan_file(path, tiny, sure), scan_file(path, tiny, Settings())
        assert result.track
        assert ten.track
        assert len(result.track.slices.values) == n_heard
        assert {tag.name for tag in result.track.tags} == {tag.name for tag in ten.track.tags}
