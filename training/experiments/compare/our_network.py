"""What our network makes of a clip: its vote, as a scan has it, and its embedding of each slice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tagger.audio import iter_windows
from tagger.errors import DataError
from tagger.inference.aggregation import vote
from tagger.inference.slice_scores import Predictions, iter_mel, predict_slices
from tagger.models.model import Model, find_card, load_model
from tagger.models.session import Network, open_network
from tagger.scanning.settings import Settings
from tagger.vocabulary import Vocabulary, lineage
from training.evaluation.card_figures import OF_OTHERS
from training.finetune.onnx_graph import read_network, with_embedding

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class OurNetwork:
    """A model, and its network with the embedding read out."""

    model: Model
    network: Network  # that of the model, with the embedding as an output
    parameters: int

    @classmethod
    def of(cls, name: str) -> OurNetwork:
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
        body = open_network(with_embedding(network, weights), weights)
        count = sum(math.prod(values.dims) for values in network.graph.initializer)
        return cls(model, body, count)

    def vote(self, path: Path) -> Array:
        """What it says of a track before calibration, exactly as in a scan. Shape: `(K,)`."""
        return vote(self._predict(path, self.model.network).scores(), self.model.card)

    def embed(self, path: Path, starts: Sequence[float]) -> Array:
        """Its embedding of the slice nearest to each of these times in seconds. Shape: `(S, D)`."""
        found = self._predict(path, self.network)
        assert found.output.embeddings is not None, "the network has an embedding"
        distance = np.abs(np.subtract.outer(np.array(starts), np.array(found.slices.starts)))
        return np.asarray(found.output.embeddings[distance.argmin(axis=1)])

    def _predict(self, path: Path, network: Network) -> Predictions:
        spec = self.model.card.mel
        windows = iter_windows(
            path, rate=spec.rate, length=spec.slice_samples, count=Settings().windows
        )
        return predict_slices(network, iter_mel(windows, spec))


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
