"""Music files that arrive in folders, each once it has stopped growing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tagger.scanning.discovery import SUFFIXES, find_files, is_wanted

_POLL_MS = 500  # between two checks of what is still growing


@dataclass(slots=True)
class _Growing:
    """A file that was noticed: its state at the last check, and since when."""

    size: int
    mtime_ns: int
    since: float


@dataclass(slots=True)
class Arrivals:
    """Files that were noticed and are not settled yet."""

    settle_s: float
    clock: Callable[[], float] = time.monotonic
    growing: dict[Path, _Growing] = field(default_factory=dict)

    def notice(self, path: Path) -> None:
        """Look at a file that was added or changed, or that is to be tried again."""
        try:
            status = path.stat()
        except OSError:  # gone again
            self.growing.pop(path, None)
            return
        earlier = self.growing.get(path)
        if earlier is None or (earlier.size, earlier.mtime_ns) != (
            status.st_size,
            status.st_mtime_ns,
        ):
            self.growing[path] = _Growing(status.st_size, status.st_mtime_ns, self.clock())

    def settled(self) -> list[Path]:
        """The files that have been the same for long enough, in order of name; each once."""
        for path in list(self.growing):
            self.notice(path)
        now = self.clock()
        ready = [p for p, file in self.growing.items() if now - file.since >= self.settle_s]
        for path in ready:
            del self.growing[path]
        return sorted(ready)


def watch(
    tops: Sequence[Path], arrivals: Arrivals, exclude: Sequence[str] = (), *, poll: bool = False
) -> Iterator[list[Path]]:
    """Batches of files under the folders: first those there are, then what arrives, for ever."""
    from watchfiles import watch as changes_under

    fresh = True
    for changes in changes_under(
        *tops,
        watch_filter=lambda _, path: _may_be_music(path),
        step=_POLL_MS // 5,
        debounce=_POLL_MS,
        rust_timeout=_POLL_MS,
        yield_on_timeout=True,
        force_polling=True if poll else None,
    ):
        names = {Path(name) for _, name in changes}
        if fresh:  # only now that changes are told of, else some would fall between
            names, fresh = set(tops), False
        for name in names:
            for path in _files_at(name, tops, exclude):
                arrivals.notice(path)
        if ready := arrivals.settled():
            yield ready


def _may_be_music(path: str) -> bool:
    """Whether a change is of a music file or of a folder, which may have been moved here whole."""
    name = os.path.basename(path)  # noqa: PTH119 - called for every change
    hidden = name.startswith((".musictag-", "._"))
    return not hidden and (Path(name).suffix.lower() in SUFFIXES or os.path.isdir(path))  # noqa: PTH112


def _files_at(path: Path, tops: Iterable[Path], exclude: Sequence[str]) -> Iterator[Path]:
    found = find_files([path]) if path.is_dir() else [path]
    for item in found:
        if isinstance(item, Path) and any(is_wanted(item, top, exclude) for top in tops):
            yield item
