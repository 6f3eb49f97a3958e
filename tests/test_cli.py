"""The commands as a person at a terminal meets them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tagger import __version__
from tagger.cli import main


def musictag(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)


def test_scan_shows_a_row_for_each_file_and_writes_nothing(demo: Path, tiny_card: Path) -> None:
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in demo.rglob("*.*")}
    done = musictag("scan", demo, "--model", tiny_card)
    assert done.exit_code == 0
    for path in before:
        assert path.stem.split()[0] in done.stdout
    assert "Classical (" in done.stdout
    assert "12 classified by tiny-1-" in done.stderr
    assert "classified" not in done.stdout
    assert {
        path: (path.stat().st_mtime_ns, path.read_bytes()) for path in demo.rglob("*.*")
    } == before


def test_scan_json_is_one_object_a_line(demo: Path, tiny_card: Path) -> None:
    done = musictag("scan", demo, "--json", "--model", tiny_card)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(records) == 12
    assert all(record["error"] is None and 4 <= record["slices"] <= 10 for record in records)


def test_bad_file_is_one_line_and_exit_1(demo: Path, tiny_card: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.mp3"
    bad.write_text("no music")
    done = musictag("scan", bad, next(demo.rglob("*.wav")), "--model", tiny_card)
    assert done.exit_code == 1
    (line,) = [line for line in done.stderr.splitlines() if "bad.mp3" in line]
    assert "Traceback" not in done.output
    assert line.startswith(str(bad))
    assert "1 classified by " in done.stderr
    assert "1 failed" in done.stderr


def test_bad_file_in_json_keeps_its_line(tiny_card: Path, tmp_path: Path) -> None:
    done = musictag("scan", tmp_path / "none.mp3", "--json", "--model", tiny_card)
    assert done.exit_code == 1
    assert json.loads(done.stdout)["error"] == "no such file or folder"


def test_folder_without_music_is_said(tmp_path: Path) -> None:
    done = musictag("scan", tmp_path)
    assert done.exit_code == 1
    assert "there is no audio file under the given paths" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["scan"], "Missing argument 'PATHS...'"),
        (["scan", ".", "--windows", "none"], "neither a number of 1 or more nor 'all'"),
        (["scan", ".", "--windows", "0"], "neither a number"),
        (["scan", ".", "--jobs", "0"], "--jobs"),
        (["scan", ".", "--min-confidence", "2"], "--min-confidence"),
        (["scan", ".", "--only", "moods"], "'genres', 'instruments'"),
        (["scan", ".", "--device", "tpu"], "'auto', 'cpu', 'cuda'"),
        (["scan", ".", "--timeout", "0"], "--timeout"),
        (["scna", "."], "Did you mean scan?"),
        (["scan", ".", "--mdoel", "x"], "--model"),
    ],
)
def test_wrong_use_exits_2_with_a_hint(arguments: list[str], hint: str) -> None:
    done = musictag(*arguments)
    assert done.exit_code == 2
    assert hint in done.stderr


def test_missing_model_exits_3(demo: Path) -> None:
    done = musictag("scan", demo, "--model", "grand")
    assert done.exit_code == 3
    assert done.stderr.startswith("Error: there is no model named 'grand'")
    assert len(done.stderr.splitlines()) == 1


def test_only_one_kind(demo: Path, tiny_card: Path) -> None:
    done = musictag("scan", demo, "--only", "instruments", "--json", "--model", tiny_card)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert not any(record["tags"]["genres"] for record in records)
    assert any(record["tags"]["instruments"] for record in records)


def test_all_windows(demo: Path, tiny_card: Path) -> None:
    path = next(demo.rglob("*.wav"))
    done = musictag("predict", path, "--windows", "all", "--json", "--model", tiny_card)
    assert json.loads(done.stdout)["slices"] == 6


def test_predict_shows_every_label_and_slices(demo: Path, tiny_card: Path) -> None:
    done = musictag("predict", next(demo.rglob("*.flac")), "--slices", "--model", tiny_card)
    assert done.exit_code == 0
    for name in ("Low", "High", "Low Horn", "High Whistle", "windows"):
        assert name in done.stdout
    assert "* Low" in done.stdout


def test_predict_goes_on_after_a_bad_file(demo: Path, tiny_card: Path, tmp_path: Path) -> None:
    good = next(demo.rglob("*.flac"))
    done = musictag("predict", tmp_path / "none.mp3", good, "--json", "--model", tiny_card)
    assert done.exit_code == 1
    assert [json.loads(line)["error"] is None for line in done.stdout.splitlines()] == [False, True]


def test_labels_have_a_header(tiny_card: Path) -> None:
    lines = musictag("labels", "--model", tiny_card).stdout.splitlines()
    assert lines[0].split() == ["Kind", "Label", "Precise", "Balanced", "Evidence"]
    assert lines[1].index("measured") == lines[0].index("Evidence")


def test_labels_and_models(tiny_card: Path) -> None:
    assert "instrument  High Whistle" in musictag("labels", "--model", tiny_card).stdout
    shown = musictag("models", "show", tiny_card).stdout
    assert "1-second slices at 8000 Hz" in shown
    assert musictag("models", "list").exit_code == 0


def test_shipped_model_is_listed_with_its_figures() -> None:
    assert "28 genres, 23 instruments" in musictag("models", "list").stdout
    assert "macro ROC-AUC" in musictag("models", "show").stdout


def test_demo_refuses_a_folder_in_use(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    done = musictag("demo", tmp_path)
    assert done.exit_code == 1
    assert "choose an empty folder" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_version() -> None:
    assert __version__ in musictag("--version").stdout


def test_verbose_shows_the_traceback(demo: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tagger", "-v", "scan", str(demo), "--model", "grand"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" in done.stderr
    assert done.returncode == 3


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_no_utf8_are_classified(demo: Path, tiny_card: Path, tmp_path: Path) -> None:
    for path in [next(demo.rglob("*.flac")), next(demo.rglob("*.m4a"))]:
        shutil.copy(path, tmp_path / os.fsdecode(b"caf\xe9" + os.fsencode(path.suffix)))
    done = musictag("scan", tmp_path, "--model", tiny_card)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.count("caf\ufffd") == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has another Ctrl-C")
def test_interrupt_ends_cleanly(demo: Path, tiny_card: Path, tmp_path: Path) -> None:
    source = next(demo.rglob("*.opus"))
    for i in range(300):
        (tmp_path / f"{i}.opus").hardlink_to(source)
    running = subprocess.Popen(
        [sys.executable, "-m", "tagger", "scan", str(tmp_path), "--json", "--model", str(tiny_card),
         "--jobs", "2"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert running.stdout
    first = running.stdout.readline()
    os.killpg(running.pid, signal.SIGINT)
    rest, messages = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in messages
    for line in [first, *rest.splitlines()]:
        json.loads(line)
