"""A model over labelled files, heard exactly as a user's scan hears them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

import numpy as np
import numpy.typing as npt

from tagger.audio import iter_windows
from tagger.card import ModelCard
from tagger.inference import score_windows
from tagger.model import Model
from tagger.scan import Settings
from tagger.vocabulary import Kind
from tagger.voting import calibrate, vote
from training.datasets import Clip
from training.datasets.instruments import is_rendered
from training.heard import Heard
from training.metrics import label_metrics, summary

Array = npt.NDArray[np.float32]


def listen(
    model: Model, clips: Iterable[Clip], progress: Callable[[], object] = lambda: None
) -> Heard:
    """Votes, before calibration, for clips that are whole files or 3-second windows of one."""
    heard: list[tuple[Clip, Array]] = []
    for _, group in groupby(clips, key=lambda clip: clip.path):
        heard += _votes(model, list(group))
        progress()
    n_labels = len(model.card.vocabulary)
    return Heard(
        targets=_rows([clip.targets for clip, _ in heard], n_labels),
        votes=_rows([votes for _, votes in heard], n_labels),
        groups=np.array([clip.group for clip, _ in heard], dtype=np.str_),
        real=np.array([not is_rendered(clip) for clip, _ in heard], dtype=np.bool_),
    )


def measure(heard: Heard, card: ModelCard, kind: Kind) -> dict[str, object]:
    """Ranking and decision figures of one kind of label, with the card's rules applied."""
    thresholds = np.array([rule.threshold for rule in card.rules], dtype=np.float32)
    probabilities = calibrate(heard.votes, card)
    rows = label_metrics(heard.targets, probabilities, thresholds, card.vocabulary, kind)
    return summary(rows)


def _rows(rows: list[Array], width: int) -> Array:
    """Stack rows, of which there may be none. Shape: `(N, width)`."""
    return np.array(rows, dtype=np.float32).reshape(-1, width)


def _votes(model: Model, clips: list[Clip]) -> Iterator[tuple[Clip, Array]]:
    """Whole files get a scan's windows and a vote; labelled windows each their own slice."""
    spec = model.card.mel
    windowed = clips[0].end_s is not None
    chunks = iter_windows(
        clips[0].path,
        rate=spec.rate,
        length=spec.slice_samples,
        count=None if windowed else Settings().windows,
    )
    scores = score_windows(model, chunks)
    if not windowed:
        yield clips[0], vote(scores)
        return
    by_start = {
        round(start, 1): value for start, value in zip(scores.starts, scores.values, strict=True)
    }
    for clip in clips:
        # The last, shorter window of a file has labels but no slice of its own.
        if (value := by_start.get(round(clip.start_s, 1))) is not None:
            yield clip, value
