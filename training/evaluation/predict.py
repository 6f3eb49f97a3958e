"""A model over labelled files, scored exactly as a user's scan scores them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from tagger.audio import iter_windows
from tagger.errors import AudioError
from tagger.inference.aggregation import vote
from tagger.inference.calibration import calibrate
from tagger.inference.slice_scores import score_windows
from tagger.models.card import ModelCard
from tagger.models.model import Model
from tagger.scanning.settings import Settings
from tagger.vocabulary import Kind
from training.data.datasets import Clip
from training.data.datasets.instruments import is_rendered
from training.evaluation.held_out_votes import HeldOut
from training.evaluation.metrics import label_metrics, summary

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class ClipScores:
    """A clip, its vote `(K,)`, and what the network says of its slices that sound `(S, K)`."""

    clip: Clip
    vote: Array
    slices: Array


def predict_votes(
    model: Model, clips: Iterable[Clip], progress: Callable[[], object] = lambda: None
) -> HeldOut:
    """Votes, before calibration, for clips that are whole files or 3-second windows of one."""
    return stack_votes(predict_clips(model, clips, progress), len(model.card.vocabulary))


def stack_votes(held_out: Iterable[ClipScores], n_labels: int) -> HeldOut:
    """Votes and labels of clips, row by row."""
    parts = list(held_out)
    return HeldOut(
        targets=_rows([part.clip.targets for part in parts], n_labels),
        votes=_rows([part.vote for part in parts], n_labels),
        groups=np.array([part.clip.group for part in parts], dtype=np.str_),
        real=np.array([not is_rendered(part.clip) for part in parts], dtype=np.bool_),
    )


def predict_clips(
    model: Model, clips: Iterable[Clip], progress: Callable[[], object] = lambda: None
) -> list[ClipScores]:
    """Every clip, in order; `progress` is called once per file.

    Clips of a file that cannot be read are left out, with a warning that names the file.
    """
    held_out: list[ClipScores] = []
    for _, group in groupby(clips, key=lambda clip: clip.path):
        try:
            held_out += _predict_file(model, list(group))
        except AudioError as error:
            logging.getLogger(__name__).warning("%s; left out", error)
        progress()
    return held_out


def measure(held_out: HeldOut, card: ModelCard, kind: Kind) -> dict[str, object]:
    """Ranking and decision figures of one kind of label, with the card's rules applied."""
    thresholds = np.array([rule.threshold for rule in card.rules], dtype=np.float32)
    probabilities = calibrate(held_out.votes, card)
    rows = label_metrics(held_out.targets, probabilities, thresholds, card.vocabulary, kind)
    return summary(rows)


def _rows(rows: list[Array], width: int) -> Array:
    """Stack rows, of which there may be none. Shape: `(N, width)`."""
    return np.array(rows, dtype=np.float32).reshape(-1, width)


def _predict_file(model: Model, clips: list[Clip]) -> Iterator[ClipScores]:
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
        for clip in clips:
            yield ClipScores(
                clip, vote(scores, model.card), scores.values[~np.array(scores.silent, dtype=bool)]
            )
        return
    by_start = {
        round(start, 1): value for start, value in zip(scores.starts, scores.values, strict=True)
    }
    for clip in clips:
        # The last, shorter window of a file has labels but no slice of its own.
        if (value := by_start.get(round(clip.start_s, 1))) is not None:
            yield ClipScores(clip, value, value[None])
