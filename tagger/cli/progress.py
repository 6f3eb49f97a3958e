"""Progress of a scan on standard error: a line with rate and time left, failures above it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tagger.cli.echo import echo, redraw
from tagger.report.escaping import path_text, printable

if TYPE_CHECKING:
    from tagger.scanning.results import Result

REDRAW_S = 0.1


class ProgressLine:
    """One line that is redrawn in place; nothing at all where standard error is no terminal."""

    def __init__(self, total: int, model: str = "") -> None:
        self.model = model
        self.total, self.done, self.cached, self.shown = total, 0, 0, sys.stderr.isatty()
        self.started = time.monotonic()
        self.drawn = -REDRAW_S

    def advance(self) -> None:
        """Count one more file."""
        self.done += 1
        if self.shown and time.monotonic() - self.drawn >= REDRAW_S:
            self.drawn = time.monotonic()
            redraw(self.text())

    def clear(self) -> None:
        """Make room for other output."""
        if self.shown:
            redraw()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return max(time.monotonic() - self.started, 1e-6)

    def text(self) -> str:
        """Files done, rate and time left."""
        rate = self.done / self.elapsed_s
        left = round((self.total - self.done) / rate)
        share = f"{self.done / self.total:.0%}"
        return f"{self.done}/{self.total}  {share}  {rate:.1f} files/s  {clock(left)} left"

    def summary(self, n_failed: int) -> str:
        """What came of the files."""
        rate = self.done / self.elapsed_s
        by = f" by {self.model}" if self.model else ""
        done = f"{self.done - n_failed} classified{by} in {self.elapsed_s:.1f} s"
        done += f" ({rate:.1f} files/s)"
        if self.cached:
            done += f", {self.cached} from the cache"
        return f"{done}, {n_failed} failed" if n_failed else done


def follow(results: Iterable[Result], total: int, model: str = "") -> Iterator[Result]:
    """Pass results on while showing progress; then name the failures, the model, and sum up.

    Failures come at the end, so that they neither break up the table nor scroll away. Raises
    SystemExit(1) after the last result if a file failed.
    """
    line = ProgressLine(total, printable(model))
    failures: list[Result] = []
    try:
        for result in results:
            line.clear()
            if result.error:
                failures.append(result)
            line.cached += result.cached
            yield result
            line.advance()
    finally:  # after Ctrl-C too
        line.clear()
        for failure in failures:
            echo_failure(failure)
        if line.done:
            echo(line.summary(len(failures)), err=True)
    if failures:
        raise SystemExit(1)


def echo_failure(result: Result) -> None:
    """Name a file and why it could not be classified."""
    echo(f"{path_text(result.path)}: {printable(result.error or '')}", err=True)


def clock(seconds: int) -> str:
    """Minutes and seconds, or hours when there are any.

    >>> clock(75), clock(3675)
    ('1:15', '1:01:15')
    """
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
