"""How files are scored, and which labels become tags."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from tagger import CHOSEN
from tagger.inference.thresholds import Choice
from tagger.models.card import Profile
from tagger.models.session import Device
from tagger.vocabulary import Kind


@dataclass(frozen=True, slots=True)
class Settings:
    """How files are scored, and which labels become tags."""

    model: str = CHOSEN  # its name, or the path of its card
    windows: int | None = 10  # None: the whole track
    most: dict[Kind, int] = field(default_factory=lambda: {"genre": 3, "instrument": 5})
    min_confidence: float = 0.0  # on top of the model's own thresholds
    profile: Profile = "precise"
    experimental: bool = False  # also labels that were never measured on real sound
    # Stop before all windows are read when votes are so clear, see `early_exit`; None: never.
    clearance: float | None = None
    device: Device = "auto"  # scores differ by less than a thousandth between them

    @property
    def choice(self) -> Choice:
        """Which of the labels become tags."""
        return Choice(self.most, self.profile, self.min_confidence, self.experimental)


def default_jobs() -> int:
    """One process for each core this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
