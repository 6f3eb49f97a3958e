"""A run in pictures, on one page: how it learned, how surely and how well the model hears.

Drawn with the marks of `tagger.explain`, so that no plotting library is needed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tagger.inference.calibration import calibrate
from tagger.models.card import ModelCard
from tagger.plotting.colors import AGAINST, FOR, hex_color
from tagger.plotting.figure import Box, Line, Mark, Scene, Text
from tagger.plotting.svg import html_text
from tagger.vocabulary import KINDS, Kind
from training.evaluation.calibration import Bin, reliability_bins
from training.evaluation.held_out_votes import Heard

Array = npt.NDArray[np.float32]

WIDTH, LEFT, PLOT, ROW = 900, 150, 240, 18  # pixels; PLOT: height of a curve
SOFT, FAINT = "#565c66", "#dfe2e6"
COLORS: dict[Kind, str] = {"genre": AGAINST, "instrument": FOR}
PARTS: dict[Kind, str] = {"genre": "genres", "instrument": "instruments"}  # of held-out sound


def write_pictures(path: Path, log: Path, heard: dict[str, Heard], card: ModelCard) -> None:
    """Write the page; `log` is the run's loss.csv, whose curve is left out where there is none."""
    marks: list[Mark] = [Text(14, 28, f"{card.id}: how it learned and how it hears", 18, bold=True)]
    losses = read_losses(log)
    if len(losses) > 1:
        marks += _learning_curve(losses, below(marks))
    marks += reliability_marks(heard, card, below(marks))
    for part, figures in card.metrics.items():
        marks += _label_bars(part.replace("_", " "), figures["labels"], below(marks))
    marks += confusion_marks(heard["genres"], card, below(marks))
    title = f"Learning curve, reliability, figures by label and confusion of {card.id}"
    scene = Scene(WIDTH, below(marks), title, tuple(marks))
    path.write_text(html_text(scene), encoding="utf-8")


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


def reliability(heard: Heard, card: ModelCard, kind: Kind) -> list[Bin]:
    """The bins of the reliability diagram of one kind of label."""
    indices = list(card.vocabulary.indices(kind))
    probabilities = calibrate(heard.votes, card)[:, indices]
    return list(reliability_bins(heard.targets[:, indices], probabilities))


def confusion(heard: Heard, indices: Sequence[int]) -> Array:
    """How often each label (row) is truly there while each (column) has the highest vote.

    Only for labels of which a sound mostly has one, such as genres. Shape: `(n, n)`, counts
    """
    truth, best = heard.targets[:, list(indices)], heard.votes[:, list(indices)]
    counts = np.zeros((len(indices), len(indices)), dtype=np.float32)
    for row, column in zip(truth, best.argmax(axis=1) if len(best) else (), strict=True):
        counts[row == 1, column] += 1
    return counts


def short(name: str) -> str:
    """A name that fits over a column.

    >>> short("Jazz"), short("Electronic")
    ('Jazz', 'Elect…')
    """
    return name if len(name) <= 6 else f"{name[:5].strip()}…"


def below(marks: Sequence[Mark]) -> int:
    """Where the next picture begins under these."""
    ends = [
        m.y + (m.height if isinstance(m, Box) else 0) for m in marks if isinstance(m, Box | Text)
    ]
    return round(max(ends)) + 44


def _frame(x: int, y: int, width: int, name: str, words: tuple[str, str]) -> Iterator[Mark]:
    yield Text(x, y - 10, name, 14, bold=True)
    yield Box(x, y, width, PLOT, stroke=SOFT)
    yield Text(x + width / 2, y + PLOT + 32, words[0], 11, "middle", color=SOFT)
    yield Text(x - 44, y + 10, words[1], 11, "end", color=SOFT)


def _learning_curve(losses: Array, y: int) -> Iterator[Mark]:
    width = WIDTH - LEFT - 30
    yield from _frame(LEFT, y, width, "Learning curve", ("step", "loss"))
    steps, values = losses[:, 0], smooth(losses[:, 1], max(1, len(losses) // 50))
    top, last = float(values.max()) * 1.05, float(steps[-1])
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        at = y + PLOT * (1 - share)
        yield Box(LEFT, at, width, 1, fill=FAINT)
        yield Text(LEFT - 6, at + 4, f"{share * top:.2f}", 11, "end", color=SOFT)
        yield Text(
            LEFT + width * share, y + PLOT + 16, f"{share * last:,.0f}", 11, "middle", color=SOFT
        )
    shown = np.unique(np.linspace(0, len(steps) - 1, 400).astype(int))
    points = [
        (LEFT + width * s / last, y + PLOT * (1 - v / top))
        for s, v in zip(steps, values, strict=True)
    ]
    yield Line(tuple((float(points[i][0]), float(points[i][1])) for i in shown), AGAINST, 2)


def reliability_marks(heard: dict[str, Heard], card: ModelCard, y: int) -> Iterator[Mark]:
    """A curve for each kind: how often what is given a probability is true."""
    words = ("probability given", "share true")
    for x, kind in zip((LEFT, LEFT + 410), KINDS, strict=True):
        yield from _frame(x, y, PLOT, f"Reliability: {PARTS[kind]}", words)
        yield Line(((x, y + PLOT), (x + PLOT, y)), SOFT, 1)
        for share in (0.0, 0.5, 1.0):
            yield Text(x - 6, y + PLOT * (1 - share) + 4, f"{share:.0%}", 11, "end", color=SOFT)
            yield Text(x + PLOT * share, y + PLOT + 16, f"{share:.0%}", 11, "middle", color=SOFT)
        bins = reliability(heard[PARTS[kind]], card, kind)
        places = [(x + PLOT * b.probability, y + PLOT * (1 - b.share)) for b in bins]
        yield Line(tuple(places), COLORS[kind], 2)
        for (left, top), each in zip(places, bins, strict=True):
            yield Box(left - 4, top - 4, 8, 8, fill=COLORS[kind])
            yield Text(left + 7, top + 13, f"{each.count:,}", 11, color=SOFT)


def _label_bars(part: str, rows: Sequence[dict[str, float | str]], y: int) -> Iterator[Mark]:
    """Three bars a label; a part with no label of enough examples is left out."""
    if not rows:
        return
    yield Text(LEFT, y - 10, f"Held-out {part}", 14, bold=True)
    for i, name in enumerate(("ROC-AUC", "average precision", "F1")):
        yield Text(LEFT + i * 245, y + 8, name, 11, color=SOFT)
    for row in sorted(rows, key=lambda row: -float(row["roc_auc"])):
        y += ROW
        yield Text(LEFT - 8, y + 13, f"{row['label']} ({row['positives']})", 11, "end")
        for i, key in enumerate(("roc_auc", "ap", "f1")):
            x, value = LEFT + i * 245, float(row[key])
            yield Box(x, y + 3, 200, ROW - 6, fill=FAINT)
            yield Box(x, y + 3, 200 * value, ROW - 6, fill=(AGAINST, FOR, SOFT)[i])
            yield Text(x + 205, y + 13, f"{value:.2f}", 11)


def confusion_marks(heard: Heard, card: ModelCard, y: int) -> Iterator[Mark]:
    """A table of genres, true by most surely heard."""
    indices = card.vocabulary.indices("genre")
    counts = confusion(heard, indices)
    names = [card.vocabulary.labels[i].name for i in indices]
    yield Text(LEFT, y - 10, "Genres: true (row) and most surely heard (column)", 14, bold=True)
    cell = (WIDTH - LEFT - 30) / len(names)
    for i, name in enumerate(names):
        yield Text(LEFT + cell * (i + 0.5), y + 10, short(name), 11, "middle", color=SOFT)
    for row, name in zip(counts, names, strict=True):
        y += ROW + 2
        yield Text(LEFT - 8, y + 13, f"{name} ({row.sum():.0f})", 11, "end")
        for i, count in enumerate(row):
            share = float(count / max(1, row.sum()))
            yield Box(LEFT + cell * i, y, cell - 1, ROW, fill=hex_color(share))
            color = "#1b1d21" if share > 0.6 else "#ffffff"
            yield Text(
                LEFT + cell * (i + 0.5),
                y + 13,
                f"{count:.0f}" if count else "",
                11,
                "middle",
                color=color,
            )
