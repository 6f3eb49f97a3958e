"""An explanation as text for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tagger.explain.evidence import Explanation, Reason, Window
from tagger.report.escaping import path_text, printable
from tagger.report.terminal import RISING, Style

MOST_ROWS = 12


def lines(explanation: Explanation, style: Style) -> Iterator[str]:
    """Every tag with its reasons, then the taggram: a column for each window, a row a label."""
    track, spec = explanation.track, explanation.spec
    slices = track.slices
    yield style.strong(f"{path_text(explanation.path)} ({clock(slices.duration_s)})")
    yield f"  {len(slices.starts)} windows of {spec.slice_s:g} s, model {track.model}"
    yield from (f"  note: {printable(note)}" for note in slices.notes)
    for reason in explanation.reasons:
        yield ""
        yield from _reason_lines(reason, style)
    yield ""
    yield from _taggram_lines(explanation, style)


def clock(seconds: float) -> str:
    """Minutes and whole seconds passed, as players show them.

    >>> clock(75.9), clock(0)
    ('1:15', '0:00')
    """
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"


def shown_labels(explanation: Explanation, most: int = MOST_ROWS) -> list[int]:
    """Labels worth a row: those explained, then the others by their best window."""
    values, labels = explanation.track.slices.values, explanation.track.scores.vocabulary.labels
    explained = [(reason.tag.kind, reason.tag.name) for reason in explanation.reasons]
    first = [i for i, label in enumerate(labels) if (label.kind, label.name) in explained]
    best = values.max(axis=0, initial=0.0)
    rest = sorted(set(range(len(labels))) - set(first), key=lambda i: -best[i])
    shown = first + rest[: max(0, most - len(first))]
    return sorted(shown, key=lambda i: (labels[i].kind, i not in first, -best[i]))


def windows_text(windows: tuple[Window, ...]) -> str:
    """Times and probabilities of windows.

    >>> windows_text((Window(75.0, 0.914), Window(3.0, 0.5)))
    '1:15 (91%), 0:03 (50%)'
    """
    spoken = (f"{clock(window.start_s)} ({window.probability:.0%})" for window in windows)
    return ", ".join(spoken) or "none"


def _reason_lines(reason: Reason, style: Style) -> Iterator[str]:
    given = "" if reason.given else ", below the level at which it would be given"
    yield style.strong(f"  {reason.tag.kind} {reason.tag.name} {reason.tag.score:.0%}{given}")
    yield f"    for      {windows_text(reason.windows_for)}"
    yield f"    against  {windows_text(reason.windows_against)}"
    if reason.map.any():
        low, high = reason.peak_hz
        yield f"    most at  {clock(reason.peak_s)}, {low:.0f} to {high:.0f} Hz"


def _taggram_lines(explanation: Explanation, style: Style) -> Iterator[str]:
    slices = explanation.track.slices
    labels = explanation.track.scores.vocabulary.labels
    starts = [clock(start) for start in slices.starts]
    yield f"  {'windows at':<18}{starts[0]} to {starts[-1]}" if starts else "  no window"
    signs = RISING if style.blocks else ".:-=+*%#"
    steps = np.minimum((slices.values * len(signs)).astype(int), len(signs) - 1)
    for label in shown_labels(explanation):
        yield f"  {labels[label].name:<18}" + "".join(signs[step] for step in steps[:, label])
