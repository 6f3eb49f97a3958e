"""A library that `musictag apply` is killed over, again and again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tagger.tags.reader import read_tags
from tagger.writing.apply import recover
from tagger.writing.journal import Journal
from tagger.writing.plan import FileChange, TagChange, TagPlan
from tagger.writing.plan_json import save_plan

NEW = ("Jazz", "Bossa Nova")


@dataclass(frozen=True)
class Killed:
    """What a killed run left: files changed, not changed, and copies of which nobody knows."""

    changed: int
    unchanged: int
    recovered: int


class Library:
    """`n_files` copies of a song, a plan for them, and what each must be before or after."""

    def __init__(self, folder: Path, song: Path, n_files: int) -> None:
        self.music, self.data, self.plan = folder / "music", folder / "data", folder / "plan.json"
        self.paths = [self.music / f"{i:03d}{song.suffix}" for i in range(n_files)]
        self.before = song.read_bytes()
        self.restore()
        audio = read_tags(self.paths[0]).audio
        new = (TagChange("genre", (), NEW),)
        files = tuple(FileChange(path, audio, new) for path in self.paths)
        save_plan(TagPlan(files, roots=(self.music,)), self.plan)
        process = self.start()
        self.wait_for_writing(process)
        start = time.time()
        process.communicate(timeout=60)
        # From the first deed to the last file; what comes after is the end of Python.
        self.writing_s = max(path.stat().st_ctime for path in self.paths) - start
        (self.after,) = {path.read_bytes() for path in self.paths}
        assert self.after != self.before

    def restore(self) -> None:
        for folder in (self.music, self.data):
            shutil.rmtree(folder, ignore_errors=True)
        self.music.mkdir()
        for path in self.paths:
            path.write_bytes(self.before)

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tagger", "apply", str(self.plan), "--yes"]
        environment = {**os.environ, "XDG_DATA_HOME": str(self.data)}
        return subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def wait_for_writing(self, process: subprocess.Popen[bytes]) -> None:
        """Return as soon as a run has opened its journal: the rest is starting Python."""
        while not (self.data / "musictag" / "journal.sqlite").exists() and process.poll() is None:
            time.sleep(0.001)


def kill_once(library: Library, after_s: float) -> Killed:
    """Start an apply, kill it so long after its first deed, start again.

    Raises AssertionError if anything is lost.
    """
    process = library.start()
    library.wait_for_writing(process)
    time.sleep(after_s)
    process.send_signal(signal.SIGKILL)
    process.wait()
    contents = {path: path.read_bytes() for path in library.paths}
    assert set(contents.values()) <= {library.before, library.after}, "a file is damaged"
    changed = {path for path, content in contents.items() if content == library.after}
    with Journal(library.data / "musictag") as journal:
        recovered = recover(journal)
        entries = [entry for run in journal.runs() for entry in journal.entries(run.id)]
        assert journal.open_entries() == []
    noted = {entry.path for entry in entries if entry.status == "changed"}
    assert noted == changed, "the journal differs from the files"
    assert sorted(library.music.iterdir()) == library.paths, "a copy was left behind"
    return Killed(len(changed), len(contents) - len(changed), len(recovered))
