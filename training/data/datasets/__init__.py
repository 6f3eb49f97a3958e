"""What there is to learn from: one module per source, each returning clips."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from training.data.taxonomy import Targets


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A stretch of sound and what is known of it."""

    id: str  # unique over all sources
    path: Path
    source: str
    group: str  # artist, singer, instrument or song: never on both sides of a split
    fold: int | None  # None: no fold of its own, always for training
    targets: Targets  # (K,): 1 present, 0 absent, NaN unknown
    start_s: float = 0.0  # where in the file the clip begins, seconds
    end_s: float | None = None  # where it ends, seconds; None: at the end of the file
    soft: Path | None = None  # teachers' outputs for the file
    # What people called it, in our names, whether or not the vocabulary has a label for each.
    names: tuple[str, ...] = ()
    # What is known of the whole piece, of which the clip is an excerpt; for votes over a piece.
    piece: Targets | None = None
