"""The Beam pipeline beside a scan: are the scores the same, and what does a track cost?

    python benchmarks/pipeline.py [--files 100] [--tracks 60] [--seconds 240]

First hears `--files` different short files and a broken one with both and compares every score;
then hears libraries of four-minute tracks of the demo generator. The cost of a track is the slope
between a small library and a large one, so that the start of Python and Beam does not count in it.
Writes benchmarks/PIPELINE.md. Needs the extra [beam].
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tagger.beam.parquet_rows import read_rows, scores_of
from tagger.demo import N_TRACKS, write_demo
from tagger.models.card import load_card
from tagger.models.model import find_card
from tagger.scanning.discovery import find_files
from tagger.scanning.parallel import scan
from tagger.scanning.settings import Settings

HERE = Path(__file__).parent
LOCAL = ["--direct_running_mode", "multi_processing", "--direct_num_workers"]


@dataclass(frozen=True)
class Run:
    """One run of the pipeline with its workers."""

    name: str
    tracks: int
    cpu_s: float
    wall_s: float


def pipeline(name: str, folder: Path, tracks: int, output: Path, *options: str) -> Run:
    """Run the command on a folder."""
    command = [sys.executable, "-m", "tagger", "pipeline", "--input", str(folder)]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [*command, "--output", str(output), *options], capture_output=True, text=True
    )
    wall_s, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if f"{tracks} classified" not in done.stderr:
        raise SystemExit(f"{name} failed: {done.stderr}")
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(name, tracks, cpu_s, wall_s)


def compare(folder: Path, files: int, place: Path) -> str:
    """Scores of the pipeline and of a scan over different files, one of them broken."""
    for i in range(-(-files // N_TRACKS)):
        write_demo(folder / str(i), seconds=10, seed=i + 1)
    for path in sorted(folder.rglob("*.*"))[files:]:
        path.unlink()
    (folder / "broken.mp3").write_text("no music")
    output = place / "compared.parquet"
    pipeline("compared", folder, files, output, *LOCAL, "2")
    rows, card = list(read_rows(output)), load_card(find_card("small"))
    heard = {row["path"]: scores_of(row, card).values for row in rows}
    assert len(rows) == len(heard) == files
    worst, failed = 0.0, []
    for result in scan(find_files([folder]), Settings(), jobs=1):
        if result.track:
            difference = np.abs(heard[str(result.path)] - result.track.scores.values)
            worst = max(worst, float(difference.max()))
        else:
            failed.append(str(result.path))
    letters = (place / "compared.failed.jsonl").read_text().splitlines()
    assert [json.loads(letter)["path"] for letter in letters] == failed
    return (
        f"{files} different files and a broken one, two worker processes: {len(rows)} rows, one a "
        f"file; {len(letters)} dead letter; largest difference of a score to `musictag scan`: "
        f"{worst:.1e}."
    )


def rates(folder: Path, tracks: int, seconds: float, place: Path) -> list[Run]:
    """Runs over a small library and over a large one of copies of the same tracks."""
    small, large = folder / "small", folder / "large"
    write_demo(small, seconds=seconds)
    for i in range(tracks // N_TRACKS):
        shutil.copytree(small, large / str(i))
    count = tracks // N_TRACKS * N_TRACKS
    return [
        pipeline("one process", small, N_TRACKS, place / "a.parquet"),
        pipeline("one process", large, count, place / "b.parquet"),
        pipeline("two worker processes", large, count, place / "c.parquet", *LOCAL, "2"),
    ]


def report(compared: str, runs: list[Run], seconds: float) -> str:
    """All of it as Markdown."""
    small, large, _ = runs
    per_track = (large.cpu_s - small.cpu_s) / (large.tracks - small.tracks)
    rows = [f"| {r.name} | {r.tracks} | {r.cpu_s:.1f} | {r.wall_s:.1f} |" for r in runs]
    lines = [
        "# The pipeline on Beam's local runner",
        "",
        (
            f"`python benchmarks/pipeline.py`: Python {platform.python_version()}, "
            f"{platform.system()}, {platform.machine()}."
        ),
        "",
        compared,
        "",
        f"Tracks of {seconds:g} s in seven formats, in the page cache:",
        "",
        "| run | tracks | CPU s | wall s |",
        "|---|---|---|---|",
        *rows,
        "",
        (
            f"A track costs {per_track:.3f} CPU-seconds beyond the start: "
            f"**{3600 / per_track:,.0f} tracks per core-hour**, "
            f"{1e6 * per_track / 3600:.0f} core-hours for a million. Other programs on the machine "
            "lengthen wall times."
        ),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Make the libraries, compare, measure, write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100)
    parser.add_argument("--tracks", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=240)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        compared = compare(place / "compared", args.files, place)
        runs = rates(place / "rates", args.tracks, args.seconds, place)
    text = report(compared, runs, args.seconds)
    print(text)
    (HERE / "PIPELINE.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
