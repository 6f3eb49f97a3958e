"""Two people who write tags into the same files at the same time, each with a journal of their own.

python -m tests.two_homes [ROUNDS]
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tagger.tags.reader import read_tags
from tagger.writing.journal import Journal
from tagger.writing.plan import TagPlan
from tagger.writing.plan_json import save_plan
from tests.faults import change


class Homes:
    """A library of `n_files` copies of a song, and two homes from which plans are applied to it."""

    def __init__(self, folder: Path, song: Path, n_files: int) -> None:
        self.music, self.homes = folder / "music", [folder / "ana", folder / "ben"]
        self.music.mkdir()
        self.paths = [self.music / f"{i:03d}{song.suffix}" for i in range(n_files)]
        for path in self.paths:
            shutil.copy(song, path)
        self.rounds = 0
        self.statuses = Counter[str]()

    def race(self) -> int:
        """Both change every file at once; gives how many changes were overwritten unknowingly.

        Raises AssertionError if a file does not hold what was said, or a copy is left.
        """
        self.rounds += 1
        for home in self.homes:
            changes = tuple(change(path, f"{home.name} {self.rounds}") for path in self.paths)
            save_plan(TagPlan(changes, roots=(self.music,)), home.with_suffix(".json"))
        processes = [self._start(home) for home in self.homes]
        for process in processes:
            process.wait(timeout=120)
        said = [self._changed(home) for home in self.homes]
        assert sorted(self.music.iterdir()) == self.paths, "a copy was left"
        for path in self.paths:
            names = [
                home.name for home, paths in zip(self.homes, said, strict=True) if path in paths
            ]
            held = read_tags(path).genres
            assert held in [(f"{name} {self.rounds}",) for name in names], (
                "a change was said and not made"
            )
        return len(said[0] & said[1])

    def _start(self, home: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tagger", "apply", f"{home}.json", "--yes"]
        return subprocess.Popen(
            command, env={**os.environ, "XDG_DATA_HOME": str(home)},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def _changed(self, home: Path) -> set[Path]:
        with Journal(home / "musictag") as journal:
            entries = journal.entries(journal.runs()[-1].id)
        self.statuses.update(f"{entry.status} {entry.reason}" for entry in entries)
        return {entry.path for entry in entries if entry.status == "changed"}


def main(rounds: int) -> None:
    """Say how many changes were overwritten in so many rounds over 100 files."""
    from tests.music_files import make_file

    with tempfile.TemporaryDirectory() as name:
        homes = Homes(Path(name), make_file("mp3", Path(name) / "song.mp3"), 100)
        lost = sum(homes.race() for _ in range(rounds))
        sys.stdout.write(f"{rounds} rounds, {lost} overwritten, {dict(homes.statuses)}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
