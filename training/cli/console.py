"""What the commands that train and measure share on the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


def quiet_threads() -> None:
    """Let OpenMP's threads sleep while they wait.

    Threads that spin make a step 4 times slower as soon as another program wants a core; the
    variable is read when torch is first imported.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@contextmanager
def progress(label: str, length: int) -> Iterator[Callable[[], object]]:
    """A bar on standard error."""
    with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
        yield lambda: bar.update(1)
