"""An explanation -> a picture: spectrogram, taggram, and a map for each reason, one under another.

The windows stand side by side in all of them, with the time of each beneath: three seconds out of
every twenty would be slivers on a scale of the whole track.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tagger.explain.evidence import Explanation, Reason
from tagger.explain.text import clock, shown_labels, windows_text
from tagger.inference.mel_spectrogram import hz_to_mel
from tagger.plotting.colors import AGAINST, FOR, FOR_TEXT, hex_color, highlighted, viridis
from tagger.plotting.figure import Box, Line, Mark, Raster, Scene, Text
from tagger.report.escaping import path_text

Array = npt.NDArray[np.float32]

WIDTH, LEFT, RIGHT, TOP = 900, 128, 14, 76
GAP = 2  # pixels between windows
LEAST_TICK = 44  # pixels from one time to the next
SPECTROGRAM, MAP, ROW = 150, 96, 17  # heights
SOFT, SILENT = "#565c66", "#c9cdd3"
TICKS_HZ = (100, 300, 1000, 3000, 8000)
LEGEND = (
    "vermilion: hiding this lowers the tag; blue: hiding it raises it; "
    "frames: windows for and against"
)


def lay_out(explanation: Explanation) -> Scene:
    """The whole picture."""
    name = path_text(Path(explanation.path.name))
    marks: list[Mark] = [*_heading(explanation, name)]
    y = TOP
    for draw in (_spectrogram, _taggram):
        marks += draw(explanation, y)
        y = _bottom(marks) + 30
    for reason in explanation.reasons:
        marks += _reason(explanation, reason, y)
        y = _bottom(marks) + 30
    marks.append(Text(LEFT, y - 8, LEGEND, 11, color=SOFT))
    tags = ", ".join(reason.tag.name for reason in explanation.reasons)
    return Scene(WIDTH, y + 16, f"Where {tags} is found in {name}", tuple(marks))


def _bottom(marks: list[Mark]) -> int:
    placed = [mark for mark in marks if not isinstance(mark, Line)]
    return round(max(mark.y + (0 if isinstance(mark, Text) else mark.height) for mark in placed))


def _heading(explanation: Explanation, name: str) -> Iterator[Mark]:
    track = explanation.track
    n_windows, duration = len(track.slices.starts), clock(track.slices.duration_s)
    facts = f"{duration} min, {n_windows} windows of {explanation.spec.slice_s:g} s"
    yield Text(14, 24, name if len(name) < 100 else f"{name[:98]}…", 16, bold=True)
    yield Text(14, 42, f"{facts}, model {track.model}", color=SOFT)


def _spectrogram(explanation: Explanation, y: int) -> Iterator[Mark]:
    yield Text(LEFT, y - 6, "Mel spectrogram", bold=True)
    yield from _key("-60 dB", "loudest", y - 6)
    shares = _shares(explanation.mel)
    for (x, width), window in zip(_columns(explanation), shares, strict=True):
        yield Raster(x, y, width, SPECTROGRAM, viridis(window[::-1]))
    yield from _hz_axis(explanation, y, SPECTROGRAM)
    yield from _time_axis(explanation, y + SPECTROGRAM)


def _taggram(explanation: Explanation, y: int) -> Iterator[Mark]:
    yield Text(LEFT, y - 6, "Taggram: what the network says of each window", bold=True)
    yield from _key("0%", "100%", y - 6)
    slices, labels = explanation.track.slices, explanation.track.scores.vocabulary.labels
    explained = {(reason.tag.kind, reason.tag.name) for reason in explanation.reasons}
    for label in shown_labels(explanation):
        key = (labels[label].kind, labels[label].name)
        yield Text(LEFT - 8, y + 13, key[1], anchor="end", bold=key in explained)
        for i, (x, width) in enumerate(_columns(explanation)):
            color = SILENT if slices.silent[i] else hex_color(float(slices.values[i, label]))
            yield Box(x, y + 1, width, ROW - 2, fill=color)
        y += ROW
    yield from _time_axis(explanation, y)


def _reason(explanation: Explanation, reason: Reason, y: int) -> Iterator[Mark]:
    given = "" if reason.given else " (not given)"
    title = f"{reason.tag.name} {reason.tag.score:.0%}{given}"
    yield Text(LEFT, y - 6, title, bold=True)
    room = LEFT + 9 * len(title) + 6
    yield Text(room, y - 6, f"for: {windows_text(reason.windows_for)}", 11, color=FOR_TEXT)
    against = f"against: {windows_text(reason.windows_against)}"
    yield Text(WIDTH - RIGHT, y - 6, against, 11, anchor="end", color=AGAINST)
    weights = reason.map / max(float(np.abs(reason.map).max()), 1e-6)
    outlined = dict.fromkeys((w.start_s for w in reason.windows_against), AGAINST)
    outlined |= dict.fromkeys((w.start_s for w in reason.windows_for), FOR)
    shares = _shares(explanation.mel)
    for i, (x, width) in enumerate(_columns(explanation)):
        tint = _stretched(weights[i], shares[i].shape)
        yield Raster(x, y, width, MAP, highlighted(shares[i], tint)[::-1])
    for (x, width), start in zip(
        _columns(explanation), explanation.track.slices.starts, strict=True
    ):
        if start in outlined:
            yield Box(x, y, width, MAP, stroke=outlined[start], thick=2)
    yield from _hz_axis(explanation, y, MAP)
    yield from _time_axis(explanation, y + MAP)


def _key(low: str, high: str, y: int) -> Iterator[Mark]:
    """Which colour means how much; `y` is the baseline."""
    right = WIDTH - RIGHT - 48
    for i in range(60):
        yield Box(right - 120 + i * 2, y - 10, 2, 11, fill=hex_color(i / 59))
    yield Text(right - 126, y, low, 11, anchor="end", color=SOFT)
    yield Text(right + 6, y, high, 11, color=SOFT)


def _columns(explanation: Explanation) -> Iterator[tuple[float, float]]:
    """Left edge and width of each window."""
    n_windows = max(1, len(explanation.mel))
    room = WIDTH - LEFT - RIGHT
    gap = GAP if n_windows <= 60 else 0
    width = (room - gap * (n_windows - 1)) / n_windows
    return ((LEFT + i * (width + gap), width) for i in range(len(explanation.mel)))


def _time_axis(explanation: Explanation, y: int) -> Iterator[Mark]:
    """Start times under the windows, as many as fit; each second where windows are wide."""
    columns = list(_columns(explanation))
    second = columns[0][1] / explanation.spec.slice_s if columns else 0.0  # pixels
    inside = range(int(explanation.spec.slice_s)) if second >= LEAST_TICK else (0,)
    every = -(-LEAST_TICK // max(1, int(columns[0][1]))) if columns else 1
    starts = explanation.track.slices.starts
    for (x, _), start in list(zip(columns, starts, strict=True))[::every]:
        for passed in inside:
            yield Box(x + passed * second, y, 1, 4, fill=SOFT)
            yield Text(x + passed * second, y + 15, clock(start + passed), 11, color=SOFT)
    yield Text(LEFT - 8, y + 15, "time, min:s", 11, anchor="end", color=SOFT)


def _hz_axis(explanation: Explanation, y: int, height: int) -> Iterator[Mark]:
    spec = explanation.spec
    low, high = hz_to_mel([spec.fmin, spec.fmax])
    free = y + height + 12.0  # where the label below begins
    for hz in (tick for tick in TICKS_HZ if spec.fmin <= tick <= spec.fmax):
        at = y + height * (1 - (float(hz_to_mel(hz)) - low) / (high - low))
        if free - at >= 12:
            free = at
            yield Box(LEFT - 5, at, 4, 1, fill=SOFT)
            yield Text(LEFT - 8, max(at + 4, y + 9), f"{hz:,} Hz", 11, anchor="end", color=SOFT)


def _shares(mel: Array) -> Array:
    """Log-mel as 0 to 1 over all windows; what is 60 dB under the loudest is dark."""
    top = float(mel.max(initial=0.1))
    return np.asarray(np.clip(1 - (top - mel) / min(top, 6.0), 0, 1), dtype=np.float32)


def _stretched(weights: Array, shape: tuple[int, ...]) -> Array:
    rows = np.arange(shape[0]) * weights.shape[0] // shape[0]
    steps = np.arange(shape[1]) * weights.shape[1] // shape[1]
    return np.asarray(weights[rows][:, steps])
