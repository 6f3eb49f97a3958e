"""Many files in, what was heard in each out, in parallel; one bad file never stops the rest."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from pathlib import Path

from tagger import CHOSEN
from tagger.audio import iter_windows
from tagger.card import ModelCard
from tagger.errors import MusicTagError, TagError
from tagger.inference import SliceScores, score_windows
from tagger.model import Model, find_card, load_model
from tagger.tagfile import FileTags, read_tags
from tagger.vocabulary import Kind, Tag
from tagger.voting import TrackScores, choose_tags, score_track

log = logging.getLogger(__name__)

# Processes start in about a second each; fewer files than this are done sooner in one.
FEWEST_FOR_A_POOL = 8
AHEAD = 4  # files handed out per process before the first result is back


@dataclass(frozen=True, slots=True)
class Settings:
    """How files are listened to."""

    model: str = CHOSEN
    windows: int | None = 10  # None: the whole track
    most: dict[Kind, int] = field(default_factory=lambda: {"genre": 3, "instrument": 5})
    min_confidence: float = 0.0  # on top of the model's own thresholds


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """What was heard in one file."""

    model: str  # the model's id
    slices: SliceScores
    scores: TrackScores
    tags: tuple[Tag, ...]

    def of(self, kind: Kind) -> tuple[Tag, ...]:
        """The tags of one kind, the most probable first."""
        return tuple(tag for tag in self.tags if tag.kind == kind)


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """One file of a scan: what it holds, what was heard, or why nothing could be."""

    path: Path
    existing: FileTags = field(default_factory=FileTags)
    track: Track | None = None
    error: str | None = None
    notes: tuple[str, ...] = ()


def listen(path: Path, model: Model, settings: Settings) -> Track:
    """Hear one file; raises AudioError where its sound cannot be read."""
    spec = model.card.mel
    chunks = iter_windows(path, rate=spec.rate, length=spec.slice_samples, count=settings.windows)
    return judge(score_windows(model, chunks), model.card, settings)


def judge(slices: SliceScores, card: ModelCard, settings: Settings) -> Track:
    """What the slices of a file say together."""
    scores = score_track(slices, card)
    tags = choose_tags(scores, card, settings.most)
    kept = tuple(tag for tag in tags if tag.score >= settings.min_confidence)
    return Track(card.id, slices, scores, kept)


def examine(path: Path, model: Model, settings: Settings) -> Result:
    """Hear one file and read its tags; whatever goes wrong is in the result."""
    try:
        track = listen(path, model, settings)
    except MusicTagError as error:
        return Result(path, error=error.message)
    except Exception as error:  # the one place: a file we did not foresee must not end the scan
        log.warning("unexpected failure with %s", path, exc_info=True)
        return Result(path, error=f"unexpected failure ({type(error).__name__}: {error})")
    try:
        return Result(path, read_tags(path), track, notes=track.slices.notes)
    except TagError as error:
        return Result(path, track=track, notes=(*track.slices.notes, error.message))


def scan(found: Iterable[Path | MusicTagError], settings: Settings, jobs: int) -> Generator[Result]:
    """Examine all files with `jobs` processes, giving results in the order of the files."""
    items = list(found)
    n_files = sum(isinstance(item, Path) for item in items)
    if jobs == 1 or n_files < FEWEST_FOR_A_POOL:
        model = load_model(settings.model)
        for item in items:
            yield examine(item, model, settings) if isinstance(item, Path) else _failed(item)
    else:
        load_model(settings.model)  # a model that is not there is said here, not in each process
        # By its card from here on, so that choosing another model meanwhile changes nothing.
        settings = replace(settings, model=str(find_card(settings.model)))
        yield from _scan_in_pool(items, settings, min(jobs, n_files))


def default_jobs() -> int:
    """One process for each core this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _failed(error: MusicTagError) -> Result:
    return Result(error.path or Path(), error=error.message)


def _scan_in_pool(
    items: list[Path | MusicTagError], settings: Settings, jobs: int
) -> Generator[Result]:
    # Fork would copy ONNX Runtime's and FFmpeg's locks; spawn works the same everywhere.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, context, initializer=_start_worker, initargs=(settings,))
    waiting: deque[tuple[Path | MusicTagError, Future[Result] | None]] = deque()
    rest = iter(items)
    try:
        for item in rest:
            waiting.append((item, _submit(pool, item)))
            if len(waiting) >= jobs * AHEAD:
                yield _collect(*waiting.popleft())
        while waiting:
            yield _collect(*waiting.popleft())
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _submit(pool: ProcessPoolExecutor, item: Path | MusicTagError) -> Future[Result] | None:
    try:
        return pool.submit(_work, item) if isinstance(item, Path) else None
    except BrokenProcessPool:
        return None


def _collect(item: Path | MusicTagError, future: Future[Result] | None) -> Result:
    if isinstance(item, MusicTagError):
        return _failed(item)
    try:
        if future is not None:
            return future.result()
    except BrokenProcessPool:
        pass
    return Result(item, error="not heard: a worker process died; try this file by itself")


_worker: tuple[Model, Settings] | None = None  # set once in each worker process


def _start_worker(settings: Settings) -> None:
    global _worker  # the only state a worker has
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    _worker = (load_model(settings.model), settings)


def _work(path: Path) -> Result:
    assert _worker is not None
    return examine(path, *_worker)
