"""A pool of processes: one that dies or hangs takes only the job at hand with it.

The pools of the standard library give up as a whole when a process dies, do not say over which job
it died, and know no time limit. Here each process has a thread that minds it and a pipe of its own,
so nothing is shared that a process could take along when it dies.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any, Generic

from tagger.scanning.workers import (
    Answer,
    Job,
    Loss,
    LostError,
    Method,
    Prepare,
    Worker,
    leave_interrupts_to_others,
)

TIMEOUT_S = 300.0  # an hour of WAV is decoded in five seconds; a network share may be slow


class Pool(Generic[Job, Answer]):
    """Up to `size` processes, started as there are jobs for them, until `close`.

    Each calls `prepare(*arguments)` once; what that gives is called with each job. A MusicTagError
    of `prepare` is raised by the futures. Of a job without an answer `lost` makes one, or raises.
    Whoever forgets to close leaves nothing behind: all ends with us.

    Args:
        size: processes at most.
        timeout_s: seconds a job may take; None: as long as it likes.
        method: "fork" shares what this process has in memory, where it has no threads of its own.
    """

    def __init__(
        self,
        prepare: Prepare[Job, Answer],
        arguments: tuple[Any, ...],
        *,
        lost: Callable[[Job, Loss], Answer],
        size: int,
        timeout_s: float | None = TIMEOUT_S,
        method: Method = "spawn",
    ) -> None:
        self._lost, self._size = lost, size
        self._setup = (prepare, arguments, timeout_s, method)
        self._asked: queue.SimpleQueue[tuple[Job, Future[Answer]] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._open = 0  # jobs that are not done
        self._workers: dict[threading.Thread, Worker[Job, Answer]] = {}
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
                worker = Worker[Job, Answer](*self._setup)
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

    def _mind(self, worker: Worker[Job, Answer]) -> None:
        leave_interrupts_to_others()
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

    def _answer(self, worker: Worker[Job, Answer], job: Job) -> Answer:
        try:
            return worker.do(job)
        except LostError as error:
            if self._closed:
                raise CancelledError from error
            return self._lost(job, error.why)

    def _one_less(self) -> None:
        with self._lock:
            self._open -= 1
