from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tagger.errors import ModelError, MusicTagError
from tagger.pool import Here, Lost, Pool
from tests import pool_workers
from tests.pool_workers import Command, obey

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
LONG_S = 120.0


def drain(pool: Pool[Command, Any], jobs: list[Command]) -> Iterator[tuple[Command, Any]]:
    for job in jobs:
        while pool.full:
            yield pool.get()
        pool.put(job)
    while pool.busy:
        yield pool.get()


def pid_of(pool: Pool[Command, tuple[int, int]]) -> int:
    """Which process did the next job."""
    _, answer = pool.get()
    assert not isinstance(answer, Lost)
    return answer[1]


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
    with Pool(obey, (None,), size=2, timeout_s=LONG_S) as pool:
        answers = dict(drain(pool, jobs))
    assert {job: answer[0] for job, answer in answers.items()} == {job: job[1] for job in jobs}
    assert len({answer[1] for answer in answers.values()}) == 2


def test_one_that_dies_takes_only_its_job_along() -> None:
    jobs = [("die" if number in (0, 3, 17, 18) else "do", number) for number in range(30)]
    with Pool(obey, (), size=2, timeout_s=LONG_S) as pool:
        answers = list(drain(pool, jobs))
    assert sorted(job for job, _ in answers) == sorted(jobs)
    assert {job for job, answer in answers if answer == Lost("died")} == {
        job for job in jobs if job[0] == "die"
    }


def test_one_that_hangs_is_ended_after_the_time_limit() -> None:
    jobs = [("hang" if number == 2 else "do", number) for number in range(10)]
    with Pool(obey, (), size=2, timeout_s=2.0) as pool:
        answers = list(drain(pool, jobs))
    assert sorted(job for job, _ in answers) == sorted(jobs)
    assert [job for job, answer in answers if answer == Lost("late")] == [("hang", 2)]


def test_a_process_of_its_own_only_where_there_is_something_to_do() -> None:
    with Pool(obey, (), size=8, timeout_s=LONG_S) as pool:
        pids = set()
        for number in range(5):
            pool.put(("do", number))
            pids.add(pid_of(pool))
    assert len(pids) == 1


def test_leaving_ends_processes_whatever_they_are_at() -> None:
    with Pool(obey, (), size=2, timeout_s=LONG_S) as pool:
        pool.put(("do", 1))
        pid = pid_of(pool)
        pool.put(("hang", 2))
        start = time.monotonic()
    assert time.monotonic() - start < 30
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_failure_to_prepare_is_raised_as_it_is() -> None:
    with Pool(pool_workers.refuse, (), size=2, timeout_s=LONG_S) as pool:
        pool.put(("do", 1))
        with pytest.raises(ModelError, match="no such model") as raised:
            pool.get()
    assert raised.value.path == Path("grand.json")


def test_processes_that_never_get_ready_end_the_round() -> None:
    with Pool(pool_workers.vanish, (), size=2, timeout_s=LONG_S) as pool:
        pool.put(("do", 1))
        with pytest.raises(MusicTagError, match="exit code 7"):
            pool.get()


def test_one_false_start_is_made_good(tmp_path: Path) -> None:
    with Pool(pool_workers.die_once, (tmp_path / "m",), size=2, timeout_s=LONG_S) as pool:
        answers = dict(drain(pool, [("do", 1), ("do", 2), ("do", 3)]))
    assert sorted(answer[0] for answer in answers.values()) == [1, 2, 3]


ORPHANS = """
from tests.pool_workers import obey
from tagger.pool import Pool
if __name__ == "__main__":
    with Pool(obey, (), size=1, timeout_s=100) as pool:
        pool.put(("do", 1))
        print(pool.get()[1][1], flush=True)
        input()
"""


def test_processes_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "orphans.py"
    script.write_text(ORPHANS)
    root = Path(__file__).parent.parent
    parent = subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
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


def test_without_processes_jobs_are_done_here() -> None:
    with Here(obey, ()) as here:
        assert not here.busy
        here.put(("do", 5))
        assert here.busy
        assert here.full
        assert here.get() == (("do", 5), (5, os.getpid()))
        assert not here.busy
