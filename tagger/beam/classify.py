"""File -> log-mel slices -> network -> calibrated scores, as Beam's transforms."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import numpy.typing as npt
from apache_beam.metrics import Metrics
from apache_beam.ml.inference.base import PredictionResult
from apache_beam.ml.inference.onnx_inference import OnnxModelHandlerNumpy

from tagger.audio import iter_windows
from tagger.beam.files import Failure, File, fetched
from tagger.beam.parquet_rows import Row, score_columns
from tagger.errors import MusicTagError, TagError
from tagger.inference.aggregation import score_track
from tagger.inference.slice_scores import Predictions, Slices, iter_mel
from tagger.models.card import MelSpec, ModelCard
from tagger.models.session import Network, Output, open_network
from tagger.tags.reader import opened

log = logging.getLogger(__name__)

Array = npt.NDArray[np.float32]

NAMESPACE = "musictag"  # of the metrics
FAILED = "failed"  # the output for dead letters
# Slices in a batch and in one run of the network. More do not pay on a CPU: a slice takes 0.55 ms
# alone or with nine others, but 0.89 ms among 160, which no longer fit into its caches.
BATCH = 32


@dataclass(frozen=True, slots=True)
class Sound:
    """What is read of a file before the network runs on it."""

    file: File
    audio: str  # the fingerprint by which a plan knows it again; empty where it has no tags
    slices: Slices


class Read(beam.DoFn):
    """A file -> its Sound and its slices, `(S, M, F)`; or a Failure, in the output for them."""

    def __init__(self, spec: MelSpec, windows: int | None) -> None:
        self._spec, self._windows = spec, windows

    def process(self, file: File) -> Iterator[Any]:
        """Read the windows of one file."""
        try:
            yield self._read(file)
        except MusicTagError as error:
            yield beam.pvalue.TaggedOutput(FAILED, Failure(file.path, error.message))
        except Exception as error:  # a file we did not foresee must not end the run
            log.warning("unexpected failure with %s", file.path, exc_info=True)
            reason = f"unexpected failure ({type(error).__name__}: {error})"
            yield beam.pvalue.TaggedOutput(FAILED, Failure(file.path, reason))

    def _read(self, file: File) -> tuple[Sound, Array]:
        spec = self._spec
        with fetched(file) as path:
            chunks = iter_windows(
                path, rate=spec.rate, length=spec.slice_samples, count=self._windows
            )
            parts = list(iter_mel(chunks, spec))
            audio = fingerprint_of(path)
        slices = sum((part.slices for part in parts), Slices())
        return Sound(file, audio, slices), np.concatenate([part.mel for part in parts])


class NetworkHandler(OnnxModelHandlerNumpy):
    """Beam's ONNX handler, with one thread, for a network that travels with the pipeline.

    So workers need no access to the place where the model lies, and run just the network that was
    checked against its card before the start.
    """

    def __init__(self, content: bytes) -> None:
        super().__init__("", inference_fn=logits)
        self._content = content

    def load_model(self) -> Any:
        """A network ready to run; Beam asks for one per process."""
        return open_network(self._content, Path("the pipeline's network"))

    def batch_elements_kwargs(self) -> Mapping[str, Any]:
        """Batches by the number of slices: a whole symphony may be one track."""
        return {"min_batch_size": BATCH, "max_batch_size": BATCH, "element_size_fn": _n_slices}


def logits(
    network: Network, batch: Sequence[Array], inference_args: dict[str, Any] | None = None
) -> list[Array]:
    """The network's answers for each track of a batch. Shape: `(S, M, F)` in, `(S, K)` out."""
    return [
        np.concatenate(
            [network.predict(slices[at : at + BATCH]).logits for at in range(0, len(slices), BATCH)]
        )
        for slices in batch
    ]


class Score(beam.DoFn):
    """A Sound with the network's answers -> a row, counted."""

    def __init__(self, card: ModelCard, windows: int | None) -> None:
        self._card, self._windows = card, windows
        self._tracks = Metrics.counter(NAMESPACE, "tracks")
        self._seconds = Metrics.counter(NAMESPACE, "seconds_of_audio")

    def process(self, predicted: tuple[Sound, PredictionResult]) -> Iterator[Row]:
        """Vote, calibrate, and put it into columns."""
        sound, prediction = predicted
        scores = Predictions(Output(prediction.inference), sound.slices).scores()
        self._tracks.inc()
        self._seconds.inc(round(scores.duration_s))
        yield {
            "path": sound.file.path,
            "size": sound.file.size,
            "modified": sound.file.modified,
            "audio": sound.audio,
            "model": self._card.id,
            "windows": self._windows,
            "duration_s": scores.duration_s,
            "slices": len(scores.starts),
            "notes": list(scores.notes),
            **score_columns(score_track(scores, self._card)),
        }


def fingerprint_of(path: Path) -> str:
    """The fingerprint of a file's sound; empty for a container that no tags are written to."""
    try:
        with opened(path) as file:
            return file.audio
    except TagError:
        return ""


def _n_slices(keyed: tuple[Sound, Array]) -> int:
    # A size beyond that of a batch would make Beam hand out an empty batch before it.
    return min(len(keyed[1]), BATCH)
