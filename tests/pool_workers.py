"""What the processes of a pool do in its tests; in a module, since they are started afresh."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tagger.errors import ModelError
from tagger.scanning.limits import limit_memory

Command = tuple[str, int]  # what to do, and the number of the job


def obey(_: object = None) -> Callable[[Command], Any]:
    """Answers with the number and the process, unless told to die or to hang."""

    def work(job: Command) -> Any:
        if job[0] == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if job[0] == "segfault":
            ctypes.string_at(0)
        if job[0] == "raise":
            raise ZeroDivisionError("odd")
        if job[0] == "unsendable":
            return work
        while job[0] == "hang":
            time.sleep(1)
        return job[1], os.getpid()

    return work


def frugal() -> Callable[[Command], Any]:
    """Takes so many megabytes, and says what came of it."""
    limit_memory()

    def work(job: Command) -> int | str:
        try:
            return len(bytearray(job[1] << 20)) >> 20
        except MemoryError:
            return "MemoryError"

    return work


def refuse() -> Callable[[Command], None]:
    raise ModelError("no such model", Path("grand.json"))


def vanish() -> Callable[[Command], None]:
    os._exit(7)


def die_once(marker: Path) -> Callable[[Command], Any]:
    """The first process that starts is gone before it is ready."""
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return obey()
    os._exit(7)


class _Fateful(type(Path())):  # type: ignore[misc]
    """A path that is as any other here, but not in a process that is to hear it."""

    def stat(self, **options: Any) -> os.stat_result:
        import multiprocessing

        if multiprocessing.parent_process() is not None:
            self.befall()
        return super().stat(**options)  # type: ignore[no-any-return]

    def befall(self) -> None:
        raise NotImplementedError


class Deadly(_Fateful):
    """Ends the process that opens it, as a codec that crashes would."""

    def befall(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class Endless(_Fateful):
    """Never lets go of the process that opens it."""

    def befall(self) -> None:
        while True:
            time.sleep(1)
