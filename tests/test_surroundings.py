"""Whatever is wrong around the program is one line, and the rest goes on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tagger.scanning.discovery import find_files
from tests.tiny_model import write_tiny_model

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="devices and limits of Linux")


def musictag(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    """The program as a person starts it; never a traceback, whatever happens."""
    settings: dict[str, object] = {"stdout": subprocess.PIPE, "cwd": ROOT, **options}
    settings["env"] = {**os.environ, "PYTHONPATH": str(ROOT), **options.get("env", {})}  # type: ignore[dict-item]
    done = subprocess.run(  # type: ignore[call-overload]
        [sys.executable, "-m", "tagger", *map(str, arguments)],
        stderr=subprocess.PIPE, text=True, errors="surrogateescape", check=False, **settings,
    )  # fmt: skip
    assert isinstance(done, subprocess.CompletedProcess)
    assert "Traceback" not in done.stderr + (done.stdout or ""), done.stderr
    return done


@pytest.fixture
def song(demo: Path) -> Path:
    return next(demo.rglob("*.wav"))


@pytest.mark.parametrize(
    "command", ["scan", "scan --json", "predict", "explain", "stats", "labels"]
)
def test_a_full_disk_behind_standard_output_is_said(
    command: str, song: Path, tiny_card: Path
) -> None:
    name, *options = command.split()
    options += [] if name == "labels" else [str(song)]
    options += [] if name == "stats" else ["--model", str(tiny_card)]
    with Path("/dev/full").open("w") as full:
        done = musictag(name, *options, stdout=full)
    assert done.returncode == 1
    assert "Error: No space left on device" in done.stderr


def test_a_reader_that_goes_away_is_no_failure_worth_words(demo: Path, tiny_card: Path) -> None:
    here, there = os.pipe()
    os.close(here)
    with os.fdopen(there, "w") as closed:
        done = musictag("labels", "--model", tiny_card, stdout=closed)
    assert done.returncode == 1
    assert done.stderr == ""


@pytest.fixture
def top(tmp_path: Path) -> Iterator[Path]:
    """A folder that goes away again however deep it became: pytest's own way would not do."""
    top = tmp_path / "top"
    top.mkdir()
    yield top
    subprocess.run(["rm", "-rf", str(top)], check=True)


def test_folders_within_folders_end_nothing(song: Path, tiny_card: Path, top: Path) -> None:
    here = Path.cwd()
    shutil.copy(song, top / "first.wav")
    os.chdir(top)
    try:
        for _ in range(1500):
            Path("d").mkdir()
            os.chdir("d")
        shutil.copy(song, "last.wav")
        found = [path for path in find_files([top]) if isinstance(path, Path)]
        for _ in range(1000):  # beyond what a path can name
            Path("d").mkdir()
            os.chdir("d")
    finally:
        os.chdir(here)
    assert [path.name for path in found] == ["first.wav", "last.wav"]
    done = musictag("scan", top, "--json", "--model", tiny_card)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [bool(record["error"]) for record in records].count(False) == 2
    assert "folder cannot be read (File name too long)" in done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize("metrics", [
    {"test": {"labels": [{}]}}, {"test": {"labels": [1]}}, {"test": {"labels": [None]}},
    {"test": {"macro_roc_auc": 1, "macro_ap": 1, "labels": [
        {"label": 1, "positives": [], "roc_auc": "high", "ap": None, "f1": {}}]}},
    {"test": {"macro_roc_auc": 1, "macro_ap": 1, "labels": [
        {"label": "a", "positives": 1, "roc_auc": 10**400, "ap": 10**400, "f1": 1}]}},
    {"": []}, {"a": "b"},
])  # fmt: skip
def test_figures_of_another_make_are_left_out(metrics: object, tmp_path: Path) -> None:
    card = write_tiny_model(tmp_path)
    card.write_text(json.dumps({**json.loads(card.read_text()), "metrics": metrics}))
    done = musictag("models", "show", card)
    assert done.returncode == 0
    assert "8000 Hz" in done.stdout


def test_a_card_of_brackets_is_one_line(tmp_path: Path) -> None:
    card = tmp_path / "card.json"
    card.write_text("[" * 100_000)
    for words in ("models show", "labels --model", "models add", "models use"):
        done = musictag(*words.split(), card)
        assert done.returncode == 3
        assert done.stderr.count("\n") == 1
        assert "card.json: not a readable model card" in done.stderr


@pytest.mark.parametrize("copies", [1, 9])
def test_copies_of_one_bad_file_are_a_line_each(
    copies: int, song: Path, tiny_card: Path, tmp_path: Path
) -> None:
    """Nine were the first that went to processes of their own, whose log nobody had silenced."""
    box = (24).to_bytes(4, "big") + b"ftypM4A \0\0\0\0M4A mp42"
    moov = (1).to_bytes(4, "big") + b"free" + (2**64 - 1).to_bytes(8, "big")
    for number in range(copies):
        (tmp_path / f"{number}.m4a").write_bytes(box + moov + b"\0" * 64)
    shutil.copy(song, tmp_path / "good.wav")
    done = musictag("scan", tmp_path, "--model", tiny_card)
    assert done.returncode == 1
    assert done.stderr.count(".m4a: ") == copies
    assert done.stderr.count("\n") == copies + 2  # and two lines at the end
    assert "unexpected" not in done.stderr
    assert "good.wav" in done.stdout


def test_a_cache_of_garbage_is_a_line(song: Path, tiny_card: Path, tmp_path: Path) -> None:
    (tmp_path / "musictag").mkdir()
    (tmp_path / "musictag" / "cache.sqlite").write_bytes(b"garbage" * 1000)
    done = musictag("scan", song, "--model", tiny_card, env={"XDG_CACHE_HOME": str(tmp_path)})
    assert done.returncode == 0
    assert "the cache was damaged" in done.stderr


def test_no_home_and_no_place_to_write_is_no_end(song: Path, tiny_card: Path) -> None:
    places = dict.fromkeys(("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"), "/proc/none")
    done = musictag("scan", song, "--model", tiny_card, env=places)
    assert done.returncode == 0
    assert "going on without it" in done.stderr
    assert musictag("models", "list", env=places).returncode == 0
    assert musictag("models", "use", tiny_card, env=places).returncode == 1


def test_a_folder_that_is_gone_beneath_us(song: Path, tiny_card: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        ["bash", "-c", 'cd "$1" && rmdir "$1" && shift && "$@"', "-", str(gone),
         sys.executable, "-m", "tagger", "scan", str(song), "--model", str(tiny_card)],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_of_few_signs_gets_question_marks(
    encoding: str, song: Path, tiny_card: Path, tmp_path: Path
) -> None:
    path = tmp_path / "m\u00fasica \u97f3\u697d \udcff.wav"
    shutil.copy(os.fsencode(song), os.fsencode(path))
    done = musictag("scan", tmp_path, "--model", tiny_card, env={"PYTHONIOENCODING": encoding})
    assert done.returncode == 0
    assert "m" in done.stdout
