"""`musictag watch`: files are taken once they have stopped growing, and only what is new."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tagger.scanning.arrivals import Arrivals
from tagger.scanning.discovery import is_wanted
from tagger.tags.reader import read_tags

PATIENCE_S = 90.0  # a busy machine says nothing about the code


def test_file_is_taken_once_it_has_stopped_growing(tmp_path: Path) -> None:
    now = [0.0]
    arrivals, song = Arrivals(10, clock=lambda: now[0]), tmp_path / "song.mp3"
    song.write_bytes(b"a")
    arrivals.notice(song)
    for now[0], more in ((6.0, b"b"), (12.0, b"c"), (21.0, b"")):
        assert arrivals.settled() == []
        with song.open("ab") as file:
            file.write(more)
        os.utime(song, ns=(0, int(now[0]) if more else 12))
        arrivals.notice(song)
    now[0] = 22.0
    assert arrivals.settled() == [song]
    assert arrivals.settled() == []


def test_file_that_goes_away_is_forgotten(tmp_path: Path) -> None:
    arrivals, song = Arrivals(0), tmp_path / "song.mp3"
    song.write_bytes(b"a")
    arrivals.notice(song)
    song.unlink()
    assert arrivals.settled() == []
    assert not arrivals.growing


def test_excluded_and_ignored_files_do_not_arrive(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / ".musictagignore").write_text("*.part.mp3\n", encoding="utf-8")
    assert is_wanted(tmp_path / "a" / "b" / "x.mp3", tmp_path)
    assert not is_wanted(tmp_path / "a" / "b" / "x.part.mp3", tmp_path)
    assert not is_wanted(tmp_path / "a" / "b" / "x.mp3", tmp_path, ["b/"])
    assert not is_wanted(tmp_path.parent / "x.mp3", tmp_path)


def in_background() -> None:
    """What a shell does for `command &`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def watching(folder: Path, card: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A real `musictag watch`, ended as systemd ends it."""
    command = [sys.executable, "-m", "tagger", "watch", str(folder), "--model", str(card)]
    environment = {**os.environ, "XDG_DATA_HOME": str(folder.parent / "data")}
    with subprocess.Popen(
        [*command, "--settle", "0.5", *options], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=in_background,
    ) as process:  # fmt: skip
        assert process.stderr
        assert process.stderr.readline().startswith("watching ")
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=PATIENCE_S)
            assert process.returncode == 0
            assert errors.endswith("stopped\n")


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to end it by")
def test_what_arrives_is_written_and_what_was_taken_back_is_not_written_again(
    demo: Path, tiny_card: Path, tmp_path: Path
) -> None:
    inbox, songs = tmp_path / "inbox", sorted(demo.rglob("*.flac"))
    inbox.mkdir()
    there = Path(shutil.copy(songs[0], inbox / "there.flac"))
    environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "data")}
    with watching(inbox, tiny_card, "--write"):
        wait_for(lambda: read_tags(there).instruments)  # it was there before
        album = tmp_path / "album"
        album.mkdir()
        shutil.copy(next(demo.rglob("*.ogg")), album / "a.ogg")
        moved = album.rename(inbox / "album") / "a.ogg"
        wait_for(lambda: read_tags(moved).instruments)  # a folder that is moved here whole
        growing, content = inbox / "growing.wav", next(demo.rglob("*.wav")).read_bytes()
        with growing.open("wb") as file:
            for start in range(0, len(content), len(content) // 4):
                file.write(content[start : start + len(content) // 4])
                file.flush()
                time.sleep(0.2)
        wait_for(lambda: read_tags(growing).instruments)
    undo = [sys.executable, "-m", "tagger", "undo", str(moved), "--yes"]
    subprocess.run(undo, env=environment, check=True, capture_output=True)
    assert not read_tags(moved).instruments
    with watching(inbox, tiny_card, "--write"):  # as after a restart
        late = Path(shutil.copy(next(demo.rglob("*.m4a")), inbox / "late.m4a"))
        wait_for(lambda: read_tags(late).instruments)
    assert not read_tags(moved).instruments
