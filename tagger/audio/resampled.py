"""What a file is, and windows of it as one array or as a stream of chunks."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

import numpy as np

from tagger.audio.decoders import open_reader
from tagger.audio.types import AudioInfo, Samples, Windows
from tagger.audio.window_plan import Plan, survey
from tagger.audio.window_positions import in_stages
from tagger.audio.windows import Track
from tagger.errors import AudioError

# Windows in one chunk: 6 MB of float32 at 16 kHz and 3 s.
CHUNK = 32

# Windows resampled in one go, while they are in memory twice.
_TOGETHER = 5


def probe(path: Path) -> AudioInfo:
    """What the header of `path` says, after its first samples have been decoded."""
    with open_reader(path) as reader:
        seconds = reader.frames / reader.rate
        return AudioInfo(reader.rate, reader.channels, reader.frames, seconds, reader.codec)


def read_windows(path: Path, *, rate: int, length: int, count: int | None = 10) -> Windows:
    """Windows spread over the track at `path`.

    Args:
        path: any file that libsndfile or FFmpeg can decode.
        rate: Hz, of the samples handed out.
        length: samples in a window, at `rate`.
        count: how many windows; None for the whole track, one after the other.

    Shape:
        - samples: `(S, T)` with `S <= count` and `T == length`
    """
    return _joined(list(iter_windows(path, rate=rate, length=length, count=count)))


def iter_windows(
    path: Path, *, rate: int, length: int, count: int | None = 10, staged: bool = False
) -> Generator[Windows]:
    """The same as `read_windows` in chunks of at most 32 windows, for tracks of any length.

    A note stands in the chunk in which it was learned. With `staged` each chunk is spread over
    the track: whoever has enough stops, and what was not asked for is not read.
    """
    if min(rate, length, 1 if count is None else count) < 1:
        raise ValueError(f"rate, length and count must be positive: {rate}, {length}, {count}")
    anything = False
    with open_reader(path) as reader:
        for chunk in _chunks(Track(reader, rate), length=length, count=count, staged=staged):
            anything = True
            yield chunk
    if not anything:
        raise AudioError("damaged: no window of it can be decoded", path)


def _chunks(track: Track, *, length: int, count: int | None, staged: bool) -> Iterator[Windows]:
    plan = survey(track, length=length, count=count)
    notes, told = plan.notes, False  # notes wait here until a chunk takes them
    for wanted in _cut(plan.starts, staged=staged):
        samples, starts = _readable(track, plan, wanted, length)
        notes = notes + _damage(track, wanted, starts)
        if not starts:
            continue
        if track.has_broken_samples and not told:
            notes, told = [*notes, "NaN or infinite samples: replaced by 0"], True
        yield Windows(
            samples=samples,
            starts=tuple(start / track.rate for start in starts),
            rate=track.rate,
            duration_s=track.duration_s,
            notes=tuple(notes),
            planned=len(plan.starts),
        )
        notes = []


def _cut(starts: list[int], *, staged: bool) -> Iterator[list[int]]:
    stages = in_stages(len(starts)) if staged else [list(range(len(starts)))]
    for stage in stages:
        for at in range(0, len(stage), CHUNK):
            yield [starts[i] for i in stage[at : at + CHUNK]]


def _readable(
    track: Track, plan: Plan, wanted: Sequence[int], length: int
) -> tuple[Samples, list[int]]:
    """Windows, padded to `length`, and their starts, without those that cannot be decoded."""
    samples, starts = np.zeros((len(wanted), length), np.float32), list[int]()
    for at in range(0, len(wanted), _TOGETHER):
        for start, window in _read(track, plan, wanted[at : at + _TOGETHER], length):
            if track.is_whole(start, window, length):
                samples[len(starts), : window.size] = window
                starts.append(start)
    return samples[: len(starts)], starts


def _read(
    track: Track, plan: Plan, starts: Sequence[int], length: int
) -> Iterator[tuple[int, Samples]]:
    """Each start with its window; what the plan has read already is not read again."""
    new = [start for start in starts if start not in plan.decoded]
    windows = plan.decoded | dict(zip(new, track.read_each(new, length), strict=True))
    return ((start, windows[start]) for start in starts)


def _damage(track: Track, wanted: Sequence[int], starts: Sequence[int]) -> list[str]:
    lost = sorted(set(wanted) - set(starts))
    if not lost:
        return []
    return [f"damaged at {lost[0] / track.rate:.1f} s: windows left out: {len(lost)}"]


def _joined(chunks: Sequence[Windows]) -> Windows:
    return Windows(
        samples=np.concatenate([chunk.samples for chunk in chunks]),
        starts=tuple(start for chunk in chunks for start in chunk.starts),
        rate=chunks[0].rate,
        duration_s=chunks[0].duration_s,
        notes=tuple(note for chunk in chunks for note in chunk.notes),
        planned=chunks[0].planned,
    )
