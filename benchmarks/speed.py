"""Rate and memory of a scan of real music, beside the floor that reading its sound sets.

    python -m benchmarks.speed --library DIR [--tracks 40] [--short 10000] [--keep FOLDER]
                               [--musicnn PYTHON] [--essentia PYTHON]

Takes MP3 files of three to five and a half minutes from the folder of a music library (without
one the demo generator renders some), and six of them again in every format that ffmpeg writes,
where it is installed. Short tracks in great number, for memory and scale, are always rendered.
CPU time is counted beside that of the floor, file by file in turns (`speed_tracks`), and of whole
commands, each a process of its own. Other programs on the machine change the times but hardly
their ratios. Writes benchmarks/RESULTS.md and speed.svg. Needs Linux for the page cache and the
counts of handles.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.library import evict, long_library, short_library, songs, warm
from benchmarks.measuring import Growth, Run, growth, interrupt, measure
from benchmarks.peers import PEERS
from benchmarks.speed_formats import write_formats
from benchmarks.speed_report import picture, report
from benchmarks.speed_tracks import Cost, measure_tracks

HERE = Path(__file__).parent
PYTHON = sys.executable
SCAN = (PYTHON, "-m", "tagger", "scan", "--json")

# Decodes every sample and drops it.
WHOLE_FILES = """
import sys, av
for path in sys.argv[1:]:
    with av.open(path) as container:
        for frame in container.decode(audio=0):
            pass
"""
AS_FOUND = "MP3 as found"
WHOLE, PEER_TRACKS, IN_FORMATS = 12, 2, 6  # files for the costlier runs


@dataclass
class Measured:
    """All that is measured in one go."""

    costs: dict[str, Cost] = field(default_factory=dict)  # by format
    main: list[Run] = field(default_factory=list)
    kept: list[Run] = field(default_factory=list)
    scale: dict[int, list[Run]] = field(default_factory=dict)  # by processes
    growth: list[Growth] = field(default_factory=list)
    interrupt_s: float = 0.0
    seconds: float = 0.0  # of the mean track


def main() -> None:
    """Find or make the libraries, measure, write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", type=Path, help="folder with whole songs as MP3 files")
    parser.add_argument("--tracks", type=int, default=40)
    parser.add_argument("--short", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="folder for what is made, kept for later runs")
    parser.add_argument("--musicnn", type=Path, help="Python of an environment with musicnn")
    parser.add_argument("--essentia", type=Path, help="Python of one with essentia-tensorflow")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["XDG_CACHE_HOME"] = scratch  # not the cache of whoever runs this
        folder = args.keep or Path(scratch)
        if not args.library:
            long_library(folder / "long", args.tracks, 240)
        tracks = songs(args.library or folder / "long", args.tracks)
        short_library(folder / "short", args.short, 4.0)
        found = Measured(seconds=sum(tracks.values()) / len(tracks))
        measure_costs(found, folder / "formats", list(tracks), args.repeats)
        measure_long(found, list(tracks), args)
        measure_short(found, folder / "short", args.short)
    library = "--library DIR " if args.library else ""
    command = f"python -m benchmarks.speed {library}--tracks {args.tracks} --short {args.short}"
    text = report(found, command, len(tracks), real=args.library is not None)
    (HERE / "RESULTS.md").write_text(text, encoding="utf-8")
    (HERE / "speed.svg").write_text(picture(found), encoding="utf-8")
    print(text)


def measure_costs(found: Measured, folder: Path, tracks: list[Path], repeats: int) -> None:
    """The floor and the scan of single files, in each format."""
    formats = {AS_FOUND: tracks, **write_formats(folder, tracks[:: -(-len(tracks) // IN_FORMATS)])}
    for name, paths in formats.items():
        found.costs[name] = measure_tracks(paths, repeats)
        print(f"{name}: {found.costs[name]}", file=sys.stderr)


def measure_long(found: Measured, tracks: list[Path], args: argparse.Namespace) -> None:
    """The scan as a person starts it, what others do; and a second scan."""
    n, again, paths = len(tracks), args.repeats, [str(path) for path in tracks]
    fresh = (*SCAN, "--no-cache", *paths)
    evict(tracks)
    cold = measure("`musictag scan --jobs 2`, files not in memory", n, [*fresh, "--jobs", "2"])
    warm(tracks)
    found.main += [
        measure("`musictag scan --jobs 1`", n, [*fresh, "--jobs", "1"], repeats=again),
        measure("`musictag scan --windows auto --jobs 1`", n,
                [*fresh, "--windows", "auto", "--jobs", "1"], repeats=again),
        measure("`musictag scan --jobs 2`", n, [*fresh, "--jobs", "2"], repeats=again),
        cold,
        measure("decode whole files, nothing else", min(WHOLE, n),
                (PYTHON, "-c", WHOLE_FILES, *paths[:WHOLE])),
    ]  # fmt: skip
    for (name, code), python in zip(PEERS.items(), (args.musicnn, args.essentia), strict=True):
        if python:
            found.main.append(measure_peer(name, python, code, tracks[:PEER_TRACKS]))
    measure("fill the cache", n, [*SCAN, *paths])
    found.kept.append(measure("second scan, nothing changed", n, [*SCAN, *paths], repeats=again))


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
