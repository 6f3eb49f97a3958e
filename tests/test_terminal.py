"""Nothing a stranger has named reaches the terminal as a command to it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tagger.cli.program import COMMANDS
from tagger.writing.journal import NAME, Journal
from tests.music_files import mutagen_flac
from tests.tiny_model import write_tiny_model

if sys.platform == "win32":
    pytest.skip("Windows has no pty", allow_module_level=True)
from tests.terminal import hostile, obeyed, written

EVIL = hostile("evil")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, demo: Path) -> Path:
    """Files, tags, a model, its figures and a plan with hostile names."""
    place = tmp_path_factory.mktemp("place")
    music = place / "music" / EVIL
    music.mkdir(parents=True)
    song = music / f"{EVIL}.flac"
    shutil.copy(next(demo.rglob("*.flac")), song)
    tags = mutagen_flac.FLAC(song)
    tags.update({"title": [EVIL], "artist": [EVIL], "album": [EVIL], "genre": [EVIL]})
    tags["instrument"] = [EVIL]
    tags.save()
    (music / f"{EVIL}.mp3").write_bytes(b"not music")
    (place / EVIL).mkdir()
    card = write_tiny_model(place / EVIL)
    content = json.loads(card.read_text())
    row = {"label": EVIL, "positives": 1, "roc_auc": 0.5, "ap": 0.5, "f1": 0.5}
    content |= {
        "data": EVIL,
        "metrics": {EVIL: {"macro_roc_auc": EVIL, "macro_ap": 1, "labels": [row]}},
    }
    card.write_text(json.dumps(content))
    broken = place / "data" / "musictag" / "models" / EVIL / f"{EVIL}.json"
    broken.parent.mkdir(parents=True)
    broken.write_text(json.dumps({**content, "name": EVIL}))
    return place


def command_lines(place: Path) -> dict[str, list[list[str]]]:
    card, music = str(place / EVIL / "tiny.json"), str(place / "music")
    song = str(next((place / "music").rglob("*.flac")))
    model = ["--model", card, "--experimental"]
    plan = str(place / f"{EVIL}.plan")
    return {
        "scan": [
            [music, *model], [music, "--model", EVIL], [EVIL], [music, "--report", EVIL],
            [music, *model, "--mode", "merge", "--plan", plan],
            [music, *model, "--mode", "merge", "--write", "--yes"],
        ],
        "apply": [[plan], [song], [EVIL]],
        "history": [[]],
        "undo": [["1"], ["9"], [EVIL]],
        "predict": [[song, *model, "--slices"], [f"{song}.none"], [str(place / "music" / EVIL)]],
        "explain": [[song, *model], [song, *model, "--label", EVIL], [song, "-o", EVIL]],
        "stats": [[music], [EVIL]],
        "labels": [["--model", card], ["--model", EVIL]],
        "models": [
            ["list"], ["show", card], ["show", EVIL], ["use", card], ["use", EVIL], ["list"],
            ["add", card, "--as", EVIL], ["add", song], ["remove", EVIL],
            ["export", card, str(place / f"{EVIL}.musictag")], ["use", "small"], [EVIL],
        ],
        "journal": [["check"], ["check", EVIL], [EVIL]],
        "cache": [["info"], ["clear"], [EVIL]],
        "plan": [["--from", EVIL], [EVIL]],
        "pipeline": [["--input", EVIL, "--output", EVIL]],
        "watch": [[EVIL], [music, "--model", EVIL], [music, "--exclude", EVIL, "--settle", EVIL]],
        "review": [[EVIL], [music, "--model", EVIL], [music, "--port", EVIL]],
        "demo": [[str(place / EVIL)], [EVIL, EVIL]],
    }  # fmt: skip


def test_no_command_lets_a_name_command_the_terminal(place: Path) -> None:
    lines = command_lines(place)
    assert set(lines) == set(COMMANDS)
    environment = {
        **os.environ, "TERM": "xterm", "XDG_DATA_HOME": str(place / "data"),
        "XDG_CACHE_HOME": str(place / "cache"), "COLUMNS": "200",
    }  # fmt: skip
    for name, all_arguments in lines.items():
        for arguments in all_arguments:
            command = [sys.executable, "-m", "tagger", name, *arguments]
            _, content = written(command, environment, typed=b"y\n")
            assert obeyed(content) == [], (name, arguments, content)
            assert "Traceback" not in content, content
            assert content.strip(), (name, arguments)


def test_a_damaged_journal_does_not_command_it_either(place: Path) -> None:
    environment = {**os.environ, "TERM": "xterm", "XDG_DATA_HOME": str(place / "data")}
    folder = place / "data" / "musictag"
    with Journal(folder) as journal:
        journal.start(EVIL, "fill", (place,), None)
    with closing(sqlite3.connect(folder / NAME)) as database, database:
        database.execute("UPDATE runs SET mode = ?, started = ?", (EVIL, EVIL))
    for arguments in (["history"], ["check"], ["check", "--repair"], ["check"]):
        command = arguments if arguments == ["history"] else ["journal", *arguments]
        _, content = written([sys.executable, "-m", "tagger", *command], environment)
        assert obeyed(content) == [], (arguments, content)
        assert "Traceback" not in content, content
        if arguments == ["check", "--repair"]:
            assert "repaired" in content


def test_the_names_did_come_up(place: Path) -> None:
    """Else the test above would prove nothing."""
    environment = {**os.environ, "TERM": "xterm", "XDG_CACHE_HOME": str(place / "cache")}
    card = str(place / EVIL / "tiny.json")
    for arguments in (["scan", str(place / "music"), "--model", card], ["models", "show", card]):
        _, content = written([sys.executable, "-m", "tagger", *arguments], environment)
        assert content.count("evil\ufffd[2J") > 1
