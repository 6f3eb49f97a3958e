from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from tagger.errors import ModelError, MusicTagError
from tagger.library import find_files
from tagger.model import Model
from tagger.scan import Result, Settings, examine, scan


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


class Bomb(type(Path())):  # type: ignore[misc]
    """A path that ends the worker process that touches it, as a crashing codec would."""

    def __reduce__(self) -> tuple[object, ...]:
        return os._exit, (1,)


def test_dead_worker_does_not_hang_the_scan(demo: Path, tiny_card: Path) -> None:
    files: list[Path | MusicTagError] = [*find_files([demo]), Bomb("bomb.mp3")]
    results = list(scan(files, settings(tiny_card), jobs=2))
    assert len(results) == len(files)
    assert "worker process died" in (results[-1].error or "")


def test_unforeseen_failure_is_a_failure_of_its_file(
    demo: Path, tiny: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("odd")

    monkeypatch.setattr("tagger.scan.iter_windows", fail)
    result = examine(next(demo.rglob("*.wav")), tiny, Settings())
    assert result.error == "unexpected failure (ZeroDivisionError: odd)"


def test_unreadable_tags_do_not_hide_what_was_heard(
    demo: Path, tiny: Model, tmp_path: Path
) -> None:
    # A WAV with a name and content that libsndfile reads but mutagen knows no tags for.
    import soundfile

    path = tmp_path / "song.caf"
    soundfile.write(path, np.ones(8000) * 0.1, 8000, format="CAF")
    result = examine(path, tiny, Settings())
    assert result.error is None
    assert result.track
    assert "tags of this kind of file cannot be read" in result.notes


def test_missing_model_is_said_before_any_file(demo: Path) -> None:
    with pytest.raises(ModelError, match="grand"):
        next(iter(scan(find_files([demo]), Settings(model="grand"), jobs=2)))


def test_confidence_floor_leaves_tags_out(demo: Path, tiny: Model) -> None:
    path = next(demo.rglob("*.wav"))
    all_tags = examine(path, tiny, Settings())
    none = examine(path, tiny, Settings(min_confidence=1.0))
    assert all_tags.track
    assert all_tags.track.tags
    assert isinstance(none, Result)
    assert none.track
    assert none.track.tags == ()
