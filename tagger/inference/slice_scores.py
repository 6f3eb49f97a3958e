"""Windows of sound -> log-mel slices -> network -> slice scores: the one path of everything scored.

Its stages can be had apart: the pipeline on a cluster batches the slices of many tracks before the
network, an explanation needs the log-mel itself, training the logits and embeddings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tagger.inference.mel_spectrogram import log_mel
from tagger.models.session import Network, Output, joined

if TYPE_CHECKING:
    from tagger.audio import Windows
    from tagger.models.card import MelSpec
    from tagger.models.model import Model

Array = npt.NDArray[np.float32]

SLICE_SILENCE_DBFS = -70.0  # RMS under which a slice has nothing to say


@dataclass(frozen=True, slots=True)
class Slices:
    """Where the S slices of a track lie, and which of them are silent."""

    starts: tuple[float, ...] = ()  # seconds
    silent: tuple[bool, ...] = ()
    duration_s: float = 0.0
    notes: tuple[str, ...] = ()

    def __add__(self, later: Slices) -> Slices:
        """These slices of a track, and later ones of the same."""
        return Slices(
            self.starts + later.starts,
            self.silent + later.silent,
            later.duration_s,
            tuple(dict.fromkeys(self.notes + later.notes)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class MelChunk:
    """Some slices of a track as the network takes them. Shape: `mel` is `(S, M, F)`."""

    mel: Array
    slices: Slices
    planned: int  # slices in the whole track


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SliceScores:
    """What the network says of each slice of a track.

    In the order of time. Shape: `values` is `(S, K)`, each 0 to 1; `starts` and `silent` have S
    entries.
    """

    values: Array
    starts: tuple[float, ...]  # seconds
    silent: tuple[bool, ...]
    duration_s: float
    notes: tuple[str, ...]

    @property
    def sounding(self) -> Array:
        """The scores of the slices that are not silent. Shape: `(S', K)`."""
        return np.asarray(self.values[~np.array(self.silent, dtype=bool)])

    def __repr__(self) -> str:
        n_slices, n_labels = self.values.shape
        return f"SliceScores({n_slices} slices, {n_labels} labels, {self.duration_s:.1f} s)"


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """The network's answers for the slices of a track, in the order of time."""

    output: Output
    slices: Slices

    def scores(self) -> SliceScores:
        """The logits as probabilities."""
        at = self.slices
        return SliceScores(
            sigmoid(self.output.logits), at.starts, at.silent, at.duration_s, at.notes
        )

    def sounding(self) -> Output:
        """The network's answers for the slices that are not silent."""
        return _rows(self.output, np.flatnonzero(~np.array(self.slices.silent, dtype=bool)))


def iter_mel(chunks: Iterable[Windows], spec: MelSpec) -> Iterator[MelChunk]:
    """Windows as log-mel slices, a chunk at a time so that memory stays bounded."""
    for windows in chunks:
        silent = tuple(silent_slices(windows.samples))
        slices = Slices(windows.starts, silent, windows.duration_s, windows.notes)
        yield MelChunk(log_mel(windows.samples, spec), slices, windows.planned)


def predict_slices(
    network: Network,
    chunks: Iterable[MelChunk],
    is_enough: Callable[[SliceScores, int], bool] | None = None,
) -> Predictions:
    """Run the network on the slices of one track.

    After each chunk `is_enough` is asked, with the scores so far and how many slices are planned;
    the rest is not read where it says so.
    """
    slices, outputs = Slices(), list[Output]()
    for chunk in chunks:
        slices += chunk.slices
        outputs.append(network.predict(chunk.mel))
        if is_enough and is_enough(Predictions(joined(outputs), slices).scores(), chunk.planned):
            break
    none = Output(np.zeros((0, network.n_labels), dtype=np.float32))
    return _in_time(Predictions(joined(outputs) if outputs else none, slices))


def score_windows(
    model: Model,
    chunks: Iterable[Windows],
    is_enough: Callable[[SliceScores, int], bool] | None = None,
) -> SliceScores:
    """Score the windows of one track; `is_enough` as in `predict_slices`."""
    return predict_slices(model.network, iter_mel(chunks, model.card.mel), is_enough).scores()


def _in_time(found: Predictions) -> Predictions:
    slices = found.slices
    order = sorted(range(len(slices.starts)), key=slices.starts.__getitem__)
    sorted_slices = replace(
        slices,
        starts=tuple(slices.starts[i] for i in order),
        silent=tuple(slices.silent[i] for i in order),
    )
    return Predictions(_rows(found.output, np.array(order, dtype=np.int64)), sorted_slices)


def _rows(output: Output, indices: npt.NDArray[np.int64]) -> Output:
    embeddings = None if output.embeddings is None else output.embeddings[indices]
    return Output(output.logits[indices], embeddings)


def sigmoid(logits: Array) -> Array:
    """Logits to probabilities."""
    return np.asarray(1 / (1 + np.exp(-logits)), dtype=np.float32)


def silent_slices(samples: Array) -> list[bool]:
    """Whether each slice has nothing to say. Shape: `(S, T)` in, S entries out."""
    power = np.einsum("st,st->s", samples, samples) / samples.shape[1]
    return [bool(silent) for silent in power < 10 ** (SLICE_SILENCE_DBFS / 10)]
