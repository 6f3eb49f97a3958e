"""The evaluation as text for a terminal, and as a page with links to the suspect tracks."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from tagger.report.escaping import path_text, printable
from training.finetune.report_plots import calibration, learning_curve, precision_recall
from training.finetune.summary import NEXT, Evaluation, LabelResult

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem;
  color: #1b1d21; background: #fff; }
table { border-collapse: collapse; margin: .5rem 0 2rem; }
th, td { text-align: left; padding: .25rem .9rem .25rem 0; border-bottom: 1px solid #dfe2e6; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
p.note { color: #565c66; max-width: 45rem; }
svg { max-width: 100%; height: auto; }
@media (prefers-color-scheme: dark) {
  body { color: #e4e6ea; background: #1a1a1a; }
  a { color: #8ab4f8; }
  th, td { border-color: #3c4048; }
  p.note { color: #a7adb8; }
  svg { filter: invert(.898) hue-rotate(180deg); }
}
"""
SHOWN = 10  # suspects named on a terminal


def verdict(evaluation: Evaluation) -> str:
    """Whether the personal model is better, in one sentence."""
    figures = f"average precision {evaluation.before.value:.2f} -> {evaluation.after.value:.2f}"
    interval = f"{evaluation.gain.low:+.2f} to {evaluation.gain.high:+.2f}"
    if evaluation.better:
        return (
            f"It hears your labels better than the model it started from: {figures} ({interval})."
        )
    return f"It is not shown to be better than the model it started from: {figures} ({interval})."


def summary_lines(evaluation: Evaluation) -> Iterator[str]:
    """The evaluation as lines for a terminal."""
    yield f"{'label':<22}{'tracks':>7}{'artists':>8}  {'AP before':<18}{'AP after':<18}{'F1':>5}"
    for row in evaluation.labels:
        yield (
            f"{printable(row.label.name):<22}{row.tracks:>7}{row.artists:>8}  "
            f"{_before(row):<18}{row.ap_after!s:<18}{row.f1_after.value:>5.2f}"
        )
    yield verdict(evaluation)
    curve = ", ".join(f"{p.size}: {p.macro_ap:.2f}" for p in evaluation.curve)
    yield f"With so many tracks a label, average precision: {curve}"
    if evaluation.advice and evaluation.advice[0][1] >= 0.005:
        label, gain = evaluation.advice[0]
        yield f"{NEXT} more tracks of {printable(label.name)} would help most (about +{gain:.2f})."
    if evaluation.suspects:
        yield "Tracks that look mislabelled, the most doubtful first:"
    for suspect in evaluation.suspects[:SHOWN]:
        yield f"  {path_text(suspect.path)}: {printable(suspect.reason)}"


def page_text(name: str, evaluation: Evaluation, notes: Iterable[str]) -> str:
    """The page: it runs nothing, loads nothing, and links to the files it names."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode("utf-8")).digest()).decode("ascii")
    return _template().render(
        title=f"{name}: how it hears your labels",
        policy=f"default-src 'none'; style-src 'sha256-{digest}'",
        style=STYLE,
        verdict=verdict(evaluation),
        labels=[_label_row(row) for row in evaluation.labels],
        curve=[(point.size, f"{point.macro_ap:.3f}") for point in evaluation.curve],
        advice=[(label.name, f"+{gain:.3f}") for label, gain in evaluation.advice],
        more=NEXT,
        precision_recall=precision_recall(evaluation.curves) if evaluation.curves else "",
        calibration=calibration(evaluation.bins) if evaluation.bins else "",
        learning_curve=learning_curve(evaluation.curve) if evaluation.curve else "",
        confusions=list(_confusions(evaluation)),
        suspects=[(_link(x.path), path_text(x.path), x.reason) for x in evaluation.suspects],
        notes=list(notes),
    )


def _template() -> Template:
    """All text is escaped, and `plain` shows control characters as what they are."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined,
        keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters["plain"] = lambda value: printable(str(value))
    return environment.get_template("report.html.jinja")


def _label_row(row: LabelResult) -> tuple[object, ...]:
    return (
        row.label.name, row.tracks, row.artists, f"{row.share:.2f}", _before(row), row.ap_after,
        row.f1_before or "-", row.f1_after,
    )  # fmt: skip


def _confusions(
    evaluation: Evaluation,
) -> Iterator[tuple[str, list[str], list[tuple[object, ...]]]]:
    """Kind, names and rows of each confusion matrix: given labels by predicted ones."""
    for kind, counts in evaluation.confusion.items():
        names = [x.label.name for x in evaluation.labels if x.label.kind == kind]
        if len(names) == len(counts):
            yield kind, names, [(name, *row) for name, row in zip(names, counts, strict=True)]


def _before(row: LabelResult) -> str:
    return str(row.ap_before) if row.ap_before else f"{row.share:.2f} (guessing)"


def _link(path: Path) -> str:
    return path.absolute().as_uri()
