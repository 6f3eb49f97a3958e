"""A run in pictures, on one page: learning curve, reliability, figures by label."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tagger.models.card import ModelCard
from training.evaluation.bootstrap import FIGURES, Interval
from training.evaluation.diagrams import (
    Panel,
    confusion_panel,
    html_text,
    label_panel,
    learning_curve_panel,
    reliability_panel,
    stacked,
)
from training.evaluation.held_out_votes import HeldOut

Array = npt.NDArray[np.float32]


def write_pictures(path: Path, log: Path, held_out: dict[str, HeldOut], card: ModelCard) -> None:
    """Write the page; `log` is the run's loss.csv, whose curve is left out where there is none."""
    title = f"{card.id}: how it learned and how it hears"
    panels = list(_panels(read_losses(log), held_out, card))
    path.write_text(html_text(stacked(panels, title), title), encoding="utf-8")


def read_losses(log: Path) -> Array:
    """Step and loss of each step, once; a run that went on repeats some. Shape: `(N, 2)`."""
    if not log.exists():
        return np.zeros((0, 2), dtype=np.float32)
    with log.open(newline="") as file:
        # The last line of a run that was killed may be cut.
        rows = [row for row in csv.reader(file) if len(row) == 2 and row[1]]
    losses = {int(step): float(loss) for step, loss in rows}
    return np.array(sorted(losses.items()), dtype=np.float32).reshape(-1, 2)


def smooth(values: Array, width: int) -> Array:
    """Running mean over up to `width` values before and at each.

    >>> smooth(np.array([1.0, 3.0, 5.0], np.float32), 2).tolist()
    [1.0, 2.0, 4.0]
    """
    sums = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    stop = np.arange(1, len(values) + 1)
    start = np.maximum(0, stop - width)
    return np.asarray((sums[stop] - sums[start]) / (stop - start), dtype=np.float32)


def _panels(losses: Array, held_out: dict[str, HeldOut], card: ModelCard) -> Iterator[Panel]:
    if len(losses) > 1:
        yield learning_curve_panel(losses, smooth(losses[:, 1], max(1, len(losses) // 50)))
    yield reliability_panel(held_out, card)
    for part, figures in card.metrics.items():
        # A part may have no label with enough examples, and not all in a card is of a part.
        if isinstance(figures, dict) and (labels := figures.get("labels")):
            yield label_panel(f"Held-out {part.replace('_', ' ')}", _rows(labels))
    yield confusion_panel(held_out["genres"], card)


def _rows(labels: list[dict[str, Any]]) -> list[tuple[str, list[Interval]]]:
    """The labels of one part of a card's metrics, the best first; a card has no intervals."""
    ordered = sorted(labels, key=lambda row: -float(row["roc_auc"]))
    return [
        (
            f"{row['label']} ({row['positives']})",
            [Interval(float(row[figure]), np.nan, np.nan) for figure in FIGURES],
        )
        for row in ordered
    ]
