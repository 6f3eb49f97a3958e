"""Rate, memory and scale of a scan, beside the floor that reading the sound alone sets.

    python -m benchmarks.speed [--tracks 240] [--seconds 240] [--short 10000] [--keep FOLDER]
                               [--musicnn PYTHON] [--essentia PYTHON]

Renders two libraries with the demo generator: long tracks in six containers, and short ones in
great number. Each run is a process of its own, so that CPU time and peak memory are its alone.
Other programs on the machine change the times but hardly their ratios. Writes
benchmarks/RESULTS.md and speed.svg. Needs Linux for the page cache and the counts of handles.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.library import evict, long_library, short_library, warm
from benchmarks.measuring import Growth, Run, growth, interrupt, measure
from benchmarks.peers import PEERS
from benchmarks.speed_report import picture, report

HERE = Path(__file__).parent
PYTHON = sys.executable
SCAN = (PYTHON, "-m", "tagger", "scan", "--json")

# Reads the same windows as a scan does and drops them.
FLOOR = """
import sys
from pathlib import Path
from tagger.audio import iter_windows
count = int(sys.argv[2]) or None
for path in sorted(Path(sys.argv[1]).rglob("*.*")):
    for chunk in iter_windows(path, rate=16000, length=48000, count=count):
        pass
"""
WHOLE, PEER_TRACKS = 12, 2  # files for the runs that decode all of each


@dataclass
class Measured:
    """All that is measured in one go."""

    main: list[Run] = field(default_factory=list)
    kept: list[Run] = field(default_factory=list)
    scale: dict[int, list[Run]] = field(default_factory=dict)  # by processes
    growth: list[Growth] = field(default_factory=list)
    interrupt_s: float = 0.0


def main() -> None:
    """Make the libraries, measure, write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=int, default=240)
    parser.add_argument("--seconds", type=float, default=240)
    parser.add_argument("--short", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="folder for the libraries, kept for later runs")
    parser.add_argument("--musicnn", type=Path, help="Python of an environment with musicnn")
    parser.add_argument("--essentia", type=Path, help="Python of one with essentia-tensorflow")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["XDG_CACHE_HOME"] = scratch  # not the cache of whoever runs this
        folder = args.keep or Path(scratch)
        long_library(folder / "long", args.tracks, args.seconds)
        short_library(folder / "short", args.short, 4.0)
        found = Measured()
        measure_long(found, folder / "long", args)
        measure_short(found, folder / "short", args.short)
    command = (
        f"python -m benchmarks.speed --tracks {args.tracks} --seconds {args.seconds:g} "
        f"--short {args.short}"
    )
    text = report(found, command)
    (HERE / "RESULTS.md").write_text(text, encoding="utf-8")
    (HERE / "speed.svg").write_text(picture(found), encoding="utf-8")
    print(text)


def measure_long(found: Measured, folder: Path, args: argparse.Namespace) -> None:
    """The floor, the scan, what others do; and a second scan."""
    n, again = args.tracks, args.repeats
    fresh, path = (*SCAN, "--no-cache", str(folder)), str(folder)
    floor = (PYTHON, "-c", FLOOR, path)
    evict(folder)
    cold = measure("`musictag scan --jobs 2`, files not in memory", n, [*fresh, "--jobs", "2"])
    warm(folder)
    found.main += [
        measure("read ten windows, nothing else", n, [*floor, "10"], repeats=again),
        measure("`musictag scan --windows 10 --jobs 1`", n,
                [*fresh, "--windows", "10", "--jobs", "1"], repeats=again),
        measure("`musictag scan --jobs 1`", n, [*fresh, "--jobs", "1"], repeats=again),
        measure("`musictag scan --jobs 2`", n, [*fresh, "--jobs", "2"], repeats=again),
        cold,
    ]  # fmt: skip
    some = folder.with_name("some")
    some.mkdir(exist_ok=True)
    paths = sorted(folder.rglob("*.*"))
    for path_ in paths[:WHOLE]:
        if not (some / path_.name).exists():
            os.link(path_, some / path_.name)
    whole = (PYTHON, "-c", FLOOR, str(some), "0")
    found.main.append(measure("decode whole files, nothing else", min(WHOLE, n), whole))
    for (name, (code, suffixes)), python in zip(
        PEERS.items(), (args.musicnn, args.essentia), strict=True
    ):
        if python:
            suited = [p for p in paths if p.suffix in suffixes][:PEER_TRACKS]
            found.main.append(measure_peer(name, python, code, suited))
    measure("fill the cache", n, [*SCAN, path])
    found.kept.append(measure("second scan, nothing changed", n, [*SCAN, path], repeats=again))


def measure_peer(name: str, python: Path, code: str, paths: list[Path]) -> Run:
    """CPU time as the program itself counts it: without its start, which ours are charged with."""
    command = [str(python), "-c", code, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    cpu_s, wall_s, peak_mb = map(float, done.stdout.split("TOOK")[-1].split())
    return Run(name, len(paths), cpu_s, wall_s, peak_mb)


def measure_short(found: Measured, folder: Path, tracks: int) -> None:
    """How rate, memory and handles go with the number of files."""
    for jobs in (1, 2):
        command = [*SCAN, "--no-cache", "--jobs", str(jobs)]
        runs = []
        for n in (tracks // 100, tracks // 10, tracks):
            part = _part(folder, n)
            runs.append(measure(f"{n} short tracks, {jobs} processes", n, [*command, str(part)]))
        found.scale[jobs] = runs
    command = [*SCAN, "--no-cache", "--jobs", "2", str(folder)]
    found.growth = growth(command, tracks // 10)
    found.interrupt_s = max(interrupt(command, lines) for lines in (1, tracks // 20, tracks // 2))
    measure("fill the cache", tracks, [*SCAN, str(folder)])
    name = f"second scan of {tracks} short tracks"
    found.kept.append(measure(name, tracks, [*SCAN, str(folder)]))


def _part(folder: Path, tracks: int) -> Path:
    part = folder.with_name(f"{folder.name}-{tracks}")
    for path in sorted(folder.rglob("*.*"))[:tracks]:
        place = part / path.parent.name / path.name
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            os.link(path, place)
    return part


if __name__ == "__main__":
    main()
