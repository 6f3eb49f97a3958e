"""One file -> its result; whatever goes wrong with it is in the result."""

from __future__ import annotations

import hashlib
import logging
from contextlib import closing
from pathlib import Path

from tagger.errors import MusicTagError, TagError
from tagger.inference.early_exit import is_settled
from tagger.inference.slice_scores import SliceScores, score_windows
from tagger.models.card import ModelCard
from tagger.models.model import Model
from tagger.scanning.cache import Cache, FileScores, FileState
from tagger.scanning.limits import TOO_LARGE
from tagger.scanning.results import Result, Track, make_track
from tagger.scanning.settings import Settings
from tagger.tags.reader import FileTags, read_tags

log = logging.getLogger(__name__)

Answer = FileScores | str  # or why a file cannot be scored

# Increased when the input of the network differs from what the card says: what the cache holds then
# counts no more.
_PIPELINE = 1


def tag_file(path: Path, model: Model, settings: Settings) -> Track:
    """Score one file; raises AudioError where its sound cannot be read."""
    return make_track(_score(path, model, settings), model.card, settings)


def scan_file(path: Path, model: Model, settings: Settings, cache: Cache | None = None) -> Result:
    """Score one file and read its tags; whatever goes wrong is in the result.

    What is in the cache is not scored again, and what is scored goes into it.
    """
    state, key = FileState.of(path), cache_key(model.card, settings)
    answer: Answer | None = cache.get(path, state, key) if cache else None
    if answer is None:
        answer = answer_for(path, model, settings, cache)
        if cache and isinstance(answer, FileScores):
            cache.put(path, state, key, answer)
    return make_result(path, answer, model.card, settings)


def answer_for(path: Path, model: Model, settings: Settings, cache: Cache | None) -> Answer:
    """The scores and the tags of a file, or why it cannot be scored."""
    try:
        tags, note = _tags(path)
        key = cache_key(model.card, settings)
        cached = cache.slices(tags.audio, key) if cache and tags.audio else None
        slices = cached or _score(path, model, settings)
        return FileScores(tags, slices, note, cached is not None)
    except MusicTagError as error:
        return error.message
    except MemoryError:
        return TOO_LARGE
    except Exception as error:  # the one place: a file we did not foresee must not end the scan
        log.warning("unexpected failure with %s", path, exc_info=True)
        return f"unexpected failure ({type(error).__name__}: {error})"


def make_result(path: Path, answer: Answer, card: ModelCard, settings: Settings) -> Result:
    """The result of a file: tags by the thresholds of today, from scores that may be older."""
    if isinstance(answer, str):
        return Result(path, error=answer)
    notes = (*answer.slices.notes, *([answer.note] if answer.note else []))
    track = make_track(answer.slices, card, settings)
    return Result(path, answer.tags, track, notes=notes, cached=answer.cached)


def cache_key(card: ModelCard, settings: Settings) -> str:
    """By what the cache tells scores apart: network, front end, windows.

    Thresholds have no part in it, but where they decide how many windows are read.
    """
    early = (settings.clearance, card.rules) if settings.clearance is not None else None
    parts = (_PIPELINE, card.sha256, card.mel, settings.windows, early)
    return hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest()


def _tags(path: Path) -> tuple[FileTags, str]:
    """The tags of a file, or none and why they cannot be read."""
    try:
        return read_tags(path), ""
    except TagError as error:
        return FileTags(), error.message


def _score(path: Path, model: Model, settings: Settings) -> SliceScores:
    # Loaded here, since who only hands files to processes decodes none: it takes 60 ms.
    from tagger.audio import iter_windows

    spec = model.card.mel
    count, clearance = settings.windows, settings.clearance
    chunks = iter_windows(
        path, rate=spec.rate, length=spec.slice_samples, count=count, staged=clearance is not None
    )

    def is_enough(scores: SliceScores, planned: int) -> bool:
        return clearance is not None and is_settled(scores, planned, model.card, clearance)

    # Closed by hand: an iterator that is given up half way would keep its file open for a while.
    with closing(chunks):
        return score_windows(model, chunks, is_enough if clearance is not None else None)
