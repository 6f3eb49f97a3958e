"""Files heard one by one as they are asked for, while the one who asks goes on with other work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tagger.scan.cache import Cache
from tagger.scan.limits import load_bounded
from tagger.scan.parallel import Result, Settings, examine
from tagger.scan.workers import TIMEOUT_S, Loss, Pool

Listeners = Pool[Path, Result]


def listeners(
    settings: Settings, jobs: int, *, timeout_s: float = TIMEOUT_S, cache: Path | None = None
) -> Listeners:
    """A pool that takes paths and gives Results.

    A file that cannot be heard is a Result with an error; a model that cannot be loaded is a
    ModelError in the future. With the path of a cache, what is known is not heard again, and what
    is heard is kept.
    """

    def lost(path: Path, why: Loss) -> Result:
        told = {"died": "a worker process died", "late": f"it took longer than {timeout_s:.0f} s"}
        return Result(path, error=f"not heard: {told[why]}; try this file by itself")

    return Pool(_prepare, (settings, cache), lost=lost, size=jobs, timeout_s=timeout_s)


def _prepare(settings: Settings, known: Path | None) -> Callable[[Path], Result]:
    model, cache = load_bounded(settings.model, settings.device), Cache(known) if known else None
    return lambda path: examine(path, model, settings, cache)
