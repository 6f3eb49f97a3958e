"""What our network makes of a clip: its vote, as a scan has it, and its embedding of each slice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tagger.audio import iter_windows, read_windows
from tagger.errors import DataError
from tagger.inference.aggregation import vote
from tagger.inference.mel_spectrogram import log_mel
from tagger.inference.slice_scores import score_windows
from tagger.models.model import Model, find_card, load_model
from tagger.models.session import open_session
from tagger.scan.parallel import Settings
from tagger.vocabulary import Vocabulary
from training.data.datasets.names import lineage
from training.evaluation.card_figures import OF_OTHERS
from training.finetune.onnx_graph import EMBEDDING, read_network, with_embedding

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Ear:
    """A model, and its network with the embedding read out."""

    model: Model
    body: Any  # onnxruntime.InferenceSession
    parameters: int

    @classmethod
    def of(cls, name: str) -> Ear:
        """A model by name or by the path of its card, of which a fold is left to ask about."""
        model = load_model(name)
        if model.card.metrics.get(OF_OTHERS):
            raise DataError(
                f"{model.card.id} learned from every fold of its data: nothing is left to compare "
                "it on; take one that held --fold out",
                find_card(name),
            )
        weights = find_card(name).with_name(model.card.weights)
        network = read_network(weights)
        session = open_session(with_embedding(network, weights), weights, threads=1)
        count = sum(math.prod(values.dims) for values in network.graph.initializer)
        return cls(model, session, count)

    def vote(self, path: Path) -> Array:
        """What it says of a track before calibration, exactly as in a scan. Shape: `(K,)`."""
        spec = self.model.card.mel
        windows = iter_windows(
            path, rate=spec.rate, length=spec.slice_samples, count=Settings().windows
        )
        return vote(score_windows(self.model, windows), self.model.card)

    def embed(self, path: Path, starts: Sequence[float]) -> Array:
        """Its embedding of the slice nearest to each of these times in seconds. Shape: `(S, D)`."""
        spec = self.model.card.mel
        heard = read_windows(
            path, rate=spec.rate, length=spec.slice_samples, count=Settings().windows
        )
        (values,) = self.body.run([EMBEDDING], {"mel": log_mel(heard.samples, spec)})
        nearest = np.abs(np.subtract.outer(np.array(starts), np.array(heard.starts))).argmin(axis=1)
        return np.asarray(values[nearest], dtype=np.float32)


def votes_for(classes: Sequence[str], votes: Array, vocabulary: Vocabulary) -> Array:
    """The votes for classes, each by the nearest label of its lineage; 0 where there is none.

    Shape: `(N, K)` in, `(N, C)` out
    """
    labels = {vocabulary.labels[i].name: i for i in vocabulary.indices("genre")}
    said = np.zeros((len(votes), len(classes)), dtype=np.float32)
    for column, name in enumerate(classes):
        if (label := next((kin for kin in lineage(name) if kin in labels), None)) is not None:
            said[:, column] = votes[:, labels[label]]
    return said
