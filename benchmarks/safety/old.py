"""What happens to files when things go wrong: every failure, many kills, many damaged files.

    python -m benchmarks.safety [--kills 200] [--damaged 5100] [--seed 1]

Writes the counts to benchmarks/SAFETY.md, and stops at the first file that is damaged, loses a tag,
is left with a copy beside it, or is not what the journal says. Linux or macOS; as root it fills a
small disk of its own too. Some ten minutes.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tagger.apply import apply_plan
from tagger.journal import Journal
from tagger.plan import TagPlan
from tagger.tagfile import read_tags
from tests.faults import NEW, LyingDisk, change, fail_everywhere, in_a_foreign_tag, in_the_sound
from tests.killing import Library, kill_once
from tests.music_files import KINDS, make_file
from tests.mutations import run_through

RESULTS = Path(__file__).with_name("SAFETY.md")
LONGEST_S, MOST_MB = 5.0, 500.0


def failures(folder: Path) -> str:
    """Every use of the disk fails once, in every container."""
    statuses: Counter[str] = Counter()
    for kind, suffix in KINDS.items():
        music = folder / kind
        music.mkdir()
        path = make_file(kind, music / f"song{suffix}")
        with Journal(folder / "journal") as journal:
            for disk, (outcome,) in fail_everywhere([path], journal):
                statuses[outcome.status] += bool(disk.failed_at)
    return (
        f"| each use of the disk fails in turn, {len(KINDS)} kinds of file "
        f"| {statuses.total()} failures | {statuses['failed']} files wholly as before, "
        f"{statuses['changed']} wholly as wished |"
    )


def failures_in_batches(folder: Path) -> str:
    """Every use of the disk fails once while files of all containers are written together."""
    paths, statuses, times = [], Counter[str](), 0
    for kind, suffix in KINDS.items():
        music = folder / f"batch {kind}"
        music.mkdir()
        paths.append(make_file(kind, music / f"song{suffix}"))
    with Journal(folder / "journal") as journal:
        for disk, outcomes in fail_everywhere(paths, journal):
            if disk.failed_at:
                statuses.update(outcome.status for outcome in outcomes)
                times += 1
    return (
        f"| each use of the disk fails in turn while these {len(KINDS)} files are written together "
        f"| {times} failures | {statuses['failed']} files wholly as before, "
        f"{statuses['changed']} wholly as wished |"
    )


def lies(folder: Path) -> str:
    """One byte of each copy is not what was written."""
    found = 0
    for kind, suffix in KINDS.items():
        music = folder / f"lie {kind}"
        music.mkdir()
        path = make_file(kind, music / f"song{suffix}")
        before = path.read_bytes()
        with Journal(folder / "journal") as journal:
            for where in (in_the_sound, in_a_foreign_tag):
                plan = TagPlan((change(path, *NEW),))
                (outcome,) = apply_plan(plan, journal, disk=LyingDisk(where))
                assert outcome.status == "failed", kind
                assert path.read_bytes() == before, kind
                found += 1
    return (
        "| the disk keeps one wrong byte, in the sound or in another tag "
        f"| {found} copies | {found} found, {found} files wholly as before |"
    )


def kills(folder: Path, number: int, rng: random.Random) -> str:
    """`musictag apply` over 100 files is killed at random moments."""
    music = folder / "kills"
    music.mkdir()
    library = Library(music, make_file("mp3", folder / "seed.mp3"), n_files=100)
    changed = unchanged = recovered = inside = 0
    tried = 0
    while inside < number:
        tried += 1
        library.restore()
        killed = kill_once(library, rng.uniform(0, library.writing_s))
        changed += killed.changed
        unchanged += killed.unchanged
        recovered += killed.recovered
        inside += 0 < killed.changed < 100 or killed.recovered > 0
    return (
        f"| SIGKILL at a random moment of `musictag apply` over 100 files | {tried} kills, "
        f"{inside} while files were written | {unchanged} files wholly as before, {changed} "
        f"wholly as wished, {recovered} found out about at the next start |"
    )


def full_disk(folder: Path) -> str:
    """A disk of 4 MB with room for two of six copies at once."""
    with small_disk(folder / "disk") as disk:
        if disk is None:
            return "| full disk (tmpfs of 4 MB) | not run: needs root and Linux | |"
        content = make_file("mp3", folder / "full.mp3").read_bytes() * 10
        large = [disk / f"{i}.mp3" for i in range(6)]
        for path in large:
            path.write_bytes(content)
        left = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        (disk / "ballast").write_bytes(bytes(left - len(content) // 2))
        plan = TagPlan(tuple(change(path, *NEW) for path in large))
        with Journal(folder / "journal") as journal:
            outcomes = list(apply_plan(plan, journal))
        assert all(path.read_bytes() == content for path in large)
        assert {outcome.status for outcome in outcomes} == {"failed"}
        assert all("No space left" in outcome.reason for outcome in outcomes)
        (disk / "ballast").unlink()
        with Journal(folder / "journal") as journal:
            outcomes = list(apply_plan(plan, journal))
        done = sum(outcome.status == "changed" for outcome in outcomes)
        assert done == 6
        assert all(read_tags(path).genres == NEW for path in large)
    return (
        "| full disk (tmpfs of 4 MB) | 6 files without room for a copy, then with room "
        f"| 6 wholly as before, then {done} wholly as wished |"
    )


@contextmanager
def small_disk(folder: Path) -> Iterator[Path | None]:
    """A disk in memory, or None where this cannot be had."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if sys.platform != "linux" or subprocess.run(command, check=False).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def damaged(folder: Path, number: int, seed: int) -> str:
    """Damaged files go through reading, planning and writing."""
    kinds = folder / "kinds"
    kinds.mkdir()
    originals = [make_file(kind, kinds / f"{kind}{suffix}") for kind, suffix in KINDS.items()]
    for counts, spent_s in run_through(originals, folder, number, seed):
        assert spent_s < LONGEST_S, f"{spent_s:.1f} s for file {counts.files}"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak_mb = peak / (1024 if sys.platform != "darwin" else 1024**2)
    assert peak_mb < MOST_MB, f"{peak_mb:.0f} MB"
    return (
        f"| damaged files (bits, lengths, heads, parts), {len(KINDS)} kinds | {counts.files} files "
        f"| {counts.changed} written, their sound and titles as before; {counts.unreadable} not "
        f"readable and {counts.refused} refused, as they were; slowest {counts.slowest_s:.2f} s, "
        f"peak {peak_mb:.0f} MB |"
    )


def main() -> None:
    """Do all of it, write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--damaged", type=int, default=5100)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rows, started = [], time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts: list[Callable[[], str]] = [
            partial(failures, folder),
            partial(failures_in_batches, folder),
            partial(lies, folder),
            partial(full_disk, folder),
            partial(damaged, folder, args.damaged, args.seed),
            partial(kills, folder, args.kills, random.Random(args.seed)),
        ]
        for part in parts:
            rows.append(part())
            print(rows[-1], flush=True)
    minutes = (time.monotonic() - started) / 60
    RESULTS.write_text(report(rows, args, minutes), encoding="utf-8")


def report(rows: list[str], args: argparse.Namespace, minutes: float) -> str:
    """The counts as Markdown."""
    command = f"python -m benchmarks.safety --kills {args.kills} --damaged {args.damaged}"
    system = f"Python {platform.python_version()}, {platform.system()}"
    table = "\n".join(
        ["| what goes wrong | how often | files afterwards |", "|---|---|---|", *rows]
    )
    end = (
        "Files damaged: 0. Tags lost: 0. Copies left behind: 0. Outcomes that the journal tells "
        "otherwise than the files: 0. The script stops at the first of any of these."
    )
    head = f"`{command} --seed {args.seed}`: {minutes:.0f} minutes, {system}."
    return f"# Safety\n\n{head}\n\n{table}\n\n{end}\n"


if __name__ == "__main__":
    main()
