"""Files are classified in a thread of their own, which a person may stop and let go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from tagger.errors import MusicTagError
from tagger.review.state import Review
from tagger.scanning.results import Result

# What is opened in the thread: a cache belongs to the thread that opened it.
Scanning = Callable[[], AbstractContextManager[Iterator[Result]]]
_END_S = 3.0  # what the end of the program waits for a file; the processes end with us


class Classifier:
    """Fills a review from a scan.

    While it is stopped no further results are taken, so the scan comes to a halt after the few
    files that its processes have at hand.
    """

    def __init__(self, review: Review, scanning: Scanning, total: int) -> None:
        self.review, self.total = review, total
        self.done = self.failed = self.known = 0
        self.error = ""
        self._scanning = scanning
        self._may_run, self._ended = threading.Event(), threading.Event()
        self._closing = False
        self._worked_s, self._since = 0.0, time.monotonic()
        self._thread = threading.Thread(target=self._run, name="classifier", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._since = time.monotonic()
        self._may_run.set()
        self._thread.start()

    def stop(self) -> None:
        """Come to a halt."""
        if self._may_run.is_set() and not self._ended.is_set():
            self._worked_s = self.elapsed_s
            self._may_run.clear()

    def go_on(self) -> None:
        """Go on where it was stopped."""
        if not self._may_run.is_set():
            self._since = time.monotonic()
            self._may_run.set()

    def close(self) -> None:
        """End, wherever it is."""
        self._closing = True
        self._may_run.set()
        if self._thread.ident:
            self._thread.join(_END_S)

    @property
    def elapsed_s(self) -> float:
        """Seconds it has worked."""
        running = self._may_run.is_set() and not self._ended.is_set()
        return self._worked_s + (time.monotonic() - self._since if running else 0.0)

    def record(self) -> dict[str, Any]:
        """How far it is.

        Keys: state (running, stopped, done, failed), total, done, failed, known, elapsed_s, error.
        """
        state = "running" if self._may_run.is_set() else "stopped"
        if self._ended.is_set():
            state = "failed" if self.error else "done"
        return {
            "state": state,
            "total": self.total,
            "done": self.done,
            "failed": self.failed,
            "known": self.known,
            "elapsed_s": round(self.elapsed_s, 3),
            "error": self.error,
        }

    def _run(self) -> None:
        try:
            with self._scanning() as results:
                for result in results:
                    self._take(result)
                    self._may_run.wait()
                    if self._closing:
                        return
        except MusicTagError as error:
            self.error = str(error)
        except Exception as error:  # said on the page, which else would wait for ever
            self.error = f"unexpected failure ({error!r})"
        finally:
            self._worked_s = self.elapsed_s
            self._ended.set()

    def _take(self, result: Result) -> None:
        self.review.add(result)
        self.failed += bool(result.error)
        self.known += result.cached
        self.done += 1
