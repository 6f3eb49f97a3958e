"""How fast tags are written safely, beside mutagen's own save in place.

    python benchmarks/writing.py [--files 1000] [--megabytes 8] [--folder FOLDER]

Makes MP3 files with room in their padding, then writes a genre into each: by mutagen, which
changes the file in place and waits for nothing; by mutagen with an fsync for each file, which is
the least that "written" means; and by `musictag apply`, which copies, checks and replaces.
Adds a table to benchmarks/WRITING.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mutagen.id3
import numpy as np

from tagger.apply import apply_plan, count
from tagger.demo import write_audio
from tagger.journal import Journal
from tagger.plan import FileChange, TagChange, TagPlan
from tagger.tagfile import read_tags

HERE = Path(__file__).parent
PADDING = 16 * 1024


def make_files(folder: Path, n_files: int, megabytes: float) -> list[Path]:
    """MP3 files, each other than the last by its title."""
    seed = folder / "seed.mp3"
    tone = np.random.default_rng(1).normal(0, 0.1, (2, 30 * 44100)).astype(np.float32)
    write_audio(seed, tone, 44100)
    sound = seed.read_bytes()
    seed.unlink()
    sound *= -(-int(megabytes * 1e6) // len(sound))
    paths = []
    for i in range(n_files):
        path = folder / f"{i:05d}.mp3"
        path.write_bytes(sound + f"{i:016d}".encode())
        tags: Any = mutagen.id3.ID3()  # type: ignore[no-untyped-call]
        tags.add(mutagen.id3.TIT2(3, [f"Title {i}"]))  # type: ignore[no-untyped-call]
        tags.save(path, padding=lambda _: PADDING)
        paths.append(path)
    return paths


def by_mutagen(paths: list[Path], genre: str, *, sync: bool) -> None:
    """Write a genre in place."""
    for path in paths:
        tags: Any = mutagen.id3.ID3(path)  # type: ignore[no-untyped-call]
        tags.setall("TCON", [mutagen.id3.TCON(3, [genre])])  # type: ignore[no-untyped-call]
        tags.save(path)
        if sync:
            with path.open("rb") as file:
                os.fsync(file.fileno())


def make_plan(paths: list[Path], genre: str) -> TagPlan:
    """A plan to write a genre; a scan makes it from what it reads anyway."""
    files = []
    for path in paths:
        tags = read_tags(path)
        files.append(FileChange(path, tags.audio, (TagChange("genre", tags.genres, (genre,)),)))
    return TagPlan(tuple(files))


def by_musictag(plan: TagPlan, journal: Path) -> None:
    """Write a genre as `musictag apply` does."""
    with Journal(journal) as opened:
        counts = count(apply_plan(plan, opened))
    assert counts["changed"] == len(plan.files), counts


def by_copying(paths: list[Path]) -> None:
    """Copy each file and wait for the disk: the least that any safe way must do."""
    for path in paths:
        copy = path.with_suffix(".copy")
        shutil.copyfile(path, copy)
        with copy.open("rb") as file:
            os.fsync(file.fileno())
        copy.replace(path)


def measure(name: str, n_files: int, work: Callable[[], None]) -> tuple[str, float]:
    """A way to write and its rate in files a second, until all is on the disk."""
    os.sync()
    start = time.perf_counter()
    work()
    os.sync()
    rate = n_files / (time.perf_counter() - start)
    print(f"{name}: {rate:.0f} files/s")
    return name, rate


def table(runs: list[tuple[str, float]], args: argparse.Namespace, system: str) -> str:
    """The runs as Markdown."""
    first = runs[0][1]
    rows = [f"| {name} | {rate:.0f} | {first / rate:.1f} |" for name, rate in runs]
    head = (
        f"`python benchmarks/writing.py --files {args.files} --megabytes {args.megabytes:g}` on "
        f"{system}: {args.files} MP3 files of {args.megabytes:g} MB with room in their padding."
    )
    return "\n".join([head, "", "| way | files/s | times slower |", "|---|---|---|", *rows, ""])


def file_system(folder: Path) -> str:
    """The name of the file system a folder is on, where that is easy to find out."""
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return platform.system()
    lines = [line.split() for line in mounts.read_text(encoding="utf-8").splitlines()]
    found = [x for x in lines if folder.is_relative_to(x[1])]
    return max(found, key=lambda x: len(x[1]))[2]


def main() -> None:
    """Make the files, measure, write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--megabytes", type=float, default=8)
    parser.add_argument("--folder", type=Path, help="where to make them; another disk, say")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=args.folder)).resolve()
    system = file_system(folder)
    try:
        paths = make_files(folder, args.files, args.megabytes)
        runs = [
            measure("mutagen, in place", args.files, lambda: by_mutagen(paths, "Jazz", sync=False)),
            measure("mutagen + fsync", args.files, lambda: by_mutagen(paths, "Blues", sync=True)),
            measure("copy + fsync + rename", args.files, lambda: by_copying(paths)),
        ]
        plan = make_plan(paths, "Folk")
        runs.append(
            measure("musictag apply", args.files, lambda: by_musictag(plan, folder / "journal"))
        )
    finally:
        shutil.rmtree(folder)
    with (HERE / "WRITING.md").open("a", encoding="utf-8") as file:
        file.write(table(runs, args, system) + "\n")


if __name__ == "__main__":
    main()
