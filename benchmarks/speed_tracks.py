"""CPU time of single tracks: the floor of reading beside a scan's work, in turns.

    python -m benchmarks.speed_tracks REPEATS FILE...

One process, so that neither the start of Python nor that of the network counts; each file is read
and scanned in turns, so that what else the machine does falls on both. Of each the least of all
repeats counts, since others only ever add to it. Prints a JSON list, milliseconds for each file.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path
from statistics import mean

import av

from tagger.inference.early_exit import CLEARANCE
from tagger.models.model import Model, load_model
from tagger.scanning.one_file import scan_file
from tagger.scanning.settings import Settings

WINDOWS, WINDOW_S = 10, 3.0
TEN, AUTO = Settings(), Settings(clearance=CLEARANCE)


@dataclass(frozen=True)
class Cost:
    """CPU milliseconds a track: the floor, a scan of ten windows, and one that stops early."""

    floor: float
    ten: float
    auto: float


def read_floor(path: Path, length: float) -> None:
    """What any reader of ten windows must do: open, seek, decode ten times; nothing is kept.

    Over `length` seconds, as many as there are: FFmpeg overrates files that do not say it.
    """
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        for i in range(WINDOWS):
            start = length * (i + 0.5) / WINDOWS - WINDOW_S / 2
            container.seek(int(start * av.time_base))
            left = WINDOW_S
            for frame in container.decode(stream):
                left -= frame.samples / frame.sample_rate
                if left <= 0:
                    break


def measure_tracks(paths: list[Path], repeats: int) -> Cost:
    """The mean over some files, measured in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.speed_tracks", str(repeats), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    costs = [Cost(*row) for row in json.loads(done.stdout)]
    return Cost(*(mean(column) for column in zip(*map(astuple, costs), strict=True)))


def main() -> None:
    """Measure the files of the command line."""
    repeats, paths = int(sys.argv[1]), [Path(name) for name in sys.argv[2:]]
    model = load_model()
    rows = []
    for path in (paths[0], *paths):  # the first one twice, to warm up
        works = _works(path, model)
        rows.append(_least([[_cpu_ms(work) for work in works] for _ in range(repeats)]))
    print(json.dumps(rows[1:]))


def _works(path: Path, model: Model) -> list[Callable[[], object]]:
    """The floor, a scan of ten windows, and one that stops early."""
    result = scan_file(path, model, TEN)
    if not result.track:
        raise SystemExit(f"{path}: {result.error}")
    floor = partial(read_floor, path, result.track.slices.duration_s)
    return [floor, *(partial(scan_file, path, model, settings) for settings in (TEN, AUTO))]


def _cpu_ms(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


def _least(rounds: list[list[float]]) -> list[float]:
    return [min(column) for column in zip(*rounds, strict=True)]


if __name__ == "__main__":
    main()
