"""Processes that work side by side; one that dies or hangs takes only the job at hand with it.

The pools of the standard library give up as a whole when a process dies, do not say over which job
it died, and know no time limit. Here each process has a thread that minds it and a pipe of its own,
so nothing is shared that a process could take along when it dies.
"""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Generic, Literal, TypeVar

from tagger.errors import MusicTagError
from tagger.report.escaping import log_plainly

log = logging.getLogger(__name__)

Job = TypeVar("Job")
Answer = TypeVar("Answer")

TIMEOUT_S = 300.0  # an hour of WAV is decoded in five seconds; a network share may be slow

# Why there is no answer: the process died over the job, or took too long over it and was ended.
Loss = Literal["died", "late"]

_Prepare = Callable[..., Callable[[Job], Answer]]

_START_S = 60.0  # a cold disk; by then a process is ready, or never will be

_LATE = MusicTagError(f"no process was ready within {_START_S:g} s (is the model huge?)")

# Times in a row that a process may end before it is ready; then something is wrong with all.
_FALSE_STARTS = 3

# Fork would copy the locks of ONNX Runtime and FFmpeg; spawn works the same everywhere. Measured:
# 0.3 s until a process is ready, of which a server that forks would save nothing for the first.
_context = multiprocessing.get_context("spawn")

# Held while a process starts, and for good when we end: one that was cut off from us before it knew
# what it is for would say so on the terminal.
_starting = threading.Lock()
atexit.register(_starting.acquire, timeout=10)


class Pool(Generic[Job, Answer]):
    """Up to `size` processes, started as there are jobs for them, until `close`.

    Each calls `prepare(*arguments)` once; what that gives is called with each job. A MusicTagError
    of `prepare` is raised by the futures. Of a job without an answer `lost` makes one, or raises.
    Whoever forgets to close leaves nothing behind: all ends with us.
    """

    def __init__(
        self,
        prepare: _Prepare[Job, Answer],
        arguments: tuple[Any, ...],
        *,
        lost: Callable[[Job, Loss], Answer],
        size: int,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._lost, self._size = lost, size
        self._setup = (prepare, arguments, timeout_s)
        self._asked: queue.SimpleQueue[tuple[Job, Future[Answer]] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._open = 0  # jobs that are not done
        self._workers: dict[threading.Thread, _Worker[Job, Answer]] = {}
        self._closed = False

    def __enter__(self) -> Pool[Job, Answer]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def submit(self, job: Job) -> Future[Answer]:
        """Have a job done; what is asked first is done first. May be cancelled until then."""
        future: Future[Answer] = Future()
        with self._lock:
            self._open += 1
            self._asked.put((job, future))
            if len(self._workers) < min(self._size, self._open):
                worker = _Worker[Job, Answer](*self._setup)
                thread = threading.Thread(target=self._mind, args=(worker,), daemon=True)
                self._workers[thread] = worker
                thread.start()
        return future

    def close(self) -> None:
        """End all processes, whatever they are at; what is not done by now is cancelled."""
        self._closed = True
        while not self._asked.empty():
            if asked := self._asked.get():
                asked[1].cancel()
        for worker in self._workers.values():
            self._asked.put(None)
            worker.stop()
        for thread in self._workers:
            thread.join()
        self._workers.clear()

    def _mind(self, worker: _Worker[Job, Answer]) -> None:
        _leave_interrupts_to_others()
        while asked := self._asked.get():
            job, future = asked
            if not future.set_running_or_notify_cancel():
                self._one_less()
                continue
            try:
                answer = self._answer(worker, job)
            except Exception as error:  # it belongs to whoever waits
                self._one_less()
                future.set_exception(error)
            else:
                self._one_less()
                future.set_result(answer)
        worker.end()

    def _answer(self, worker: _Worker[Job, Answer], job: Job) -> Answer:
        try:
            return worker.do(job)
        except _LostError as error:
            if self._closed:
                raise CancelledError from error
            return self._lost(job, error.why)

    def _one_less(self) -> None:
        with self._lock:
            self._open -= 1


class _LostError(Exception):
    def __init__(self, why: Loss) -> None:
        super().__init__(why)
        self.why = why


class _Worker(Generic[Job, Answer]):
    """A process and our end of the pipe to it; started anew after it was lost."""

    def __init__(
        self, prepare: _Prepare[Job, Answer], arguments: tuple[Any, ...], timeout_s: float
    ) -> None:
        self._arguments = (prepare, arguments, _log_level())
        self._timeout_s = timeout_s
        self._process: SpawnProcess | None = None
        self._pipe: Connection[Any, Any] | None = None
        self._stopped = False

    def do(self, job: Job) -> Answer:
        """The answer to a job; _LostError if there is none, MusicTagError if it cannot begin."""
        pipe = self._pipe or self._ready()
        try:
            pipe.send(job)
            if pipe.poll(self._timeout_s):
                answer: Answer = pipe.recv()
                return answer
        except Exception:  # its end of the pipe is gone, or what came through is in pieces
            self.end()
            raise _LostError("died") from None
        self.end()
        raise _LostError("late")

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
        raise MusicTagError(f"processes end before they can hear anything (exit code {code})")

    def _start(self) -> Connection[Any, Any]:
        if self._stopped:
            raise _LostError("died")
        ours, theirs = _context.Pipe()
        process = _context.Process(target=_serve, args=(theirs, *self._arguments), daemon=True)
        try:
            with _starting:
                process.start()
        except OSError as error:
            raise MusicTagError(f"no process can be started ({error.strerror})") from error
        theirs.close()  # else the pipe would not end with the process
        self._process, self._pipe = process, ours
        if self._stopped:
            process.kill()
        return ours


def _serve(
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


def _log_level() -> int:
    """That of this process where a person wants to see it (`musictag -v`), else silence."""
    root = logging.getLogger()
    return root.level if root.handlers else logging.CRITICAL


def _leave_interrupts_to_others() -> None:
    """Block Ctrl-C in this thread, and so in the processes it starts, from their first moment."""
    if hasattr(signal, "pthread_sigmask"):
        # Started by the first process that is, it would unblock Ctrl-C again behind our back.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
