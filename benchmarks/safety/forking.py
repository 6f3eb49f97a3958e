"""Children of this process, to be killed."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable


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


def kill_after(child: int, seconds: float) -> int:
    """Kill a child, or find that it has ended by itself; gives what `wait` gives."""
    time.sleep(seconds)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    return wait(child)
