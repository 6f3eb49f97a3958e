"""A process of its own for trials: tells of each in one line, so that nothing can hang unseen."""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from benchmarks.safety.kinds import KINDS
from benchmarks.safety.referee import Problem
from benchmarks.safety.trial import NAMES, Check, Place


def work(kind: str, first: int, last: int, seed: int, folder: Path, pattern: str = "") -> None:
    """Do trials of a kind by their numbers, and print what came of each."""
    place = Place(folder, chosen(pattern))
    for number in range(first, last):
        print(json.dumps({"number": number}), flush=True)
        started, found = time.monotonic(), []
        for check in one(place, kind, number, seed, pattern):
            found.append(asdict(check))
            print(json.dumps({"number": number}), flush=True)  # none of its checks hangs
        said = {"done": number, "checks": found, "s": time.monotonic() - started, "mb": peak_mb()}
        print(json.dumps(said), flush=True)
    place.close()


def one(place: Place, kind: str, number: int, seed: int, pattern: str) -> Iterator[Check]:
    """The checks of one trial, as they come: the same for one kind, number, seed and forms."""
    names = [name for name in KINDS[kind].names if re.search(pattern, name)]
    name = names[number % len(names)]
    try:
        yield from KINDS[kind].trial(place, random.Random(f"{seed}/{kind}/{number}"), name)
    except Exception:
        place.close()
        text = " / ".join(traceback.format_exc().strip().splitlines()[-5:])
        yield Check(name, "unforeseen", (Problem("false", f"unforeseen: {text}"),))


def chosen(pattern: str) -> tuple[str, ...]:
    """The forms that a pattern allows; all of them where it allows none."""
    return tuple(name for name in NAMES if re.search(pattern, name)) or NAMES


def peak_mb() -> float:
    """The most memory that this process or a child of it ever had."""
    import resource

    own, children = (
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    status = Path("/proc/self/status")
    if status.exists():  # on Linux the peak of a process that starts another counts as that one's
        own = int(status.read_text().split("VmHWM:")[1].split()[0])
    return max(own, children) / (1024 if sys.platform != "darwin" else 1024**2)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("kind")
    for name in ("first", "last", "seed"):
        parser.add_argument(name, type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("pattern", nargs="?", default="")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as made:
        work(args.kind, args.first, args.last, args.seed, Path(made), args.pattern)
