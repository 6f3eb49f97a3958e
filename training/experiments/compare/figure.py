"""The comparison as a picture: a line for each system, with a dot for each protocol."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase
from matplotlib.lines import Line2D

from tagger.plotting.colors import AGAINST, FOR
from training.evaluation.diagrams import ROW, Panel, stacked
from training.experiments.compare.summary import Comparison, Entry
from training.experiments.protocols import PROTOCOLS

COLORS = {
    "random-slice": FOR,
    "random-track": "#c9a227",
    "stratified": "#8f7bb5",
    "artist-grouped": AGAINST,
    "fault-filtered": "#2b7a4b",
}
APART = 0.13  # of a row: figures that are alike stay visible, each a little below the one before


def picture(comparisons: Sequence[Comparison]) -> Figure:
    """All tasks, one below the other, under what each colour means."""
    panels = [_panel(each) for each in comparisons if any(entry.main for entry in each.entries)]
    page = stacked(panels, "Systems by protocols")
    names = dict.fromkeys(name for each in comparisons for name in each.protocols)
    dots = [Line2D([], [], color=COLORS[name], marker="s", linestyle="") for name in names]
    titles = [PROTOCOLS[name].title for name in names]
    page.legend(dots, titles, loc="outside lower center", ncols=min(3, len(dots)), frameon=False)
    return page


def _panel(each: Comparison) -> Panel:
    def draw(part: FigureBase) -> None:
        axes = part.subplots()
        for row, system in enumerate(each.systems):
            own = [entry for entry in each.entries if entry.system == system and entry.main]
            for i, entry in enumerate(own):
                _dot(axes, entry, row + APART * (i - (len(own) - 1) / 2))
        axes.set_yticks(range(len(each.systems)), list(each.systems.values()))
        axes.set(title=f"{each.task}: {each.main}", ylim=(len(each.systems) - 0.5, -0.5))
        axes.grid(axis="x", color="#dfe2e6")

    return Panel(1.5 * ROW * len(each.systems) + 1.0, draw)


def _dot(axes: Axes, entry: Entry, place: float) -> None:
    """A whisker is one standard deviation; hollow where it had heard what is asked."""
    assert entry.main
    color = COLORS[entry.protocol]
    axes.errorbar(
        entry.main.value, place, xerr=entry.main.spread or None, fmt="s", color=color,
        markerfacecolor="white" if entry.heard else color,
    )  # fmt: skip
