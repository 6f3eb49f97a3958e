"""A review that is killed while it writes: every file is whole, and `musictag undo` works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tagger.tags.reader import read_tags
from tests.reviewing import Client, Running, review

N_FILES = 300


@pytest.fixture
def music(short_song: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    for i in range(N_FILES):
        shutil.copy(short_song, folder / f"{i:03}.mp3")
    return folder


def write_and_kill(running: Running) -> None:
    client = Client(running)
    client.enter(running.link)
    rows = client.rows()
    client.api("decide", {"choices": [[row["id"], "genre", ["Jazz", "Kora"]] for row in rows]})
    client.api("write", {"upto": N_FILES})
    while not (run := client.api("updates?since=999999")["run"])["done"]:
        assert not run["ended"]
        time.sleep(0.001)
    running.process.kill()
    running.process.wait()


def test_killed_in_the_middle_of_a_write(
    music: Path, tmp_path: Path, tiny_card: Path, song_bytes: bytes
) -> None:
    data = tmp_path / "data"
    with review(music, data, "--model", tiny_card, "--jobs", 1) as running:
        write_and_kill(running)
    contents = [path.read_bytes() for path in sorted(music.glob("*.mp3"))]
    changed = [content for content in contents if content != song_bytes]
    assert 0 < len(changed) < N_FILES, "it was not in the middle"
    assert len(set(changed)) == 1, "a file is neither before nor after"
    genres = {read_tags(path).genres for path in music.glob("*.mp3")}
    assert genres == {(), ("Jazz", "Kora")}

    environment = {**os.environ, "XDG_DATA_HOME": str(data)}
    undo = [sys.executable, "-m", "tagger", "undo", "--yes"]
    done = subprocess.run(undo, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {path.read_bytes() for path in music.iterdir()} == {song_bytes}
    assert len(list(music.iterdir())) == N_FILES, "a copy was left behind"


def test_ended_in_the_middle_of_a_write_it_ends_in_order(
    music: Path, tmp_path: Path, tiny_card: Path, song_bytes: bytes
) -> None:
    with review(music, tmp_path / "data", "--model", tiny_card, "--jobs", 1) as running:
        client = Client(running)
        client.enter(running.link)
        rows = client.rows()
        client.api("decide", {"choices": [[row["id"], "genre", ["Jazz"]] for row in rows]})
        client.api("write", {"upto": N_FILES})
    assert running.process.returncode == 0
    assert len({path.read_bytes() for path in music.iterdir()} | {song_bytes}) == 2
    assert len(list(music.iterdir())) == N_FILES
