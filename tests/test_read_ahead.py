from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tagger.scanning.read_ahead import ReadAhead, fetch_file

WAIT_S = 10


def test_files_are_fetched_before_their_turn() -> None:
    fetched: queue.Queue[Path] = queue.Queue()
    jobs = [Path(str(number)) for number in range(20)]
    ahead = ReadAhead(4, fetched.put)
    seen, known = [], set[Path]()
    for turn, job in enumerate(ahead.over(jobs, lambda path: path)):
        seen.append(job)
        while not set(jobs[: turn + 5]) <= known:
            known.add(fetched.get(timeout=WAIT_S))
    ahead.close()
    assert seen == jobs
    assert fetched.empty()


def test_jobs_are_taken_no_further_ahead_than_asked() -> None:
    taken = list[int]()

    def jobs() -> Iterator[int]:
        for number in range(20):
            taken.append(number)
            yield number

    ahead = ReadAhead(4, _never)
    assert next(ahead.over(jobs(), lambda _: None)) == 0
    assert taken == [0, 1, 2, 3, 4]


def test_a_disk_that_hangs_holds_up_nobody() -> None:
    hung = threading.Event()

    def hang(_: Path) -> None:
        hung.wait()

    ahead = ReadAhead(2, hang)
    jobs = [Path(str(number)) for number in range(50)]
    start = time.monotonic()
    assert list(ahead.over(jobs, lambda path: path)) == jobs
    ahead.close()
    assert time.monotonic() - start < WAIT_S
    hung.set()


@pytest.mark.skipif(not hasattr(os, "RWF_NOWAIT"), reason="asks Linux what is in memory")
@pytest.mark.parametrize(("name", "is_whole"), [("a.mp3", True), ("a.flac", False)])
def test_what_is_fetched_is_in_memory(tmp_path: Path, name: str, *, is_whole: bool) -> None:
    path = tmp_path / name
    size = 8 << 20
    with path.open("wb") as file:
        file.write(os.urandom(size))
        file.flush()
        os.fsync(file.fileno())
    with path.open("rb", buffering=0) as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        in_memory = _asker(file.fileno())
        if in_memory(size // 2):
            pytest.skip("this file system keeps everything in memory")
        fetch_file(path)
        for place in (0, size - 1000, *([size // 2] if is_whole else [])):
            end = time.monotonic() + WAIT_S
            while not in_memory(place):
                assert time.monotonic() < end
                time.sleep(0.01)


def test_what_cannot_be_fetched_is_left_to_the_reader(tmp_path: Path) -> None:
    fetch_file(tmp_path / "none.mp3")
    fetch_file(tmp_path)
    fetch_file(Path("zero\0byte.mp3"))
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.mp3")
        fetch_file(tmp_path / "pipe.mp3")  # would wait for ever for somebody to write


def _never(path: Path) -> None:
    raise AssertionError(path)


def _asker(handle: int) -> Callable[[int], bool]:
    assert sys.platform == "linux"

    def in_memory(place: int) -> bool:
        try:
            return os.preadv(handle, [bytearray(100)], place, os.RWF_NOWAIT) > 0
        except BlockingIOError:
            return False

    return in_memory
