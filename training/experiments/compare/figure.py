"""The comparison as a picture: a line for each system, with a dot for each protocol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tagger.plotting.colors import AGAINST, FOR
from tagger.plotting.figure import Box, Line, Mark, Scene, Text
from training.experiments.compare.summary import Comparison, Entry
from training.experiments.protocols import PROTOCOLS
from training.trainer.run_figures import FAINT, SOFT, WIDTH, below

LEFT, RIGHT, ROW, TOP = 270, 40, 30, 60  # pixels
DOT = 9
COLORS = {
    "random-slice": FOR,
    "random-track": "#c9a227",
    "stratified": "#8f7bb5",
    "artist-grouped": AGAINST,
    "fault-filtered": "#2b7a4b",
}


def scene(comparisons: Sequence[Comparison]) -> Scene:
    """All tasks, one below the other."""
    title = "Systems by protocols"
    marks: list[Mark] = [Text(14, 28, title, 18, bold=True)]
    marks += _legend([name for each in comparisons for name in each.protocols])
    for each in comparisons:
        marks += _task(each, below(marks))
    return Scene(WIDTH, below(marks), title, tuple(marks))


def _legend(names: Sequence[str]) -> Iterator[Mark]:
    x = 14.0
    for name in dict.fromkeys(names):
        yield Box(x, TOP - 14, DOT, DOT, fill=COLORS[name])
        leaks = PROTOCOLS[name].leaks
        text = f"{name} (leaks {leaks})" if leaks else name
        yield Text(x + 15, TOP - 5, text, 12)
        x += 30 + 6.6 * len(text)


def _task(each: Comparison, y: int) -> Iterator[Mark]:
    """Dots with whiskers of one standard deviation; hollow where it had heard what is asked."""
    shown = [entry for entry in each.entries if entry.main]
    if not shown:
        return
    low, high = _scale(shown)
    yield Text(14, y, f"{each.task}: {each.main}", 14, bold=True)
    bottom = y + 16 + ROW * len(each.systems)
    for tick in _ticks(low, high):
        x = _x(tick, low, high)
        yield Box(x, y + 14, 1, bottom - y - 14, fill=FAINT)
        yield Text(x, bottom + 14, f"{tick:.1f}", 11, "middle", color=SOFT)
    for i, (system, title) in enumerate(each.systems.items()):
        middle = y + 16 + ROW * i + ROW / 2
        yield Text(LEFT - 14, middle + 4, title, 12, "end", bold=system == "ours")
        own = [entry for entry in shown if entry.system == system]
        yield from _row(own, middle, low, high)


def _row(entries: Sequence[Entry], middle: float, low: float, high: float) -> Iterator[Mark]:
    for i, entry in enumerate(entries):
        assert entry.main
        # Figures that are alike stay visible, each a little below the one before.
        middle += 4 if i else -2 * (len(entries) - 1)
        x, color = _x(entry.main.value, low, high), COLORS[entry.protocol]
        if entry.main.spread:
            left = _x(max(low, entry.main.value - entry.main.spread), low, high)
            right = _x(min(high, entry.main.value + entry.main.spread), low, high)
            yield Line(((left, middle), (right, middle)), color, 1.5)
        fill = "#ffffff" if entry.heard else color
        yield Box(x - DOT / 2, middle - DOT / 2, DOT, DOT, fill, color, 2)


def _scale(entries: Sequence[Entry]) -> tuple[float, float]:
    values = [entry.main.value for entry in entries if entry.main]
    return int(min(values) * 10) / 10, min(1.0, (int(max(values) * 10) + 1) / 10)


def _ticks(low: float, high: float) -> list[float]:
    return [tick / 10 for tick in range(round(low * 10), round(high * 10) + 1)]


def _x(value: float, low: float, high: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / (high - low)
