"""The plugin in a real beets: its own command line, a library database, files on disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("beets", reason="needs the [beets] extra")


class Beet:
    """The `beet` program with a configuration and library of its own."""

    def __init__(self, home: Path, card: Path) -> None:
        self.home = home
        (home / "config.yaml").write_text(
            f"directory: {home / 'music'}\nlibrary: {home / 'library.db'}\n"
            f"plugins: genretag\nimport:\n  copy: no\n  write: no\ngenretag:\n  model: {card}\n"
        )

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "beets", *arguments],
            env={**os.environ, "BEETSDIR": str(self.home)},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def beet(tmp_path: Path, tiny_card: Path, demo: Path) -> Beet:
    program = Beet(tmp_path, tiny_card)
    done = program("import", "-A", "-q", str(demo))
    assert done.returncode == 0, done.stderr
    return program


def test_items_are_heard_and_nothing_changes(beet: Beet, demo: Path) -> None:
    before = {path: path.read_bytes() for path in demo.rglob("*.*")}
    library = beet("ls", "-f", "$path $genres").stdout
    done = beet("genretag")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("  genres: ") == len(before)
    assert "Classical -> " in done.stdout
    assert "Low Horn" in done.stdout
    assert {path: path.read_bytes() for path in demo.rglob("*.*")} == before
    assert beet("ls", "-f", "$path $genres").stdout == library


def test_query_and_settings_are_respected(beet: Beet) -> None:
    with (beet.home / "config.yaml").open("a") as config:
        config.write("  max_instruments: 0\n")
    done = beet("genretag", "genres:Classical")
    assert done.stdout.count("  genres: Classical -> ") == 1
    assert "instruments: - -> ?" in done.stdout


def test_missing_file_is_logged_and_the_rest_goes_on(
    demo: Path, tmp_path: Path, tiny_card: Path
) -> None:
    shutil.copytree(demo, tmp_path / "mine")
    program = Beet(tmp_path, tiny_card)
    program("import", "-A", "-q", str(tmp_path / "mine"))
    gone = next((tmp_path / "mine").rglob("*.flac"))
    gone.unlink()
    done = program("genretag")
    assert f"{gone.name}: no such file" in done.stderr
    assert done.stdout.count("  genres: ") == 11


def test_unknown_model_is_one_line(beet: Beet) -> None:
    text = (beet.home / "config.yaml").read_text()
    (beet.home / "config.yaml").write_text(text.split("  model:")[0] + "  model: grand\n")
    done = beet("genretag")
    assert done.returncode == 1
    assert "there is no model named 'grand'" in done.stderr
    assert "Traceback" not in done.stderr


def test_plugin_loads_nothing_heavy() -> None:
    code = (
        "import sys, beetsplug.genretag\n"
        "heavy = {'torch', 'onnxruntime', 'soundfile', 'av', 'tagger.scan'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
