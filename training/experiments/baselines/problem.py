"""What a system is given, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from training.experiments.protocols import Indices, Parts

Array = npt.NDArray[np.float32]
Input = Literal["features", "images", "embeddings"]


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """The inputs computed from each slice, once for all systems.

    Shape: `tracks` `(S,)`, the number of the clip a slice is of; each of `arrays` `(S, ...)`,
    "waves" beside those that a system may ask for
    """

    tracks: Indices
    arrays: Mapping[str, npt.NDArray[np.float16] | Array]


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Slices to learn from, to choose by and to be asked about.

    Shape: `targets` `(N, C)`, of each clip: 1 present, 0 absent, NaN unknown
    """

    sound: Sound
    targets: Array
    single: bool  # exactly one class a clip, else any number
    parts: Parts

    def truth(self, rows: Indices) -> Array:
        """The targets of some slices, those of their clips. Shape: `(n, C)`."""
        return np.asarray(self.targets[self.sound.tracks[rows]])


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a system says of the slices it was asked about, and what it took.

    Shape: `scores` `(n, C)`, in the order of `Parts.test`
    """

    scores: Array
    parameters: int  # numbers that were learned; 0 where nothing is but the slices themselves
    learn_s: float  # seconds of processor time
    answer_s: float  # the same, for all slices asked about, their sound once computed


class System(Protocol):
    """Something that learns to tell classes apart."""

    @property
    def name(self) -> str:
        """As `--system` names it."""

    @property
    def title(self) -> str:
        """As tables name it."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Which arrays of the sound it needs."""

    def answer(self, problem: Problem, seed: int) -> Answer:
        """Learn from one part, choose by the next, answer for the last."""
