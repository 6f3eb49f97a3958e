"""The pictures of the report of `musictag train`, as SVG that the page inverts in dark mode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tagger.plotting.colors import AGAINST, FOR
from tagger.plotting.figure import Box, Line, Mark, Scene, Text
from tagger.plotting.svg import svg_text
from tagger.report.escaping import printable
from training.evaluation.calibration import Bin
from training.finetune.summary import LabelCurve, Point

GREY, PALE, BAND = "#565c66", "#dfe2e6", "#cfe3f0"
SIDE, LEFT, TOP, GAP = 150.0, 34.0, 24.0, 44.0  # of a square panel, in pixels
PER_ROW = 4
NAME = 22  # signs of a label's name that fit a panel

Points = Sequence[tuple[float, float]]


def precision_recall(curves: Sequence[LabelCurve]) -> str:
    """A panel for each label: precision by recall, and guessing as a grey line."""
    marks: list[Mark] = []
    for i, curve in enumerate(curves):
        x, y = _place(i)
        marks += _frame(x, y, f"{_short(curve.label.name)} {curve.ap:.2f}")
        marks.append(_line(x, y, [(0, curve.share), (1, curve.share)], GREY, 1.0))
        marks.append(_line(x, y, curve.points, AGAINST))
    return _svg(marks, len(curves), "Precision (upwards) by recall, label by label")


def calibration(bins: Sequence[Bin]) -> str:
    """How often what is given a probability is true; a model that is never off follows the grey."""
    marks = list(_frame(*_place(0), "Calibration"))
    marks.append(_line(*_place(0), [(0, 0), (1, 1)], GREY, 1.0))
    points = [(each.probability, each.share) for each in bins]
    marks += [_line(*_place(0), points, FOR), *_dots(*_place(0), points, FOR)]
    return _svg(marks, 1, "Share that is true (upwards) by probability given")


def learning_curve(curve: Sequence[Point]) -> str:
    """Mean average precision by tracks a label, with its band over draws of artists."""
    sizes = np.log2([point.size for point in curve])
    span = max(float(sizes[-1] - sizes[0]), 1e-9)
    across = [float(size - sizes[0]) / span for size in sizes]
    x, y = _place(0)
    marks: list[Mark] = [
        Box(
            _x(x, at) - 4,
            _y(y, point.band.high),
            8,
            SIDE * (point.band.high - point.band.low),
            BAND,
        )
        for at, point in zip(across, curve, strict=True)
        if point.band
    ]
    points = [(at, point.macro_ap) for at, point in zip(across, curve, strict=True)]
    marks += _frame(x, y, "Learning curve", f"{curve[0].size}", f"{curve[-1].size} tracks")
    marks += [_line(x, y, points, AGAINST), *_dots(x, y, points, AGAINST)]
    return _svg(marks, 1, "Average precision (upwards) by tracks a label, 95 of 100 draws in blue")


def _frame(x: float, y: float, title: str, low: str = "0", high: str = "1") -> Iterator[Mark]:
    yield Box(x, y, SIDE, SIDE, stroke=PALE)
    yield Text(x, y - 7, title, 11, bold=True)
    yield Text(x - 5, y + 9, "1", 9, "end", color=GREY)
    yield Text(x - 5, y + SIDE, "0", 9, "end", color=GREY)
    yield Text(x, y + SIDE + 12, low, 9, color=GREY)
    yield Text(x + SIDE, y + SIDE + 12, high, 9, "end", color=GREY)


def _line(x: float, y: float, points: Points, color: str, thick: float = 1.5) -> Line:
    return Line(tuple((round(_x(x, a), 1), round(_y(y, b), 1)) for a, b in points), color, thick)


def _dots(x: float, y: float, points: Points, color: str) -> Iterator[Mark]:
    for a, b in points:
        yield Box(round(_x(x, a) - 2, 1), round(_y(y, b) - 2, 1), 4, 4, color)


def _x(left: float, share: float) -> float:
    return left + SIDE * share


def _y(top: float, share: float) -> float:
    return top + SIDE * (1 - share)


def _place(i: int) -> tuple[float, float]:
    return LEFT + (i % PER_ROW) * (SIDE + GAP), TOP + (i // PER_ROW) * (SIDE + GAP)


def _short(name: str) -> str:
    shown = printable(name)
    return shown if len(shown) <= NAME else f"{shown[: NAME - 1]}…"


def _svg(marks: Sequence[Mark], panels: int, title: str) -> str:
    across, down = min(panels, PER_ROW), -(-panels // PER_ROW)
    size = round(LEFT + across * (SIDE + GAP)), round(TOP + down * (SIDE + GAP))
    return svg_text(Scene(*size, title, tuple(marks)))
