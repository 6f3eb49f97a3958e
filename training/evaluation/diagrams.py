"""Diagrams of what was measured, drawn by matplotlib: panels, one below the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from html import escape
from io import BytesIO, StringIO

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase

from tagger.inference.calibration import calibrate
from tagger.models.card import ModelCard
from tagger.plotting.colors import AGAINST, FOR
from tagger.vocabulary import KINDS, PLURALS, Kind
from training.evaluation.bootstrap import FIGURES, Interval
from training.evaluation.calibration import Bin, reliability_bins
from training.evaluation.held_out_votes import HeldOut
from training.evaluation.markdown import HEADS

Array = npt.NDArray[np.float32]

WIDTH, ROW = 9.0, 0.24  # inches: of a page, of a label
GREY = "#565c66"
COLORS: dict[Kind, str] = {"genre": AGAINST, "instrument": FOR}
FIGURE_COLORS = dict(zip(FIGURES, (AGAINST, FOR, GREY), strict=True))


@dataclass(frozen=True, slots=True)
class Panel:
    """One diagram."""

    height: float  # inches
    draw: Callable[[FigureBase], object]


def stacked(panels: Sequence[Panel], title: str) -> Figure:
    """A page of panels, one below the other."""
    heights = [panel.height for panel in panels]
    with _style():
        page = Figure(figsize=(WIDTH, sum(heights) + 0.5), layout="constrained")
        page.suptitle(title, x=0.02, ha="left", weight="bold", fontsize=12)
        parts = page.subfigures(len(panels), 1, squeeze=False, height_ratios=heights)
        for part, panel in zip(parts[:, 0], panels, strict=True):
            panel.draw(part)
    return page


def png_bytes(page: Figure) -> bytes:
    """The page as a PNG file."""
    file = BytesIO()
    with _style():
        page.savefig(file, format="png", dpi=110, metadata={"Software": None})
    return file.getvalue()


def html_text(page: Figure, title: str) -> str:
    """The page as an HTML file that loads nothing."""
    file = StringIO()
    with _style():
        page.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    name, drawn = escape(title), file.getvalue()
    svg = drawn[drawn.index("<svg ") :].replace("<svg ", f'<svg role="img" aria-label="{name}" ', 1)
    return (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{name}</title>'
        f"</head>\n<body>\n{svg}</body>\n</html>\n"
    )


def reliability(held_out: HeldOut, card: ModelCard, kind: Kind) -> list[Bin]:
    """The bins of the reliability diagram of one kind of label."""
    indices = list(card.vocabulary.indices(kind))
    probabilities = calibrate(held_out.votes, card)[:, indices]
    return list(reliability_bins(held_out.targets[:, indices], probabilities))


def confusion(held_out: HeldOut, indices: Sequence[int]) -> Array:
    """How often each label (row) is truly there while each (column) has the highest vote.

    Only for labels of which a sound mostly has one, such as genres. Shape: `(n, n)`, counts
    """
    truth, best = held_out.targets[:, list(indices)], held_out.votes[:, list(indices)]
    counts = np.zeros((len(indices), len(indices)), dtype=np.float32)
    for row, column in zip(truth, best.argmax(axis=1) if len(best) else (), strict=True):
        counts[row == 1, column] += 1
    return counts


def learning_curve_panel(losses: Array, smoothed: Array) -> Panel:
    """Loss by step. Shape: `losses` `(N, 2)`, `smoothed` `(N,)`."""

    def draw(part: FigureBase) -> None:
        axes = part.subplots()
        axes.plot(losses[:, 0], smoothed, color=AGAINST)
        axes.set(title="Learning curve", xlabel="step", ylabel="loss", ylim=(0, None))
        axes.grid(color="#dfe2e6")

    return Panel(2.8, draw)


def reliability_panel(held_out: dict[str, HeldOut], card: ModelCard) -> Panel:
    """A curve for each kind: how often what is given a probability is true."""

    def draw(part: FigureBase) -> None:
        for axes, kind in zip(part.subplots(1, len(KINDS)), KINDS, strict=True):
            _reliability(axes, reliability(held_out[PLURALS[kind]], card, kind), kind)

    return Panel(3.4, draw)


def label_panel(title: str, rows: Sequence[tuple[str, Sequence[Interval]]]) -> Panel:
    """A bar for each of `FIGURES` of each row, with a whisker where it has an interval."""

    def draw(part: FigureBase) -> None:
        part.suptitle(title, fontsize=10)
        for i, axes in enumerate(part.subplots(1, len(FIGURES), sharey=True)):
            _bars(axes, FIGURES[i], [(name, values[i]) for name, values in rows])

    return Panel(ROW * len(rows) + 0.7, draw)


def confusion_panel(held_out: HeldOut, card: ModelCard) -> Panel:
    """A table of genres, true by most probable."""
    indices = card.vocabulary.indices("genre")
    counts = confusion(held_out, indices)
    names = [card.vocabulary.labels[i].name for i in indices]

    def draw(part: FigureBase) -> None:
        axes, places = part.subplots(), range(len(names))
        shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
        axes.imshow(shares, cmap="viridis", vmin=0, vmax=1, aspect="auto")
        rows = [
            f"{name} ({count:.0f})" for name, count in zip(names, counts.sum(axis=1), strict=True)
        ]
        axes.set_xticks(places, names, rotation=90)
        axes.set_yticks(places, rows)
        axes.set_title("Genres: true (row) and most probable (column)")
        for row, column in zip(*np.nonzero(counts), strict=True):
            color = "black" if shares[row, column] > 0.6 else "white"
            text = f"{counts[row, column]:.0f}"
            axes.text(column, row, text, ha="center", va="center", color=color)

    return Panel(ROW * len(names) + 1.4, draw)


def _style() -> AbstractContextManager[None]:
    """Text stays text, and the same figures make the same file."""
    return mpl.rc_context(
        {"font.size": 8, "axes.titlesize": 10, "svg.fonttype": "none", "svg.hashsalt": "musictag"}
    )


def _reliability(axes: Axes, bins: Sequence[Bin], kind: Kind) -> None:
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8)
    probabilities, shares = [b.probability for b in bins], [b.share for b in bins]
    axes.plot(probabilities, shares, "s-", color=COLORS[kind])
    for each in bins:
        axes.annotate(
            f"{each.count:,}", (each.probability, each.share), (4, -9),
            textcoords="offset points", color=GREY,
        )  # fmt: skip
    axes.set(title=f"Reliability: {PLURALS[kind]}", xlabel="probability given", ylabel="share true")
    axes.set(xlim=(0, 1), ylim=(0, 1))


def _bars(axes: Axes, figure: str, rows: Sequence[tuple[str, Interval]]) -> None:
    values = np.array([(row.value, row.low, row.high) for _, row in rows]).T
    values = np.where(np.isnan(values), values[0], values)
    whiskers = np.maximum(0, [values[0] - values[1], values[2] - values[0]])
    places = np.arange(len(rows))
    bars = axes.barh(places, values[0], color=FIGURE_COLORS[figure], height=0.6)
    axes.bar_label(bars, [f"{value:.2f}" for value in values[0]], label_type="edge", padding=12)
    if whiskers.any():
        axes.errorbar(values[0], places, xerr=whiskers, fmt="none", ecolor="black", elinewidth=1)
    axes.set_yticks(places, [name for name, _ in rows])
    axes.set(title=HEADS[figure], xlim=(0, 1.15), ylim=(len(rows) - 0.5, -0.5))
