"""What came of one file: its scores and tags, or why there are none.

`to_dict` of both is a contract other programs rely on: new keys may come, none changes its name or
meaning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tagger.inference.aggregation import TrackScores, score_track
from tagger.inference.slice_scores import SliceScores
from tagger.inference.thresholds import decide
from tagger.models.card import ModelCard
from tagger.scanning.settings import Settings
from tagger.tags.reader import FileTags
from tagger.vocabulary import KINDS, PLURALS, Kind, Tag


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Track:
    """What a model says of one file.

    `scores["genre"]` and `scores["instrument"]` are the probabilities by label, tags or not.
    """

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

    @property
    def genres(self) -> tuple[str, ...]:
        """The names of the genres that became tags, the most probable first."""
        return tuple(tag.name for tag in self.of("genre"))

    @property
    def instruments(self) -> tuple[str, ...]:
        """The names of the instruments that became tags, the most probable first."""
        return tuple(tag.name for tag in self.of("instrument"))

    @property
    def duration_s(self) -> float:
        """Length of the file in seconds."""
        return round(self.slices.duration_s, 3)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON or a table.

        Keys: model, duration_s, slices (how many), scores (of every label), tags.
        """
        return {
            "model": self.model,
            "duration_s": self.duration_s,
            "slices": len(self.slices.starts),
            "scores": self.scores.to_dict(),
            "tags": {"genres": list(self.genres), "instruments": list(self.instruments)},
        }

    def __repr__(self) -> str:
        return (
            f"Track(genres={self.genres}, instruments={self.instruments}, "
            f"duration_s={self.duration_s}, model={self.model!r})"
        )


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Result:
    """One file of a scan: the tags it holds, what a model says of it, or why that failed."""

    path: Path
    existing: FileTags = field(default_factory=FileTags)
    track: Track | None = None
    error: str | None = None
    notes: tuple[str, ...] = ()
    cached: bool = False  # scored in an earlier scan

    def to_dict(self) -> dict[str, Any]:
        """The object that `musictag scan --json` prints for the file.

        Keys: path, those of `Track.to_dict`, existing (the file's own tags), notes, error. A file
        that failed has an error and the rest empty.
        """
        return {
            "path": str(self.path),
            **(self.track.to_dict() if self.track else _no_track()),
            "existing": {PLURALS[kind]: list(self.existing.of(kind)) for kind in KINDS},
            "notes": list(self.notes),
            "error": self.error,
        }

    def __repr__(self) -> str:
        if self.track is None:
            return f"Result({str(self.path)!r}, error={self.error!r})"
        genres, instruments = self.track.genres, self.track.instruments
        return f"Result({str(self.path)!r}, genres={genres}, instruments={instruments})"


def _no_track() -> dict[str, Any]:
    empty: dict[str, Any] = {"model": None, "duration_s": None, "slices": 0}
    scores: dict[str, Any] = {kind: {} for kind in KINDS}
    return {**empty, "scores": scores, "tags": {PLURALS[kind]: [] for kind in KINDS}}


def make_track(slices: SliceScores, card: ModelCard, settings: Settings) -> Track:
    """Aggregate the slices of a file, calibrate, and apply the thresholds."""
    scores = score_track(slices, card)
    return Track(card.id, slices, scores, *decide(scores, card, settings.choice))
