"""Replaces a file in one step: how every file that is not music is written.

For reports, models, caches and checkpoints. Music files are replaced by `replace_file`, which also
waits for the disk and looks for edits of other programs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path, *, contended: bool = False) -> Iterator[Path]:
    """A path to write to, which takes the place of `path` when the block ends without an error.

    It lies in the same folder and has the same suffix, since some writers go by that. Whatever goes
    wrong, `path` is as it was and nothing is left beside it; what a killed process left is
    overwritten by the next one. With `contended` each process has a path of its own, for files that
    several may write at once. Raises OSError as the disk does.
    """
    owner = f".{os.getpid()}" if contended else ""
    part = path.with_name(f".{path.stem}{owner}.part{path.suffix}")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
