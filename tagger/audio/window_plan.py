"""Where the windows of a track lie, after its real end and its silence have been found."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tagger.audio.types import Samples
from tagger.audio.window_positions import place_windows, widen
from tagger.audio.windows import Track, is_silent

# Headers overstate the length by the delay of the encoder or a half-filled last frame; only what
# exceeds this is worth a word.
_WORTH_SAYING_S = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Where the windows start, in samples, and what was found meanwhile.

    `decoded` are windows that had to be read for it, by their start.
    """

    starts: list[int]
    decoded: dict[int, Samples]
    notes: list[str] = field(default_factory=list)


def survey(track: Track, *, length: int, count: int | None) -> Plan:
    """A plan for `count` windows of `length` samples; corrects the length of the track."""
    plan = _over_all(track, length=length, count=count)
    claimed_s, last = track.duration_s, plan.starts[-1]
    if not track.end or not track.is_whole(last, plan.decoded[last], length):
        track.measure()
        plan = _over_all(track, length=length, count=count)
    notes = _shortfall(track, claimed_s)
    if any(is_silent(window) for window in plan.decoded.values()):
        sounding = track.sounding_range()
        notes += [] if sounding else ["only silence"]
        first, stop = widen(*(sounding or (0, track.end)), length=length, end=track.end)
        starts = place_windows(first, stop, length=length, count=count)
        plan = Plan(starts, plan.decoded)
    if track.end < length:
        notes.append(f"shorter than one window ({track.duration_s:.1f} s): padded with silence")
    return replace(plan, notes=notes)


def _over_all(track: Track, *, length: int, count: int | None) -> Plan:
    """Windows over the whole track, the first and the last already decoded."""
    starts = place_windows(0, track.end, length=length, count=count)
    ends = list(dict.fromkeys((starts[0], starts[-1])))
    return Plan(starts, dict(zip(ends, track.read_each(ends, length), strict=True)))


def _shortfall(track: Track, claimed_s: float) -> list[str]:
    if claimed_s - track.duration_s < _WORTH_SAYING_S:
        return []
    found = f"{track.duration_s:.1f} of {claimed_s:.1f} s"
    return [f"file ends early ({found}): truncated, or its header is wrong"]
