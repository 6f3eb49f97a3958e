"""Rate and memory of a scan, beside the floor that reading the sound alone sets.

    python benchmarks/speed.py [--tracks 60] [--seconds 240] [--keep FOLDER]

Renders pieces of the demo generator, encodes them as MP3 and FLAC, and hears them in processes of
their own, so that CPU time and peak memory are each run's alone. Writes benchmarks/RESULTS.md.
Other programs on the machine change the times but hardly their ratios.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tagger.demo import STYLES, render, write_audio
from tagger.demo.synth import RATE

HERE = Path(__file__).parent

# Reads the same windows as a scan does and drops them.
FLOOR = """
import sys
from pathlib import Path
from tagger.audio import iter_windows
for path in sorted(Path(sys.argv[1]).rglob("*.*")):
    for chunk in iter_windows(path, rate=16000, length=48000, count=10):
        pass
"""
# Decodes every sample, as most programs of the kind do.
WHOLE = FLOOR.replace("count=10", "count=None")


@dataclass(frozen=True)
class Run:
    """One measured process (with its children)."""

    name: str
    tracks: int
    cpu_s: float
    wall_s: float
    peak_mb: float


def make_library(folder: Path, tracks: int, seconds: float) -> None:
    """`tracks` files, half MP3 and half FLAC, all different on disk."""
    folder.mkdir(parents=True, exist_ok=True)
    styles = list(STYLES)[:6]
    for i in range(tracks):
        style, suffix = styles[i // 2 % len(styles)], (".mp3", ".flac")[i % 2]
        path = folder / f"{i:04d}{suffix}"
        first = folder / f"{2 * (i // 2 % len(styles)) + i % 2:04d}{suffix}"
        if path.exists():
            continue
        if first.exists():
            shutil.copy(first, path)
        else:
            write_audio(path, render(style, seconds), RATE)


def measure(name: str, tracks: int, command: list[str]) -> Run:
    """Run a command and take its CPU time, wall time and peak memory of its largest process."""
    code = (
        "import json, resource, subprocess, sys\n"
        f"done = subprocess.run({command!r}, stdout=subprocess.DEVNULL)\n"
        "usage = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(json.dumps([done.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))"
    )
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    wall_s = time.perf_counter() - start
    returncode, cpu_s, peak_kb = json.loads(done.stdout)
    if returncode:
        raise SystemExit(f"{name} failed: {done.stderr}")
    unit = 1024 if sys.platform != "darwin" else 1024**2  # macOS counts bytes
    return Run(name, tracks, cpu_s, wall_s, peak_kb / unit)


def table(runs: list[Run], seconds: float) -> str:
    """The runs as Markdown."""
    floor = next(run.cpu_s for run in runs if run.name.startswith("read the windows"))
    rows = [
        f"| {run.name} | {run.cpu_s / run.tracks * 1000:.0f} | {run.cpu_s / floor:.2f} "
        f"| {run.tracks / run.wall_s:.1f} | {run.peak_mb:.0f} |"
        for run in runs
    ]
    return "\n".join(
        [
            (
                f"`python benchmarks/speed.py --tracks {runs[0].tracks} --seconds {seconds:g}`: "
                f"{runs[0].tracks} tracks of {seconds:g} s, 44.1 kHz stereo, half MP3 and half "
                f"FLAC, in the page cache; Python {platform.python_version()}, "
                f"{platform.system()}, {platform.machine()}."
            ),
            "",
            "| run | CPU ms a track | over the floor | tracks/s, wall | peak MB of a process |",
            "|---|---|---|---|---|",
            *rows,
            "",
            (
                "The floor is reading the same windows and doing nothing with them. CPU time "
                "counts the start of Python and of the model."
            ),
        ]
    )


def main() -> None:
    """Make the library, measure, write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=240)
    parser.add_argument("--keep", type=Path, help="folder for the library, kept for the next run")
    args = parser.parse_args()
    folder = args.keep or Path(tempfile.mkdtemp())
    make_library(folder, args.tracks, args.seconds)
    python, scan = sys.executable, [sys.executable, "-m", "tagger", "scan", str(folder), "--jobs"]
    runs = [
        measure("read the windows only", args.tracks, [python, "-c", FLOOR, str(folder)]),
        measure("`musictag scan --jobs 1`", args.tracks, [*scan, "1"]),
        measure("`musictag scan --jobs 2`", args.tracks, [*scan, "2"]),
        measure("decode whole files only", args.tracks, [python, "-c", WHOLE, str(folder)]),
    ]
    text = table(runs, args.seconds)
    print(text)
    (HERE / "RESULTS.md").write_text(f"# Speed and memory\n\n{text}\n", encoding="utf-8")
    if not args.keep:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
