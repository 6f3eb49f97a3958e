"""Many files in, what was heard in each out, in parallel; one bad file never stops the rest."""

from __future__ import annotations

import hashlib
import logging
import os
import queue
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from tagger import CHOSEN
from tagger.audio import iter_windows
from tagger.errors import MusicTagError, TagError
from tagger.inference.aggregation import TrackScores, score_track
from tagger.inference.early_exit import is_settled
from tagger.inference.slice_scores import SliceScores, score_windows
from tagger.inference.thresholds import Choice, decide
from tagger.models.card import ModelCard, Profile, load_card
from tagger.models.model import Model, find_card
from tagger.models.session import Device
from tagger.scan.cache import Cache, Heard, Stamp
from tagger.scan.limits import LOST, TOO_LARGE, load_bounded
from tagger.scan.workers import TIMEOUT_S, Loss, Pool
from tagger.tags.reader import FileTags, read_tags
from tagger.vocabulary import Kind, Tag

log = logging.getLogger(__name__)

AHEAD = 2  # files for each process: one to hear, one to go on with at once
BLOCK = 16  # files for each process among which the largest goes first
MOST_EARLY = 2000  # results kept back until those before them are done, 5 kB each

# Raised when sound reaches the network in another way than the card says: results are void then.
_HEARING = 1


@dataclass(frozen=True, slots=True)
class Settings:
    """How files are listened to."""

    model: str = CHOSEN
    windows: int | None = 10  # None: the whole track
    most: dict[Kind, int] = field(default_factory=lambda: {"genre": 3, "instrument": 5})
    min_confidence: float = 0.0  # on top of the model's own thresholds
    profile: Profile = "precise"
    experimental: bool = False  # also labels that were never measured on real sound
    clearance: float | None = None  # stop early when votes are so clear; None: never
    device: Device = "auto"  # scores differ by less than a thousandth between them

    @property
    def choice(self) -> Choice:
        """Which of the labels heard become tags."""
        return Choice(self.most, self.profile, self.min_confidence, self.experimental)


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """What was heard in one file."""

    model: str  # the model's id
    slices: SliceScores
    scores: TrackScores
    tags: tuple[Tag, ...]
    candidates: tuple[Tag, ...] = ()  # the next most probable labels, too unsure for tags

    def of(self, kind: Kind) -> tuple[Tag, ...]:
        """The tags of one kind, the most probable first."""
        return tuple(tag for tag in self.tags if tag.kind == kind)

    def candidates_of(self, kind: Kind) -> tuple[Tag, ...]:
        """The candidates of one kind, the most probable first."""
        return tuple(tag for tag in self.candidates if tag.kind == kind)


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """One file of a scan: what it holds, what was heard, or why nothing could be."""

    path: Path
    existing: FileTags = field(default_factory=FileTags)
    track: Track | None = None
    error: str | None = None
    notes: tuple[str, ...] = ()
    known: bool = False  # heard in an earlier scan


def listen(path: Path, model: Model, settings: Settings) -> Track:
    """Hear one file; raises AudioError where its sound cannot be read."""
    return judge(_hear(path, model, settings), model.card, settings)


def judge(slices: SliceScores, card: ModelCard, settings: Settings) -> Track:
    """What the slices of a file say together."""
    scores = score_track(slices, card)
    return Track(card.id, slices, scores, *decide(scores, card, settings.choice))


def examine(path: Path, model: Model, settings: Settings, cache: Cache | None = None) -> Result:
    """Hear one file and read its tags; whatever goes wrong is in the result.

    What the cache knows is not heard again, and what is heard it keeps.
    """
    stamp, way = Stamp.of(path), _way(model.card, settings)
    answer: _Answer | None = cache.recall(path, stamp, way) if cache else None
    if answer is None:
        answer = _find_out(path, model, settings, cache)
        if cache and isinstance(answer, Heard):
            cache.note(path, stamp, way, answer)
    return _result(path, answer, model.card, settings)


def scan(
    found: Iterable[Path | MusicTagError],
    settings: Settings,
    jobs: int,
    *,
    in_order: bool = True,
    timeout_s: float = TIMEOUT_S,
    cache: Cache | None = None,
) -> Generator[Result]:
    """Examine all files with `jobs` processes; what the cache knows is not heard again.

    Results come in the order of the files, or else as they are done. A file over which a process
    dies, or which takes longer than `timeout_s`, is one failure.
    """
    items = list(found)
    # A missing model is an error now; by its path, so that choosing another changes nothing.
    settings = replace(settings, model=str(find_card(settings.model)))
    card = load_card(Path(settings.model))
    known = cache.path if cache else None

    def lost(_: _Job, why: Loss) -> _Answer:
        return LOST[why].format(timeout_s)

    with Pool(_prepare, (settings, known), lost=lost, size=jobs, timeout_s=timeout_s) as hearers:
        run = _Run(settings, card, cache, hearers, jobs * AHEAD)
        yield from run.in_order(items, BLOCK * jobs) if in_order else run.as_done(items)


def default_jobs() -> int:
    """One process for each core this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class _Job:
    """A file to be heard: its place among all, and its stamp before it was opened."""

    number: int
    path: Path
    stamp: Stamp | None


_Answer = Heard | str  # or why it cannot be heard
_Numbered = tuple[int, Path | MusicTagError]


@dataclass(slots=True, eq=False)
class _Run:
    """One scan. Files are numbered, since they are not done in their order."""

    settings: Settings
    card: ModelCard
    cache: Cache | None
    hearers: Pool[_Job, _Answer]
    ahead: int  # files asked for before the first answer
    way: str = ""
    asked: dict[Future[_Answer], _Job] = field(default_factory=dict)
    answered: queue.SimpleQueue[Future[_Answer]] = field(default_factory=queue.SimpleQueue)
    early: dict[int, Result] = field(default_factory=dict)  # some before them are not done yet

    def __post_init__(self) -> None:
        self.way = _way(self.card, self.settings)

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
        for job in jobs:
            while len(self.asked) >= self.ahead or (len(self.early) >= MOST_EARLY and self.asked):
                yield self._collected()
            if isinstance(job, tuple):
                yield job
            elif known := self._known(job):
                yield job.number, known
            else:
                self._ask(job)
        while self.asked:
            yield self._collected()

    def _ask(self, job: _Job) -> None:
        future = self.hearers.submit(job)
        self.asked[future] = job
        future.add_done_callback(self.answered.put)

    def _known(self, job: _Job) -> Result | None:
        heard = self.cache.recall(job.path, job.stamp, self.way) if self.cache else None
        return _result(job.path, heard, self.card, self.settings) if heard else None

    def _collected(self) -> tuple[int, Result]:
        """The next file that is done, kept before anybody hears of it."""
        future = self.answered.get()
        job, answer = self.asked.pop(future), future.result()
        if isinstance(answer, Heard) and self.cache:
            self.cache.note(job.path, job.stamp, self.way, answer)
        return job.number, _result(job.path, answer, self.card, self.settings)


def _largest_first(items: list[_Numbered]) -> list[_Job | tuple[int, Result]]:
    """What is no file comes before all that are."""
    failed = [
        (number, Result(item.path or Path(), error=item.message))
        for number, item in items
        if isinstance(item, MusicTagError)
    ]
    jobs = [_Job(n, item, Stamp.of(item)) for n, item in items if isinstance(item, Path)]
    return [*failed, *sorted(jobs, key=lambda job: -job.stamp.size if job.stamp else 0)]


def _result(path: Path, answer: _Answer, card: ModelCard, settings: Settings) -> Result:
    if isinstance(answer, str):
        return Result(path, error=answer)
    notes = (*answer.slices.notes, *([answer.note] if answer.note else []))
    return Result(
        path, answer.tags, judge(answer.slices, card, settings), notes=notes, known=answer.known
    )


def _prepare(settings: Settings, known: Path | None) -> Callable[[_Job], _Answer]:
    """What each process does once; gives what it does with each file."""
    model, cache = load_bounded(settings.model, settings.device), Cache(known) if known else None
    return lambda job: _find_out(job.path, model, settings, cache)


def _find_out(path: Path, model: Model, settings: Settings, cache: Cache | None) -> _Answer:
    """All there is to say of a file, or why it cannot be heard."""
    try:
        tags, note = _tags(path)
        way = _way(model.card, settings)
        known = cache.heard(tags.audio, way) if cache and tags.audio else None
        return Heard(tags, known or _hear(path, model, settings), note, known is not None)
    except MusicTagError as error:
        return error.message
    except MemoryError:
        return TOO_LARGE
    except Exception as error:  # the one place: a file we did not foresee must not end the scan
        log.warning("unexpected failure with %s", path, exc_info=True)
        return f"unexpected failure ({type(error).__name__}: {error})"


def _tags(path: Path) -> tuple[FileTags, str]:
    """The tags of a file, or none and why they cannot be read."""
    try:
        return read_tags(path), ""
    except TagError as error:
        return FileTags(), error.message


def _hear(path: Path, model: Model, settings: Settings) -> SliceScores:
    spec = model.card.mel
    count, clearance = settings.windows, settings.clearance
    chunks = iter_windows(
        path, rate=spec.rate, length=spec.slice_samples, count=count, staged=clearance is not None
    )

    def is_enough(heard: SliceScores, planned: int) -> bool:
        return clearance is not None and is_settled(heard, planned, model.card, clearance)

    # Closed by hand: an iterator that is given up half way would keep its file open for a while.
    with closing(chunks):
        return score_windows(model, chunks, is_enough)


def _way(card: ModelCard, settings: Settings) -> str:
    """By which the cache knows in what way sound was heard.

    Thresholds have no part in it, but where they decide how much is heard.
    """
    early = (settings.clearance, card.rules) if settings.clearance is not None else None
    parts = (_HEARING, card.sha256, card.mel, settings.windows, early)
    return hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest()
