"""Many files in, the result of each out, in parallel; one bad file never stops the rest."""

from __future__ import annotations

import queue
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from tagger.errors import MusicTagError
from tagger.models.card import ModelCard
from tagger.models.model import CardFile, read_card
from tagger.scanning.cache import Cache, FileScores, FileState
from tagger.scanning.limits import load_bounded, lost_message
from tagger.scanning.one_file import Answer, answer_for, cache_key, make_result, scan_file
from tagger.scanning.pool import TIMEOUT_S, Pool
from tagger.scanning.read_ahead import ReadAhead
from tagger.scanning.results import Result
from tagger.scanning.settings import Settings
from tagger.scanning.workers import Loss

FETCHED = 4  # files for each process that are asked of the disk before those
AHEAD = 2  # files for each process: one at hand, one to go on with at once
BLOCK = 16  # files for each process among which the largest goes first
MOST_EARLY = 2000  # results held back until those before them are done, 5 kB each

ScanPool = Pool[Path, Result]


def open_pool(
    settings: Settings, jobs: int, *, timeout_s: float = TIMEOUT_S, cache: Path | None = None
) -> ScanPool:
    """Processes to which paths are submitted one by one, while the caller goes on with other work.

    A file that cannot be scored is a Result with an error; a model that cannot be loaded is a
    ModelError in the future. With the path of a cache, what is in it is not scored again, and what
    is scored goes into it.
    """

    def lost(path: Path, why: Loss) -> Result:
        told = {"died": "a worker process died", "late": f"it took longer than {timeout_s:.0f} s"}
        return Result(path, error=f"not classified: {told[why]}; try this file by itself")

    return Pool(_prepare_results, (settings, cache), lost=lost, size=jobs, timeout_s=timeout_s)


def scan(
    found: Iterable[Path | MusicTagError],
    settings: Settings,
    jobs: int,
    *,
    card: CardFile | None = None,
    in_order: bool = True,
    timeout_s: float = TIMEOUT_S,
    cache: Cache | None = None,
) -> Generator[Result]:
    """Score all files with `jobs` processes; what is in the cache is not scored again.

    Results come in the order of the files, or else as they are done. A file over which a process
    dies, or which takes longer than `timeout_s`, is one failure. `card` is that of the model, for
    whoever has read it already. Raises ModelError where the model cannot be loaded.
    """
    items = list(found)
    # A model that is not there is said at once. Read once, so that choosing or replacing one
    # meanwhile changes nothing.
    card = card or read_card(settings.model)
    cache_path = cache.path if cache else None

    def lost(_: _Job, why: Loss) -> Answer:
        return lost_message(why, timeout_s, "--timeout")

    setup = (card, settings, cache_path)
    with Pool(_prepare_answers, setup, lost=lost, size=jobs, timeout_s=timeout_s) as pool:
        run = _Run(settings, card.card, cache, pool, jobs * AHEAD, ReadAhead(jobs * FETCHED))
        try:
            yield from run.in_order(items, BLOCK * jobs) if in_order else run.as_done(items)
        finally:
            run.read_ahead.close()


@dataclass(frozen=True, slots=True)
class _Job:
    """A file to be scored: its place among all, and its state before it was opened."""

    number: int
    path: Path
    state: FileState | None


_Numbered = tuple[int, Path | MusicTagError]


@dataclass(slots=True, eq=False)
class _Run:
    """One scan. Files are numbered, since they are not done in their order."""

    settings: Settings
    card: ModelCard
    cache: Cache | None
    pool: Pool[_Job, Answer]
    ahead: int  # files submitted before the first answer
    read_ahead: ReadAhead
    key: str = ""
    submitted: dict[Future[Answer], _Job] = field(default_factory=dict)
    answered: queue.SimpleQueue[Future[Answer]] = field(default_factory=queue.SimpleQueue)
    early: dict[int, Result] = field(default_factory=dict)  # some before them are not done yet

    def __post_init__(self) -> None:
        self.key = cache_key(self.card, self.settings)

    def as_done(self, items: list[Path | MusicTagError]) -> Iterator[Result]:
        """The largest files first, so that the last ones are short."""
        for _, result in self._done(_largest_first(list(enumerate(items)))):
            yield result

    def in_order(self, items: list[Path | MusicTagError], block: int) -> Iterator[Result]:
        """The largest first only among so many, so that nobody waits for the first result."""
        numbered, wanted = list(enumerate(items)), 0
        blocks = (numbered[at : at + block] for at in range(0, len(items), block))
        for number, result in self._done(chain.from_iterable(map(_largest_first, blocks))):
            self.early[number] = result
            while wanted in self.early:
                yield self.early.pop(wanted)
                wanted += 1

    def _done(self, jobs: Iterable[_Job | tuple[int, Result]]) -> Iterator[tuple[int, Result]]:
        answered = (self._cached(job) if isinstance(job, _Job) else job for job in jobs)
        for job in self.read_ahead.over(answered, _path):
            while len(self.submitted) >= self.ahead or (
                len(self.early) >= MOST_EARLY and self.submitted
            ):
                yield self._collected()
            if isinstance(job, tuple):
                yield job
            else:
                self._submit(job)
        while self.submitted:
            yield self._collected()

    def _submit(self, job: _Job) -> None:
        future = self.pool.submit(job)
        self.submitted[future] = job
        future.add_done_callback(self.answered.put)

    def _cached(self, job: _Job) -> _Job | tuple[int, Result]:
        """The result of a file that is in the cache, else the job as it was."""
        scores = self.cache.get(job.path, job.state, self.key) if self.cache else None
        if not scores:
            return job
        return job.number, make_result(job.path, scores, self.card, self.settings)

    def _collected(self) -> tuple[int, Result]:
        """The next file that is done, in the cache before anybody learns of it."""
        future = self.answered.get()
        job, answer = self.submitted.pop(future), future.result()
        if isinstance(answer, FileScores) and self.cache:
            self.cache.put(job.path, job.state, self.key, answer)
        return job.number, make_result(job.path, answer, self.card, self.settings)


def _path(job: _Job | tuple[int, Result]) -> Path | None:
    return job.path if isinstance(job, _Job) else None


def _largest_first(items: list[_Numbered]) -> list[_Job | tuple[int, Result]]:
    """What is no file comes before all that are."""
    failed = [
        (number, Result(item.path or Path(), error=item.message))
        for number, item in items
        if isinstance(item, MusicTagError)
    ]
    jobs = [_Job(n, item, FileState.of(item)) for n, item in items if isinstance(item, Path)]
    return [*failed, *sorted(jobs, key=lambda job: -job.state.size if job.state else 0)]


def _prepare_answers(
    card: CardFile, settings: Settings, cache_path: Path | None
) -> Callable[[_Job], Answer]:
    """What each process of a scan does once; gives what it does with each file."""
    model, cache = load_bounded(card, settings.device), _opened(cache_path)
    return lambda job: answer_for(job.path, model, settings, cache)


def _prepare_results(settings: Settings, cache_path: Path | None) -> Callable[[Path], Result]:
    model, cache = load_bounded(settings.model, settings.device), _opened(cache_path)
    return lambda path: scan_file(path, model, settings, cache)


def _opened(cache_path: Path | None) -> Cache | None:
    return Cache(cache_path) if cache_path else None
