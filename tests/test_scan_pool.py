from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from tagger.errors import ModelError
from tagger.models.model import load_model
from tagger.scanning.one_file import scan_file
from tagger.scanning.parallel import ScanPool, open_pool
from tagger.scanning.settings import Settings


@pytest.fixture
def pool(tiny_card: Path) -> Iterator[ScanPool]:
    pool = open_pool(Settings(str(tiny_card)), 2)
    yield pool
    pool.close()


def test_files_are_heard_as_by_scan(pool: ScanPool, demo: Path, tiny_card: Path) -> None:
    paths = sorted(demo.rglob("*.*"))
    futures = [pool.submit(path) for path in paths]
    model, settings = load_model(str(tiny_card)), Settings(str(tiny_card))
    for path, future in zip(paths, futures, strict=True):
        result, wanted = future.result(), scan_file(path, model, settings)
        assert (result.path, result.existing) == (path, wanted.existing)
        assert result.track
        assert wanted.track
        assert result.track.tags == wanted.track.tags


def test_with_a_cache_a_sound_is_heard_once(tiny_card: Path, demo: Path, tmp_path: Path) -> None:
    pool = open_pool(Settings(str(tiny_card)), 2, cache=tmp_path / "cache.sqlite")
    one, moved = tmp_path / "one.flac", tmp_path / "moved.flac"
    shutil.copy(next(demo.rglob("*.flac")), one)
    try:
        first = pool.submit(one).result()
        again = pool.submit(one).result()
        one.rename(moved)
        elsewhere = pool.submit(moved).result()
    finally:
        pool.close()
    assert (first.cached, again.cached, elsewhere.cached) == (False, True, True)
    assert first.track
    assert elsewhere.track
    assert first.track.tags == elsewhere.track.tags


def test_what_cannot_be_heard_is_a_result(pool: ScanPool, tmp_path: Path) -> None:
    result = pool.submit(tmp_path / "none.mp3").result()
    assert result.error == "no such file"


def test_a_file_that_takes_too_long_is_given_up(tiny_card: Path, demo: Path) -> None:
    pool = open_pool(Settings(str(tiny_card)), 1, timeout_s=0.0)
    for path in sorted(demo.rglob("*.flac")):
        result = pool.submit(path).result()
        assert result.error == "not classified: it took longer than 0 s; try this file by itself"
    pool.close()


def test_a_process_that_dies_takes_only_its_file(tiny_card: Path, tmp_path: Path) -> None:
    pool = open_pool(Settings(str(tiny_card)), 1)
    before = set(multiprocessing.active_children())
    assert pool.submit(tmp_path / "none.mp3").result().error == "no such file"
    (process,) = set(multiprocessing.active_children()) - before
    process.kill()
    process.join()
    result = pool.submit(tmp_path / "one.mp3").result()
    assert result.error == "not classified: a worker process died; try this file by itself"
    assert pool.submit(tmp_path / "two.mp3").result().error == "no such file"
    pool.close()
    assert set(multiprocessing.active_children()) == before


def test_a_model_that_cannot_run_is_said(tiny_card: Path, tmp_path: Path, demo: Path) -> None:
    card = Path(shutil.copytree(tiny_card.parent, tmp_path / "model")) / tiny_card.name
    card.with_suffix(".onnx").write_bytes(b"no network")
    pool = open_pool(Settings(str(card)), 1)
    with pytest.raises(ModelError, match="checksum differs"):
        pool.submit(next(demo.rglob("*.flac"))).result()
    pool.close()


def test_what_is_not_heard_by_the_end_is_cancelled(tiny_card: Path, demo: Path) -> None:
    pool = open_pool(Settings(str(tiny_card)), 1)
    futures = [pool.submit(path) for path in sorted(demo.rglob("*.*"))]
    pool.close()
    assert all(future.done() for future in futures)
    with pytest.raises(CancelledError):
        futures[-1].result()
