"""One command measured: CPU time, wall time, peak memory; and how a long run grows."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# Runs a command and tells its exit code, CPU seconds and the peak of its largest process.
_METER = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
used = usage.ru_utime + usage.ru_stime
print(json.dumps([done.returncode, used, usage.ru_maxrss, done.stderr[-2000:]]))
"""


@dataclass(frozen=True)
class Run:
    """One measured command with all processes it started."""

    name: str
    tracks: int
    cpu_s: float
    wall_s: float
    peak_mb: float

    @property
    def cpu_ms(self) -> float:
        """CPU time of a track in milliseconds."""
        return self.cpu_s / self.tracks * 1000

    @property
    def rate(self) -> float:
        """Tracks in a second of wall time."""
        return self.tracks / self.wall_s


def measure(name: str, tracks: int, command: Sequence[str], *, repeats: int = 1) -> Run:
    """The run with the least CPU time; others on the machine only ever add to it."""
    runs = [_measured(name, tracks, command) for _ in range(repeats)]
    best = min(runs, key=lambda run: run.cpu_s)
    return Run(name, tracks, best.cpu_s, min(run.wall_s for run in runs), best.peak_mb)


def _measured(name: str, tracks: int, command: Sequence[str]) -> Run:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _METER, *command], capture_output=True, text=True, check=True
    )
    wall_s = time.perf_counter() - start
    code, cpu_s, peak, errors = json.loads(done.stdout)
    if code:
        raise SystemExit(f"{name} failed: {errors}")
    unit = 1024 if sys.platform != "darwin" else 1024**2  # macOS counts bytes
    run = Run(name, tracks, cpu_s, wall_s, peak / unit)
    print(f"{name}: {run.cpu_ms:.1f} CPU ms a track, {run.rate:.1f} tracks/s", file=sys.stderr)
    return run


@dataclass(frozen=True)
class Growth:
    """Memory and open files of all processes of a scan, after so many tracks."""

    tracks: int
    memory_mb: float
    handles: int


def growth(command: Sequence[str], every: int) -> list[Growth]:
    """Watch a scan that prints a line for each track."""
    found = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout
        for number, _ in enumerate(process.stdout, 1):
            if number % every == 0:
                pids = [process.pid, *_children(process.pid)]
                memory, handles = sum(map(_memory_mb, pids)), sum(map(_handles, pids))
                found.append(Growth(number, memory, handles))
    return found


def interrupt(command: Sequence[str], after_lines: int) -> float:
    """Seconds from Ctrl-C to the end of a scan in the middle of its work."""
    # A shell that starts us in the background has us ignore it, and so the scan.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        assert process.stdout
        for _ in range(after_lines):
            process.stdout.readline()
        start = time.perf_counter()
        os.killpg(process.pid, signal.SIGINT)
        process.stdout.read()
        process.wait()
    return time.perf_counter() - start


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def _memory_mb(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _handles(pid: int) -> int:
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return 0
