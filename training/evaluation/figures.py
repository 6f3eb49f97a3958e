"""The results as pictures, with the diagrams that the run's own page is drawn with."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from tagger.models.card import ModelCard
from tagger.vocabulary import KINDS, PLURALS
from training.evaluation.bootstrap import FIGURES, LabelFigures
from training.evaluation.diagrams import (
    Panel,
    confusion_panel,
    label_panel,
    reliability_panel,
    stacked,
)
from training.evaluation.held_out_votes import HeldOut
from training.evaluation.results import Results


def pictures(
    results: Results, held_out: dict[str, HeldOut], card: ModelCard
) -> dict[str, tuple[str, Figure]]:
    """Title and figure of every picture that there is something to draw for, by name."""
    panels: dict[str, tuple[str, Panel]] = {}
    if any(len(held_out[PLURALS[kind]].targets) for kind in KINDS):
        panels["reliability"] = "Reliability", reliability_panel(held_out, card)
    if len(held_out["genres"].targets):
        panels["confusion"] = "Confusion of genres", confusion_panel(held_out["genres"], card)
    for part in results.parts:
        if part.mean:
            title = f"Held-out {part.name.replace('_', ' ')}, with 95 % intervals"
            rows = [(f"{row.label} ({row.positives})", row) for row in (part.mean, *part.labels)]
            panels[part.name] = title, _label_panel(rows)
    for name in dict.fromkeys(row.part for row in results.robustness):
        title = f"Robustness: {name.replace('_', ' ')}"
        rows = [(row.change, row.mean) for row in results.robustness if row.part == name]
        panels[f"robustness_{name}"] = title, _label_panel(rows)
    return {name: (title, stacked([panel], title)) for name, (title, panel) in panels.items()}


def _label_panel(rows: Sequence[tuple[str, LabelFigures]]) -> Panel:
    return label_panel("", [(name, [getattr(row, f) for f in FIGURES]) for name, row in rows])
