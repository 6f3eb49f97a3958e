"""The scores of a track as a row of Parquet, and back. Needs pyarrow, but not Beam.

Columns: path, size (bytes), modified (seconds since 1970), audio (fingerprint of the sound, empty
where it has none), model (its id), windows (null: all), duration_s, slices, notes; then `genre` and
`instrument`, a struct each with the calibrated probability of every label.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tagger.errors import MusicTagError
from tagger.inference.aggregation import TrackScores
from tagger.models.card import ModelCard
from tagger.vocabulary import KINDS, Vocabulary

Row = dict[str, Any]

_COLUMNS = {
    "path": pa.string(),
    "size": pa.int64(),
    "modified": pa.float64(),
    "audio": pa.string(),
    "model": pa.string(),
    "windows": pa.int32(),
    "duration_s": pa.float64(),
    "slices": pa.int32(),
    "notes": pa.list_(pa.string()),
}


def schema(vocabulary: Vocabulary) -> pa.Schema:
    """The columns for the labels of a model; a kind without labels has no column."""
    scores: dict[str, pa.DataType] = {
        kind: pa.struct([(name, pa.float32()) for name in vocabulary.names(kind)])
        for kind in KINDS
        if vocabulary.names(kind)
    }
    return pa.schema([*_COLUMNS.items(), *scores.items()])


def score_columns(scores: TrackScores) -> Row:
    """The probability of every label, not rounded."""
    labels = zip(scores.vocabulary.labels, scores.values, strict=True)
    columns: Row = {}
    for label, value in labels:
        columns.setdefault(label.kind, {})[label.name] = float(value)
    return columns


def scores_of(row: Row, card: ModelCard) -> TrackScores:
    """The scores in a row; a MusicTagError where they are another model's."""
    if row["model"] != card.id:
        raise MusicTagError(f"was scored by {row['model']}, not by {card.id}", Path(row["path"]))
    values = [row[label.kind][label.name] for label in card.vocabulary.labels]
    return TrackScores(np.array(values, dtype=np.float32), card.vocabulary)


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a file that `musictag pipeline` wrote; a MusicTagError if it did not."""
    try:
        with pq.ParquetFile(path) as file:
            if missing := set(_COLUMNS) - set(file.schema_arrow.names):
                raise MusicTagError(f"has no column {min(missing)!r}: not of this program", path)
            for batch in file.iter_batches():
                yield from batch.to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise MusicTagError(f"not a readable Parquet file ({_first_line(error)})", path) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
