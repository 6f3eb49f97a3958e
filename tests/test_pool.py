from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import pytest

from tagger.errors import ModelError, MusicTagError
from tagger.scanning.pool import Pool
from tagger.scanning.workers import Loss
from tests import pool_workers
from tests.pool_workers import Command, obey

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
LONG_S = 120.0


def started(size: int, timeout_s: float = LONG_S) -> Pool[Command, Any]:
    return Pool(obey, (None,), lost=lambda _, why: why, size=size, timeout_s=timeout_s)


def all_answers(pool: Pool[Command, Any], jobs: list[Command]) -> list[tuple[Command, Any]]:
    futures = [pool.submit(job) for job in jobs]
    return [(job, future.result()) for job, future in zip(jobs, futures, strict=True)]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # Nobody may have asked after it yet: then it is no more than a number.
    asked = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return bool(asked.stdout.strip()) and not asked.stdout.strip().startswith("Z")


def test_every_job_is_answered_once_by_two_processes() -> None:
    jobs = [("do", number) for number in range(50)]
    with started(2) as pool:
        answers = all_answers(pool, jobs)
    assert [answer[0] for _, answer in answers] == list(range(50))
    assert len({answer[1] for _, answer in answers}) == 2


def test_one_that_dies_takes_only_its_job_along() -> None:
    jobs = [("die" if number in (0, 3, 17, 18) else "do", number) for number in range(30)]
    with started(2) as pool:
        answers = all_answers(pool, jobs)
    assert [job for job, answer in answers if answer == "died"] == [
        job for job in jobs if job[0] == "die"
    ]
    assert all(answer == "died" or answer[0] == job[1] for job, answer in answers)


@pytest.mark.parametrize("crash", ["die", "segfault", "raise", "unsendable"])
def test_whatever_ends_a_process_is_quiet(
    crash: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Also as many in a row as there may be false starts, and more."""
    caplog.set_level(logging.CRITICAL)  # as the program has it without -v
    with started(2) as pool:
        answers = all_answers(pool, [(crash, 0)] * 9 + [("do", 9)])
    assert [answer for _, answer in answers[:9]] == ["died"] * 9
    assert answers[9][1][0] == 9
    assert capfd.readouterr().err == ""


def test_one_that_hangs_is_ended_after_the_time_limit() -> None:
    jobs = [("hang" if number == 2 else "do", number) for number in range(10)]
    with started(2, timeout_s=2.0) as pool:
        answers = all_answers(pool, jobs)
    assert [job for job, answer in answers if answer == "late"] == [("hang", 2)]


def test_a_job_without_an_answer_may_be_a_failure() -> None:
    def lost(job: Command, why: Loss) -> Any:
        raise MusicTagError(f"{job[1]} {why}")

    with (
        Pool[Command, Any](obey, (), lost=lost, size=1) as pool,
        pytest.raises(MusicTagError, match="5 died"),
    ):
        pool.submit(("die", 5)).result()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts private memory")
def test_a_job_gets_no_more_memory_than_the_limit() -> None:
    with Pool[Command, Any](pool_workers.frugal, (), lost=lambda _, why: why, size=1) as pool:
        small, large, again = (pool.submit(("take", n)) for n in (100, 1500, 100))
        assert (small.result(), large.result(), again.result()) == (100, "MemoryError", 100)


def test_a_process_of_its_own_only_where_there_is_something_to_do() -> None:
    with started(8) as pool:
        pids = {pool.submit(("do", number)).result()[1] for number in range(5)}
    assert len(pids) == 1


def test_leaving_ends_processes_whatever_they_are_at() -> None:
    with started(2) as pool:
        _, pid = pool.submit(("do", 1)).result()
        hung = [pool.submit(("hang", number)) for number in range(4)]
        start = time.monotonic()
    assert time.monotonic() - start < 30
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    for future in hung:
        with pytest.raises(CancelledError):
            future.result()


def test_failure_to_prepare_is_raised_as_it_is() -> None:
    with (
        Pool[Command, Any](pool_workers.refuse, (), lost=lambda _, why: why, size=2) as pool,
        pytest.raises(ModelError, match="no such model") as raised,
    ):
        pool.submit(("do", 1)).result()
    assert raised.value.path == Path("grand.json")


def test_processes_that_never_get_ready_end_the_round() -> None:
    with (
        Pool[Command, Any](pool_workers.vanish, (), lost=lambda _, why: why, size=2) as pool,
        pytest.raises(MusicTagError, match="exit code 7"),
    ):
        pool.submit(("do", 1)).result()


def test_one_false_start_is_made_good(tmp_path: Path) -> None:
    arguments = (tmp_path / "m",)
    with Pool[Command, Any](
        pool_workers.die_once, arguments, lost=lambda _, why: why, size=2
    ) as pool:
        answers = all_answers(pool, [("do", 1), ("do", 2), ("do", 3)])
    assert [answer[0] for _, answer in answers] == [1, 2, 3]


ORPHANS = """
import sys
from tests.pool_workers import obey
from tagger.scanning.pool import Pool
if __name__ == "__main__":
    with Pool(obey, (), lost=lambda _, why: why, size=1, timeout_s=100) as pool:
        print(pool.submit(("do", 1)).result()[1], flush=True)
        pool.submit((sys.argv[1], 2))
        input()
"""


@pytest.mark.parametrize("at", ["do", "hang"])
def test_processes_end_with_a_parent_that_is_killed(tmp_path: Path, at: str) -> None:
    script = tmp_path / "orphans.py"
    script.write_text(ORPHANS)
    root = Path(__file__).parent.parent
    parent = subprocess.Popen(
        [sys.executable, str(script), at], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root)}, text=True,
    )  # fmt: skip
    assert parent.stdout
    pid = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    deadline = time.monotonic() + 60
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(pid)
