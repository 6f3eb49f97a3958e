"""Rate of a scan of files whose first byte comes late, as from a network or a disk that sleeps.

    python -m benchmarks.slow_disk --library DIR [--tracks 40] [--delay 0.05]

Whoever opens a file first, of all processes of the scan, waits; from then on it is in memory, as
with the cache of a system. Prints tracks a second of wall time with and without the delay, in
turns, and for how long the processes that classify waited.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.library import songs, warm

# What Python runs at its start, in each process of the scan.
SHIM = """
import builtins, hashlib, io, os, threading, time
from pathlib import Path
seen, folder, delay = Path(os.environ["SEEN"]), os.environ["SLOW"], float(os.environ["DELAY"])
fast = io.open
def slow(file, *args, **options):
    if isinstance(file, (str, os.PathLike)) and os.fspath(file).startswith(folder):
        wait(seen / hashlib.md5(os.fsencode(file)).hexdigest())
    return fast(file, *args, **options)
def wait(mark):
    try:
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        pass
    left = mark.stat().st_mtime + delay - time.time()
    if left > 0:
        time.sleep(left)
        if threading.current_thread() is threading.main_thread():
            with fast(seen / f"waited-{os.getpid()}", "a") as file:
                file.write(f"{left}\\n")
io.open = builtins.open = slow
"""


def main() -> None:
    """Scan with and without the delay, in turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--tracks", type=int, default=40)
    parser.add_argument("--delay", type=float, default=0.05)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    library = args.library.absolute()
    tracks = [str(path) for path in songs(library, args.tracks)]
    warm(map(Path, tracks))
    found = [
        [_scan(tracks, library, delay) for delay in (0, args.delay)] for _ in range(args.repeats)
    ]
    for i, name in enumerate(("as it is", f"{args.delay * 1000:.0f} ms late")):
        seconds, waited = (median(run[i][part] for run in found) for part in (0, 1))
        rate, idle = len(tracks) / seconds, waited / len(tracks) * 1000
        print(f"{name}: {rate:.1f} tracks/s, {idle:.1f} ms of waiting a track")


def _scan(tracks: list[str], library: Path, delay: float) -> tuple[float, float]:
    """Seconds of a scan, and seconds its processes waited for files."""
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "sitecustomize.py").write_text(SHIM)
        seen = Path(scratch) / "seen"
        seen.mkdir()
        env = {
            **os.environ, "PYTHONPATH": f"{scratch}{os.pathsep}{Path.cwd()}", "SEEN": str(seen),
            "SLOW": str(library), "DELAY": str(delay),
        }  # fmt: skip
        command = [sys.executable, "-m", "tagger", "scan", "--json", "--no-cache", *tracks]
        start = time.perf_counter()
        subprocess.run(command, env=env, stdout=subprocess.DEVNULL, check=True)
        seconds = time.perf_counter() - start
        lines = [line for file in seen.glob("waited-*") for line in file.read_text().split()]
        return seconds, sum(map(float, lines))


if __name__ == "__main__":
    main()
