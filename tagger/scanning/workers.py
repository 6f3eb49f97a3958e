"""One process of a pool: how it starts, answers one job after the other, and ends."""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, Literal, TypeVar

from tagger.errors import MusicTagError
from tagger.report.escaping import log_plainly

log = logging.getLogger(__name__)

Job = TypeVar("Job")
Answer = TypeVar("Answer")

# Why there is no answer: the process died over the job, or took too long over it and was ended.
Loss = Literal["died", "late"]

Prepare = Callable[..., Callable[[Job], Answer]]

_START_S = 60.0  # a cold disk; by then a process is ready, or never will be

_LATE = MusicTagError(f"no process was ready within {_START_S:g} s (is the model huge?)")

# Times in a row that a process may end before it is ready; then something is wrong with all.
_FALSE_STARTS = 3

# Fork would copy the locks of ONNX Runtime and FFmpeg; spawn works the same everywhere. Measured:
# 0.3 s until a process is ready, of which a server that forks would save nothing for the first.
Method = Literal["spawn", "fork"]

# Held while a process starts, and for good when we end: one that was cut off from us before it knew
# what it is for would say so on the terminal.
_starting = threading.Lock()
atexit.register(_starting.acquire, timeout=10)


class LostError(Exception):
    """The process is gone, and why."""

    def __init__(self, why: Loss) -> None:
        super().__init__(why)
        self.why = why


class Worker(Generic[Job, Answer]):
    """A process and our end of the pipe to it; started anew after it was lost."""

    def __init__(
        self,
        prepare: Prepare[Job, Answer],
        arguments: tuple[Any, ...],
        timeout_s: float | None,
        method: Method,
    ) -> None:
        self._arguments = (prepare, arguments, _log_level())
        self._timeout_s = timeout_s
        # Processes are typed by their method; of both we use what all have in common.
        self._context: Any = multiprocessing.get_context(method)
        self._process: BaseProcess | None = None
        self._pipe: Connection[Any, Any] | None = None
        self._stopped = False

    def do(self, job: Job) -> Answer:
        """The answer to a job; LostError if there is none, MusicTagError if it cannot begin."""
        pipe = self._pipe or self._ready()
        try:
            pipe.send(job)
            if pipe.poll(self._timeout_s):
                answer: Answer = pipe.recv()
                return answer
        except Exception:  # its end of the pipe is gone, or what came through is in pieces
            self.end()
            raise LostError("died") from None
        self.end()
        raise LostError("late")

    def stop(self) -> None:
        """End it from another thread, and for good."""
        self._stopped = True
        if process := self._process:
            process.kill()

    def end(self) -> int | None:
        """Let go of the process, which has nothing that could be lost; its exit code."""
        code = None
        if self._process and self._pipe:
            self._process.kill()
            self._process.join()
            self._pipe.close()
            code = self._process.exitcode
        self._process = self._pipe = None
        return code

    def _ready(self) -> Connection[Any, Any]:
        """The pipe to a process that waits for jobs."""
        code = None
        for _ in range(_FALSE_STARTS):
            pipe = self._start()
            try:
                answer = pipe.recv() if pipe.poll(_START_S) else _LATE
            except (EOFError, OSError) as error:
                answer = error
            if answer is None:
                return pipe
            code = self.end()
            if isinstance(answer, MusicTagError):
                raise answer
        raise MusicTagError(
            f"worker processes end before they can classify anything (exit code {code})"
        )

    def _start(self) -> Connection[Any, Any]:
        if self._stopped:
            raise LostError("died")
        try:
            with _starting:  # another fork would keep the far end of this pipe open
                ours: Connection[Any, Any]
                ours, theirs = self._context.Pipe()
                arguments = (theirs, *self._arguments)
                process = self._context.Process(target=serve, args=arguments, daemon=True)
                with _main_left_alone():
                    process.start()
                theirs.close()  # else the pipe would not end with the process
        except OSError as error:
            raise MusicTagError(f"no process can be started ({error.strerror})") from error
        self._process, self._pipe = process, ours
        if self._stopped:
            process.kill()
        return ours


def serve(
    pipe: Connection[Any, Any],
    prepare: Callable[..., Callable[[Any], Any]],
    arguments: tuple[Any, ...],
    log_level: int,
) -> None:
    """The whole life of a process: it ends when the other end of the pipe does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where it could not be blocked
    threading.Thread(target=_end_with_parent, daemon=True).start()
    log_plainly(log_level)
    try:
        try:
            work = prepare(*arguments)
        except MusicTagError as error:
            pipe.send(error)
            return
        pipe.send(None)
        while True:
            pipe.send(work(pipe.recv()))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except Exception:  # said by the other end of the pipe, in one line
        log.warning("a process failed", exc_info=True)


def _end_with_parent() -> None:
    """Else a codec that never returns would outlive whoever asked."""
    parent = multiprocessing.parent_process()
    wait([parent.sentinel] if parent else [])
    os._exit(1)


@contextmanager
def _main_left_alone() -> Iterator[None]:
    """Keep a process that starts from running the script that started this one.

    It would, to unpickle what is defined there; our jobs come from modules, and a script that calls
    `tagger.scan` without `if __name__ == "__main__":` would start processes without end.
    """
    main = vars(sys.modules["__main__"])
    hidden: dict[str, Any] = {name: main[name] for name in ("__file__", "__spec__") if name in main}
    main.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        main.update(hidden)


def _log_level() -> int:
    """That of this process where a person wants to see it (`musictag -v`), else silence."""
    root = logging.getLogger()
    return root.level if root.handlers else logging.CRITICAL


def leave_interrupts_to_others() -> None:
    """Block Ctrl-C in this thread, and so in the processes it starts, from their first moment."""
    if hasattr(signal, "pthread_sigmask"):
        # Started by the first process that is, it would unblock Ctrl-C again behind our back.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
