"""The results as pictures, with the marks that the run's own page is drawn with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tagger.models.card import ModelCard
from tagger.plotting.colors import AGAINST, FOR
from tagger.plotting.figure import Box, Line, Mark, Scene, Text
from tagger.vocabulary import KINDS
from training.evaluation.bootstrap import FIGURES, Interval, LabelFigures
from training.evaluation.held_out_votes import Heard
from training.evaluation.markdown import HEADS
from training.evaluation.results import Results
from training.trainer.run_figures import (
    FAINT,
    LEFT,
    PARTS,
    ROW,
    SOFT,
    WIDTH,
    below,
    confusion_marks,
    reliability_marks,
)

FIGURE_COLORS = (AGAINST, FOR, SOFT)
COLUMN, BAR = 245, 190  # pixels
TOP = 60


def scenes(results: Results, heard: dict[str, Heard], card: ModelCard) -> dict[str, Scene]:
    """Every picture that there is something to draw for, by name."""
    made = {}
    if any(len(heard[PARTS[kind]].targets) for kind in KINDS):
        made["reliability"] = _scene("Reliability", reliability_marks(heard, card, TOP))
    if len(heard["genres"].targets):
        made["confusion"] = _scene(
            "Confusion of genres", confusion_marks(heard["genres"], card, TOP)
        )
    for part in results.parts:
        if part.mean:
            title = f"Held-out {part.name.replace('_', ' ')}, with 95 % intervals"
            made[part.name] = _scene(title, _rows((part.mean, *part.labels)))
    for part_name in dict.fromkeys(row.part for row in results.robustness):
        rows = [(row.change, row.mean) for row in results.robustness if row.part == part_name]
        title = f"Robustness: {part_name.replace('_', ' ')}"
        made[f"robustness_{part_name}"] = _scene(title, _named_rows(rows))
    return made


def _scene(title: str, drawn: Iterator[Mark]) -> Scene:
    marks = [Text(14, 28, title, 18, bold=True), *drawn]
    return Scene(WIDTH, below(marks), title, tuple(marks))


def _rows(rows: Sequence[LabelFigures]) -> Iterator[Mark]:
    return _named_rows([(f"{row.label} ({row.positives})", row) for row in rows])


def _named_rows(rows: Sequence[tuple[str, LabelFigures]]) -> Iterator[Mark]:
    for i, figure in enumerate(FIGURES):
        yield Text(LEFT + i * COLUMN, TOP, HEADS[figure], 11, color=SOFT)
    for n, (name, row) in enumerate(rows, start=1):
        y = TOP - 10 + n * ROW
        yield Text(LEFT - 8, y + 13, name, 11, "end", bold=n == 1)
        for i, figure in enumerate(FIGURES):
            yield from _bar(LEFT + i * COLUMN, y, getattr(row, figure), FIGURE_COLORS[i])


def _bar(x: int, y: int, interval: Interval, color: str) -> Iterator[Mark]:
    """A bar with a whisker over the interval."""
    yield Box(x, y + 3, BAR, ROW - 6, fill=FAINT)
    yield Box(x, y + 3, BAR * interval.value, ROW - 6, fill=color)
    if interval.low == interval.low:  # not NaN
        middle = y + ROW / 2
        yield Line(
            ((x + BAR * interval.low, middle), (x + BAR * interval.high, middle)), "#1b1d21", 1.5
        )
    yield Text(x + BAR + 5, y + 13, f"{interval.value:.2f}", 11)
