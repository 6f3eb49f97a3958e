"""Workers are started, watched, and ended where they hang; what they tell is counted."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.safety.tally import Record, Tally

HANG_S = 60.0
_TRIALS_PER_WORKER = 500  # a fresh process now and then: memory that grows is seen


def run_kind(record: Record, kind: str, wanted: int, folder: Path, pattern: str) -> Iterator[Tally]:
    """Do trials of a kind until so many checks are made; gives the tally now and then."""
    tally = record.tallies.setdefault(kind, Tally())
    barren = 0
    while tally.checks < wanted and barren < 3:
        before, started = tally.checks, time.monotonic()
        last = tally.next_number + _TRIALS_PER_WORKER
        for said in _told(kind, tally.next_number, last, record.seed, folder, pattern):
            _count(record, kind, tally, said)
            if tally.checks >= wanted:
                break
        tally.seconds += time.monotonic() - started
        barren = barren + 1 if tally.checks == before else 0
        yield tally


def _count(record: Record, kind: str, tally: Tally, said: dict[str, Any]) -> None:
    if "ended" in said:
        tally.next_number = said["number"] + 1
        tally.checks += 1
        tally.hangs += said["ended"] == "hang"
        tally.crashes += said["ended"] != "hang"
        record.note(kind, said["number"], [("?", said["ended"], said["words"])])
        return
    tally.add(said)
    problems = [
        (check["form"], problem["fault"], problem["what"])
        for check in said["checks"]
        for problem in check["problems"]
    ]
    record.note(kind, said["done"], problems)


def _told(
    kind: str, first: int, last: int, seed: int, folder: Path, pattern: str
) -> Iterator[dict[str, Any]]:
    """What a worker says of its trials; the last word is ours if it hangs or crashes."""
    command = [sys.executable, "-m", "benchmarks.safety.worker", kind, str(first), str(last),
               str(seed), str(folder), pattern]  # fmt: skip
    words = folder / "words"
    with words.open("wb") as errors:
        worker = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
        )
    number, ended = first, ""
    try:
        for line in _lines(worker):
            if line is None:
                ended = "hang"
                break
            said = json.loads(line)
            if "done" in said:
                yield said
            else:
                number = said["number"]
        else:
            ended = f"exit {code}" if (code := worker.wait()) else ""
    finally:
        _end(worker)
    if ended:
        yield {"ended": ended, "number": number, "words": words.read_text(errors="replace")[-300:]}


def _lines(worker: subprocess.Popen[bytes]) -> Iterator[bytes | None]:
    """Lines as they come; None where none came for too long."""
    assert worker.stdout
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(worker.stdout, selectors.EVENT_READ)
        while True:
            if not selector.select(HANG_S):
                yield None
                return
            if not (read := os.read(worker.stdout.fileno(), 1 << 16)):
                return
            *lines, rest = (rest + read).split(b"\n")
            yield from lines


def _end(worker: subprocess.Popen[bytes]) -> None:
    """End a worker with its children, which are of its own session."""
    assert worker.stdout
    worker.stdout.close()
    if worker.poll() is None:
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
