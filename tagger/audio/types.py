"""What this package hands out, and the one thing it needs of a decoding library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What the header of a file says about its sound.

    Args:
        rate: Hz.
        channels: how many.
        frames: samples per channel; an estimate where the header does not count them.
        duration_s: seconds.
        codec: a short name such as "mp3", "flac", "opus", "pcm".
    """

    rate: int
    channels: int
    frames: int
    duration_s: float
    codec: str


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Pieces of one track.

    Args:
        samples: mono; values beyond ±1 are kept as decoded.
        starts: seconds from the beginning of the track.
        rate: Hz, of `samples`.
        duration_s: seconds, of the whole track.
        notes: what a person should know, e.g. "only silence".
        planned: how many there would be of the track if all were read.

    Shape:
        - samples: `(S, T)`
        - starts: `(S,)`
    """

    samples: Samples
    starts: tuple[float, ...]
    rate: int
    duration_s: float
    notes: tuple[str, ...]
    planned: int


class Reader(Protocol):
    """An open file: reads any part of it as mono.

    `frames` is what the header claims, in samples; 0 where it claims nothing.
    """

    rate: int
    channels: int
    frames: int
    codec: str

    def read(self, start: int, count: int) -> Samples:
        """`count` samples from sample `start` on, fewer where the sound ends or cannot be decoded.

        Shape:
            - Output: `(n,)` with `n <= count`
        """
        ...

    def close(self) -> None:
        """Give back the file."""
        ...
