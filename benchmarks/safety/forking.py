"""Children of this process, to be killed."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path


def start(deed: Callable[[], object]) -> int:
    """Do something in a child, whose words go nowhere; gives its number."""
    if child := os.fork():
        return child
    code = 1
    with contextlib.suppress(BaseException):
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
        try:
            deed()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
    os._exit(code)


def wait(child: int) -> int:
    """Wait for a child; gives its exit code, or minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill_when(child: int, ready: Callable[[], bool]) -> int:
    """Kill a child as soon as something is so, or find that it has ended; as `wait`."""
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if ready():
            os.kill(child, signal.SIGKILL)
            return wait(child)
        time.sleep(0.0001)


def after(seconds: float) -> Callable[[], bool]:
    """So many seconds from now on."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def replaced(paths: list[Path], number: int) -> Callable[[], bool]:
    """Once so many of these files are others than they are now."""
    nodes = {path: path.stat().st_ino for path in paths}
    return lambda: sum(path.stat().st_ino != node for path, node in nodes.items()) >= number
