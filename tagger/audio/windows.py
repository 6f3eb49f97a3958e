"""A file resampled to the model's rate: any window of it, its true end, where its sound lies.

Positions are in samples at the model's rate; those called frames count the file's own. A window is
resampled from a piece that begins on a common multiple of both sampling periods, with a margin on
both sides, so that it equals that part of the whole track resampled.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd

import numpy as np
import soxr

from tagger.audio.types import Reader, Samples

# Half the length of the resampling filter, in samples of the lower of the two rates. Measured with
# soxr 1.1: windows equal the resampled whole to 3e-7 from 128 samples on; 256 is twice that.
_MARGIN = 256

# RMS of a second of sound, without its mean, below which a track has not begun or has ended. 16-bit
# dither lies near -96 dBFS, tape hiss near -55. Higher than `slice_scores.SLICE_SILENCE_DBFS`: a
# lead-in is left out here, a quiet passage between loud ones votes there. One level for both would
# move the windows, or change the votes, of every model that ships.
EDGE_SILENCE_DBFS = -60.0

# Resampling rounds the length of what it is given, by less than a sample at each end.
_ROUNDING = 2

_NOTHING = np.zeros(0, np.float32)

_BLOCK_S = 1  # seconds read at once while looking for sound
_LONGEST_S = 7 * 24 * 3600  # seconds; no track is longer


class Track:
    """A reader at another rate.

    Args:
        reader: an open file.
        rate: Hz, of the samples handed out.
    """

    def __init__(self, reader: Reader, rate: int) -> None:
        divisor = gcd(reader.rate, rate)
        self._reader = reader
        self.rate = rate
        self._up, self._down = rate // divisor, reader.rate // divisor
        self._margin = 0 if rate == reader.rate else _MARGIN * -(-rate // reader.rate)
        self._gap = -(-self._margin // self._up)  # units of `down` frames
        self.frames = reader.frames
        self._resampler = (
            None
            if rate == reader.rate
            else soxr.ResampleStream(reader.rate, rate, 1, dtype="float32", quality="HQ")
        )
        self.has_broken_samples = False

    @property
    def end(self) -> int:
        """Samples in the whole track, as far as known."""
        return self.frames * self._up // self._down

    @property
    def duration_s(self) -> float:
        """Seconds."""
        return self.frames / self._reader.rate

    def read(self, start: int, length: int) -> Samples:
        """Samples from `start` on, finite; fewer where the track ends.

        Shape:
            - Output: `(n,)` with `n <= length`
        """
        return self.read_each([start], length)[0]

    def read_each(self, starts: Sequence[int], length: int) -> list[Samples]:
        """The same from several places, resampled in one go, which takes a sixth less time."""
        pieces = (self._piece(start, length) for start in starts)
        if self._resampler is None:
            return [frames for frames, _ in pieces]
        self._resampler.clear()
        parts, spans, at = list[Samples](), list[slice](), 0
        for frames, skip in pieces:
            units = -(-frames.size // self._down) + self._gap
            # Silence between them, so that they know nothing of each other.
            silence = np.zeros(units * self._down - frames.size, np.float32)
            parts += map(self._resampler.resample_chunk, (frames, silence))
            stop = min(skip + length, frames.size * self._up // self._down)
            spans.append(slice(at + skip, at + max(skip, stop)))
            at += units * self._up
        parts.append(self._resampler.resample_chunk(_NOTHING, last=True))
        resampled = np.concatenate(parts)
        return [resampled[span] for span in spans]

    def is_whole(self, start: int, samples: Samples, length: int) -> bool:
        """Whether `samples`, read from `start`, are all of `length` that the track has there."""
        return 0 < samples.size >= min(length, self.end - start) - _ROUNDING

    def measure(self) -> None:
        """Find by trying where the file really ends, to the sample."""
        low, high = 0, self.frames or self._beyond()
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._reader.read(middle, 1).size else (low, middle)
        self.frames = high

    def sounding_range(self) -> tuple[int, int] | None:
        """Where sound begins and ends, `(first, stop)` in samples to a second; None if nowhere.

        Reads on from both ends, block by block.
        """
        block = self.rate * _BLOCK_S
        starts = range(0, self.end, block)
        first = next((at for at in starts if not is_silent(self.read(at, block))), None)
        if first is None:
            return None
        last = next(at for at in reversed(starts) if not is_silent(self.read(at, block)))
        return first, min(self.end, last + block)

    def _beyond(self) -> int:
        """A frame after the end, for files that do not say how long they are."""
        frame = 60 * self._reader.rate
        while frame < _LONGEST_S * self._reader.rate and self._reader.read(frame, 1).size:
            frame *= 2
        return frame

    def _piece(self, start: int, length: int) -> tuple[Samples, int]:
        """Frames that hold a window, finite, and how many samples they give before it."""
        unit = max(0, (start - self._margin) // self._up)
        first = unit * self._down
        stop = -(-(start + length + self._margin) * self._down // self._up)
        return self._finite(self._reader.read(first, stop - first)), start - unit * self._up

    def _finite(self, frames: Samples) -> Samples:
        finite = np.isfinite(frames)
        if finite.all():
            return frames
        self.has_broken_samples = True
        return np.where(finite, frames, np.float32(0))


def is_silent(samples: Samples) -> bool:
    """Whether the RMS about the mean is below `EDGE_SILENCE_DBFS`; a DC offset is no sound.

    >>> is_silent(np.full(100, 0.5, np.float32)), is_silent(np.float32([0.1, -0.1]))
    (True, False)
    """
    if not samples.size:
        return True
    return float(np.std(samples, dtype=np.float64)) < 10 ** (EDGE_SILENCE_DBFS / 20)
