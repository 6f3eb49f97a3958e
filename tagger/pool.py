"""Processes that work side by side; one that dies or hangs takes only the job at hand with it.

The pools of the standard library give up as a whole when a process dies, do not say over which job
it died, and know no time limit. Here each process has a pipe of its own and does its jobs in
turn, so the first that is not answered is the one it is at.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Generic, Literal, TypeVar

from tagger.errors import MusicTagError

Job = TypeVar("Job")
Answer = TypeVar("Answer")

# Jobs a process holds: one to do, one to go on with while the answer to the first travels.
_HELD = 2

# Processes in a row that may end before they are ready; then something is wrong with all of them.
_FALSE_STARTS = 3

# Fork would copy the locks of ONNX Runtime and FFmpeg; spawn works the same everywhere.
_context = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Lost:
    """No answer: the process died over the job, or took too long over it and was ended."""

    why: Literal["died", "late"]


@dataclass(slots=True, eq=False)
class _Worker(Generic[Job]):
    """A process, this end of its pipe, and the jobs it has not answered."""

    process: SpawnProcess
    pipe: Connection[Any, Any]
    held: deque[Job] = field(default_factory=deque)
    ready: bool = False
    since: float = 0.0  # when it went to the first job of `held`, in seconds of the clock


class Pool(Generic[Job, Answer]):
    """Up to `size` processes, started as there are jobs for them.

    Each calls `prepare(*arguments)` once; what that gives is called with each job. A MusicTagError
    of `prepare` is raised by `get`. Leaving the context ends all of them at once.
    """

    def __init__(
        self,
        prepare: Callable[..., Callable[[Job], Answer]],
        arguments: tuple[Any, ...],
        *,
        size: int,
        timeout_s: float,
    ) -> None:
        self._prepare, self._arguments = prepare, arguments
        self._size, self._timeout_s = size, timeout_s
        self._false_starts = 0
        self._workers: list[_Worker[Job]] = []
        self._waiting: deque[Job] = deque()  # for a process
        self._done: deque[tuple[Job, Answer | Lost]] = deque()

    def __enter__(self) -> Pool[Job, Answer]:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            _end(worker)
        self._workers.clear()

    @property
    def busy(self) -> bool:
        """Whether there are answers to wait for."""
        return bool(self._done or self._waiting or any(worker.held for worker in self._workers))

    @property
    def full(self) -> bool:
        """Whether more jobs would only lie about."""
        held = sum(len(worker.held) for worker in self._workers)
        return len(self._waiting) + held >= self._size * _HELD

    def put(self, job: Job) -> None:
        """Have a job done by the process with the least to do."""
        self._waiting.append(job)
        self._hand_out()

    def get(self) -> tuple[Job, Answer | Lost]:
        """Wait for the next job that is done: it and its answer."""
        while not self._done:
            self._hand_out()
            self._listen()
        return self._done.popleft()

    def _hand_out(self) -> None:
        while self._waiting and (worker := self._free()) is not None:
            if not worker.held:
                worker.since = time.monotonic()
            worker.held.append(self._waiting.popleft())
            # One that died meanwhile cannot take it; reading from it will tell, and give it back.
            with suppress(OSError):
                worker.pipe.send(worker.held[-1])

    def _free(self) -> _Worker[Job] | None:
        """A process with nothing to do, a new one, or the one with the least to do."""
        least = min(self._workers, key=lambda worker: len(worker.held), default=None)
        if len(self._workers) < self._size and (least is None or least.held):
            least = self._start()
            self._workers.append(least)
        return least if least is not None and len(least.held) < _HELD else None

    def _start(self) -> _Worker[Job]:
        here, there = _context.Pipe()
        process = _context.Process(
            target=_serve, args=(there, self._prepare, self._arguments), daemon=True
        )
        with _deaf_to_interrupts():
            process.start()
        there.close()  # else the pipe would not end with the process
        return _Worker(process, here)

    def _listen(self) -> None:
        """Wait until something happens to a process, and see to it."""
        readable = set(wait([worker.pipe for worker in self._workers], self._patience_s()))
        now = time.monotonic()
        for worker in list(self._workers):
            if worker.pipe in readable:
                self._receive(worker)
            elif worker.ready and worker.held and now - worker.since > self._timeout_s:
                self._lose(worker, "late")

    def _patience_s(self) -> float | None:
        """Seconds until the next process will have taken too long."""
        at_work = [worker for worker in self._workers if worker.ready and worker.held]
        if not at_work:
            return None
        return max(0.0, min(w.since for w in at_work) + self._timeout_s - time.monotonic())

    def _receive(self, worker: _Worker[Job]) -> None:
        try:
            answer = worker.pipe.recv()
        except (EOFError, OSError):
            self._lose(worker, "died")
            return
        worker.since = time.monotonic()
        if worker.ready:
            self._done.append((worker.held.popleft(), answer))
        elif isinstance(answer, MusicTagError):
            raise answer
        else:
            worker.ready, self._false_starts = True, 0

    def _lose(self, worker: _Worker[Job], why: Literal["died", "late"]) -> None:
        """Do without a process: the job it was at is lost, what else it held is for another."""
        _end(worker)
        self._workers.remove(worker)
        if not worker.ready:
            self._false_starts += 1
        elif worker.held:
            self._done.append((worker.held.popleft(), Lost(why)))
        self._waiting.extendleft(reversed(worker.held))
        if self._false_starts >= _FALSE_STARTS:
            code = worker.process.exitcode
            raise MusicTagError(f"processes end before they can hear anything (exit code {code})")


class Here(Generic[Job, Answer]):
    """The same without processes, for jobs that would be done before one has started."""

    def __init__(
        self, prepare: Callable[..., Callable[[Job], Answer]], arguments: tuple[Any, ...]
    ) -> None:
        self._prepare, self._arguments = prepare, arguments
        self._work: Callable[[Job], Answer] | None = None
        self._waiting: deque[Job] = deque()

    def __enter__(self) -> Here[Job, Answer]:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    @property
    def busy(self) -> bool:
        """Whether there are answers to wait for."""
        return bool(self._waiting)

    full = busy

    def put(self, job: Job) -> None:
        """Have a job done."""
        self._waiting.append(job)

    def get(self) -> tuple[Job, Answer]:
        """Do the next job: it and its answer."""
        self._work = self._work or self._prepare(*self._arguments)
        job = self._waiting.popleft()
        return job, self._work(job)


def _end(worker: _Worker[Any]) -> None:
    worker.process.kill()  # nothing it could still do would be wanted
    worker.process.join()
    worker.pipe.close()


def _serve(
    pipe: Connection[Any, Any],
    prepare: Callable[..., Callable[[Any], Any]],
    arguments: tuple[Any, ...],
) -> None:
    """The whole life of a process: it ends when the other end of the pipe does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    try:
        work = prepare(*arguments)
    except MusicTagError as error:
        pipe.send(error)
        return
    try:
        pipe.send(None)
        while True:
            pipe.send(work(pipe.recv()))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Ignore Ctrl-C for a moment: a process that starts inherits that, and starts in silence."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
