"""What several tests share: synthesised music and a small model made on the spot."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tagger.demo import write_demo
from tagger.models.model import Model, load_model
from tagger.writing.journal import Journal
from tests.tiny_model import write_tiny_model

NOBODY = 65534

# Machines that run tests are shared: a slow example says nothing about the code. The same examples
# each time, so that a failure is the change's and not the day's.
settings.register_profile("musictag", deadline=None, derandomize=True)
settings.load_profile("musictag")


@pytest.fixture(autouse=True)
def cache_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own for each test and the programs it starts, never the person's."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))  # what appdirs goes by on Linux
    if sys.platform != "linux":
        monkeypatch.setattr("appdirs.user_cache_dir", lambda *_, **__: str(folder / "musictag"))
    return folder / "musictag"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the person's data and cache folders, of the test's own."""
    monkeypatch.setattr("appdirs.user_data_dir", lambda *_, **__: str(tmp_path / "data"))
    monkeypatch.setattr("appdirs.user_cache_dir", lambda *_, **__: str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo library of short tracks in seven formats; not to be changed by a test."""
    folder = tmp_path_factory.mktemp("demo") / "music"
    write_demo(folder, seconds=6.0)
    return folder


@pytest.fixture
def common_folder() -> Iterator[Path]:
    """A folder where permissions bind: for the while of the test, root is somebody else."""
    with tempfile.TemporaryDirectory() as name:  # pytest's own are closed to other users
        folder = Path(name)
        folder.chmod(0o777)
        root = hasattr(os, "geteuid") and os.geteuid() == 0
        if root:
            os.seteuid(NOBODY)
        try:
            yield folder
        finally:
            if root:
                os.seteuid(0)


@pytest.fixture(scope="session")
def tiny_card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The card of a model that tells low sound from high."""
    return write_tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def tiny(tiny_card: Path) -> Model:
    return load_model(str(tiny_card))


@pytest.fixture(scope="session")
def short_song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short tagged MP3 without genre, to be copied by tests."""
    from tests.music_files import make_file

    return make_file("mp3", tmp_path_factory.mktemp("songs") / "song.mp3")


@pytest.fixture(scope="session")
def song_bytes(short_song: Path) -> bytes:
    """What is in that MP3, for tests in which root is somebody else and cannot look there."""
    return short_song.read_bytes()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from tests.chromium import started

    with started() as opened:
        yield opened


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal") as journal:
        yield journal


@pytest.fixture
def song(tmp_path: Path, short_song: Path) -> Path:
    """A song of its own for each test, which may change it."""
    (tmp_path / "music").mkdir()
    return Path(shutil.copy(short_song, tmp_path / "music" / "song.mp3"))
