"""Files heard one by one as they are asked for, while the one who asks goes on with other work.

Each process hears one file at a time: one that dies or hangs takes only that file with it.
"""

from __future__ import annotations

import atexit
import multiprocessing
import queue
import signal
import threading
from concurrent.futures import Future
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from tagger.cache import Cache
from tagger.errors import MusicTagError
from tagger.model import load_model
from tagger.scan import Result, Settings, examine

TIMEOUT_S = 300.0  # ten windows take a second; whole tracks on a slow disk take their time

# Fork would copy the locks of ONNX Runtime and FFmpeg; spawn works the same everywhere.
_context = multiprocessing.get_context("spawn")

# Held while a process starts, and for good when we end: one that was cut off from us before it knew
# what it is for would say so on the terminal.
_starting = threading.Lock()
atexit.register(_starting.acquire, timeout=10)

_Asked = tuple[Path, "Future[Result]"]


class Listeners:
    """Up to `jobs` processes, started when there is something to hear, until `close`.

    A file that cannot be heard is a Result with an error; a model that cannot be loaded is a
    ModelError in the future. Whoever forgets to close leaves nothing behind: all ends with us.
    With the path of a cache, what is known is not heard again, and what is heard is kept.
    """

    def __init__(
        self,
        settings: Settings,
        jobs: int,
        *,
        timeout_s: float = TIMEOUT_S,
        cache: Path | None = None,
    ) -> None:
        self._jobs, self._timeout_s = jobs, timeout_s
        self._arguments = (settings, cache)
        self._asked: queue.SimpleQueue[_Asked | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    def ask(self, path: Path) -> Future[Result]:
        """Have a file heard; what is asked first is heard first. May be cancelled until then."""
        future: Future[Result] = Future()
        self._asked.put((path, future))
        with self._lock:
            if len(self._threads) < self._jobs:
                thread = threading.Thread(target=self._serve, daemon=True)
                self._threads.append(thread)
                thread.start()
        return future

    def close(self) -> None:
        """Let go of the processes; what is not heard by now is not heard."""
        while not self._asked.empty():
            if asked := self._asked.get():
                asked[1].cancel()
        for _ in self._threads:
            self._asked.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _serve(self) -> None:
        _leave_interrupts_to_others()
        ear = _Ear(self._arguments, self._timeout_s)
        while asked := self._asked.get():
            path, future = asked
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(ear.hear(path))
                except MusicTagError as error:
                    future.set_exception(error)
        ear.close()


def _leave_interrupts_to_others() -> None:
    """Block Ctrl-C in this thread, and so in the processes it starts, from their first moment."""
    if hasattr(signal, "pthread_sigmask"):
        # Started by the first process that is, it would unblock Ctrl-C again behind our back.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


class _Ear:
    """One process and our end of the pipe to it; started anew after it was lost."""

    def __init__(self, arguments: tuple[Settings, Path | None], timeout_s: float) -> None:
        self._arguments, self._timeout_s = arguments, timeout_s
        self._process: SpawnProcess | None = None
        self._pipe: Connection[Any, Any] | None = None

    def hear(self, path: Path) -> Result:
        pipe = self._pipe or self._start()
        why = "a worker process died"
        try:
            pipe.send(path)
            if pipe.poll(self._timeout_s):
                answer = pipe.recv()
                if isinstance(answer, MusicTagError):
                    self.close()
                    raise answer
                assert isinstance(answer, Result)
                return answer
            why = f"it took longer than {self._timeout_s:.0f} s"
        except (EOFError, OSError):
            pass
        self.close()
        return Result(path, error=f"not heard: {why}; try this file by itself")

    def close(self) -> None:
        if self._process and self._pipe:
            self._process.kill()  # it has nothing that could be lost
            self._process.join()
            self._pipe.close()
        self._process = self._pipe = None

    def _start(self) -> Connection[Any, Any]:
        ours, theirs = _context.Pipe()
        self._process = _context.Process(
            target=_listen, args=(theirs, *self._arguments), daemon=True
        )
        with _starting:
            self._process.start()
        theirs.close()  # else the pipe would not end with the process
        self._pipe = ours
        return ours


def _listen(pipe: Connection[Any, Any], settings: Settings, known: Path | None) -> None:
    """The whole life of a process: it ends when the other end of the pipe does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where it could not be blocked
    try:
        path = pipe.recv()
        cache = Cache(known) if known else None
        try:
            model = load_model(settings.model)
        except MusicTagError as error:
            pipe.send(error)
            return
        while True:
            pipe.send(examine(path, model, settings, cache))
            path = pipe.recv()
    except (EOFError, OSError):
        return
