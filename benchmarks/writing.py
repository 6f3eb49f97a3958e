"""How fast tags are written safely, beside mutagen's own save in place and the least that is safe.

    python benchmarks/writing.py [--files 1000] [--megabytes 8] [--folder FOLDER] [--results FILE]

Makes MP3 files with room in their padding, then writes a genre into each by several methods: by
mutagen, which changes the file in place and waits for nothing; with an fsync for each file, which
is the least that "written" means; by a copy that is waited for and takes the file's name, which is
the least that "safe" means, one by one and 32 at once, with and without comparing it; and by
`musictag apply`. All methods take turns, some files each, so that other work on the machine slows
all of them; a file is in memory when its turn comes. Adds a table to benchmarks/WRITING.md, or to
the file of `--results`.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import mutagen.id3
import numpy as np

from tagger.demo import write_audio
from tagger.tags.reader import read_tags
from tagger.writing.apply import BATCH, THREADS, apply_plan, count
from tagger.writing.journal import Journal
from tagger.writing.plan import FileChange, TagChange, TagPlan

HERE = Path(__file__).parent
PADDING = 16 * 1024
FICLONE = 0x40049409  # of Linux: let a file share all blocks of another
ROUND = 100  # files that one method takes before it is the next one's turn
Method = Callable[[list[Path], TagPlan], None]


@dataclass(frozen=True)
class Cost:
    """What one file costs: time until it is on the disk, and time of a processor."""

    seconds: float
    cpu_s: float


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


def by_mutagen(paths: list[Path], plan: TagPlan, *, wait: bool) -> None:
    """Write a genre in place."""
    genres = list(plan.files[0].changes[0].after)
    for path in paths:
        tags: Any = mutagen.id3.ID3(path)  # type: ignore[no-untyped-call]
        tags.setall("TCON", [mutagen.id3.TCON(3, genres)])  # type: ignore[no-untyped-call]
        tags.save(path)
        if wait:
            sync(path)


def make_plan(paths: list[Path], genre: str) -> TagPlan:
    """A plan to write a genre; a scan makes it from what it reads anyway."""
    files = []
    for path in paths:
        tags = read_tags(path)
        files.append(FileChange(path, tags.audio, (TagChange("genre", tags.genres, (genre,)),)))
    return TagPlan(tuple(files))


def by_musictag(paths: list[Path], plan: TagPlan) -> None:
    """Write a genre as `musictag apply` does."""
    with Journal(paths[0].parent / "journal") as opened:
        counts = count(apply_plan(plan, opened))
    assert counts["changed"] == len(paths), counts


def copied(path: Path, *, shared: bool = False) -> Path:
    """A copy of a file, given to the system but not waited for."""
    copy = path.with_suffix(".copy")
    if not shared:
        return Path(shutil.copyfile(path, copy))
    import fcntl

    with path.open("rb") as source, copy.open("wb") as target:
        fcntl.ioctl(target, FICLONE, source.fileno())
        target.write(source.read(PADDING))  # a new tag takes blocks of its own
    return copy


def sync(path: Path) -> None:
    """Wait until a file or the names in a folder are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def by_copying(paths: list[Path], _: TagPlan, *, shared: bool = False) -> None:
    """The least that is safe, one file after the other."""
    for path in paths:
        copy = copied(path, shared=shared)
        sync(copy)
        copy.replace(path)
        sync(path.parent)


def by_batches(paths: list[Path], _: TagPlan, *, shared: bool, compare: bool = False) -> None:
    """The least that is safe, many files at once."""
    with ThreadPoolExecutor(THREADS) as pool:
        for at in range(0, len(paths), BATCH):
            batch = paths[at : at + BATCH]
            copies = list(pool.map(partial(copied, shared=shared), batch))
            list(pool.map(sync, copies))
            if compare:
                list(pool.map(same, batch, copies))
            for path, copy in zip(batch, copies, strict=True):
                copy.replace(path)
            sync(batch[0].parent)


def same(one: Path, other: Path) -> bool:
    """Read two files side by side."""
    with one.open("rb", buffering=0) as left, other.open("rb", buffering=0) as right:
        left.seek(PADDING)
        right.seek(PADDING)
        while content := left.read(1 << 18):
            assert content == right.read(1 << 18), one
    return True


def methods_for(folder: Path) -> dict[str, Method]:
    """The methods that the disk of a folder allows, by name."""
    (probe := folder / "probe").write_bytes(bytes(PADDING))
    try:
        shared = bool(copied(probe, shared=True))
    except (OSError, ImportError):
        shared = False
    how = "reflink" if shared else "copy"
    found: dict[str, Method] = {
        "mutagen, in place": partial(by_mutagen, wait=False),
        "mutagen + fsync": partial(by_mutagen, wait=True),
        "copy + fsync + rename": by_copying,
    }
    if shared:
        found["reflink + fsync + rename"] = partial(by_copying, shared=True)
    found[f"{how} + fsync + rename, {BATCH} at once"] = partial(by_batches, shared=shared)
    found[f"{how} + fsync + compare + rename, {BATCH} at once"] = partial(
        by_batches, shared=shared, compare=True
    )
    found["musictag apply"] = by_musictag
    return found


def measure(methods: dict[str, Method], paths: list[Path]) -> dict[str, Cost]:
    """What each method costs for a file, until all is on the disk."""
    waited, computed = dict.fromkeys(methods, 0.0), dict.fromkeys(methods, 0.0)
    for at in range(0, len(paths), ROUND):
        part = paths[at : at + ROUND]
        for turn, (name, method) in enumerate(methods.items()):
            for path in part:
                path.read_bytes()
            plan = make_plan(part, f"Jazz {turn}")
            os.sync()
            start, start_cpu = time.perf_counter(), time.process_time()
            method(part, plan)
            computed[name] += time.process_time() - start_cpu
            os.sync()
            waited[name] += time.perf_counter() - start
        print(", ".join(f"{name}: {(at + len(part)) / s:.0f}" for name, s in waited.items()))
    n = len(paths)
    return {name: Cost(waited[name] / n, computed[name] / n) for name in methods}


def table(costs: dict[str, Cost], args: argparse.Namespace, system: str) -> str:
    """The costs as Markdown."""
    first, second, *_ = costs.values()
    rows = [
        f"| {name} | {1 / cost.seconds:.0f} | {cost.seconds / first.seconds:.1f} times "
        f"| {cost.seconds / second.seconds:.1f} times | {cost.cpu_s * 1000:.2f} ms |"
        for name, cost in costs.items()
    ]
    head = (
        f"`python benchmarks/writing.py --files {args.files} --megabytes {args.megabytes:g}` on "
        f"{system}: {args.files} MP3 files of {args.megabytes:g} MB with room in their padding."
    )
    columns = (
        "| method | files/s | in place is faster | in place + fsync is faster | CPU per file |"
    )
    return "\n".join([head, "", columns, "|---|---|---|---|---|", *rows, ""])


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
    parser.add_argument("--results", type=Path, default=HERE / "WRITING.md")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=args.folder)).resolve()
    system = file_system(folder)
    try:
        costs = measure(methods_for(folder), make_files(folder, args.files, args.megabytes))
    finally:
        shutil.rmtree(folder)
    with args.results.open("a", encoding="utf-8") as file:
        file.write(table(costs, args, system) + "\n")


if __name__ == "__main__":
    main()
