"""The results in words: a Markdown report for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from training.evaluation.bootstrap import FIGURES, LEVEL, Interval, LabelFigures
from training.evaluation.results import CLEAN, PartResults, Results

HEADS = {"roc_auc": "ROC-AUC", "ap": "average precision", "f1": "F1"}


def json_text(results: Results) -> str:
    """All figures; a figure that cannot be given is null."""
    content = json.dumps(asdict(results), indent=1, allow_nan=True)
    return json.dumps(json.loads(content, parse_constant=lambda _: None), indent=1) + "\n"


def markdown_text(results: Results, pictures: Sequence[tuple[str, str]] = ()) -> str:
    """A report; `pictures` are pairs of a file name and what it shows."""
    return "\n".join(_lines(results, pictures)) + "\n"


def _lines(results: Results, pictures: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield f"# How well {results.model} classifies"
    yield ""
    yield (
        f"In brackets, where {LEVEL:.0%} of {results.draws:,} draws of whole artists lie. F1 is at "
        "the model's own thresholds. A label with fewer than 8 examples for or against is left out."
    )
    for part in results.parts:
        yield from _part_lines(part)
    if results.robustness:
        yield from _robustness_lines(results)
    for file, title in pictures:
        yield from ("", f"![{title}]({file})")


def _part_lines(part: PartResults) -> Iterator[str]:
    yield from ("", f"## {part.name.replace('_', ' ').capitalize()}", "")
    yield f"{part.clips:,} clips of {part.groups:,} artists or recordings."
    if part.ece is not None:
        yield (
            f"Expected calibration error: {part.ece:.3f} (of the votes, before calibration: "
            f"{part.ece_of_votes:.3f})."
        )
    if not part.mean:
        yield "No label has enough examples to be measured."
        return
    yield ""
    yield from _table_head("label", "for", "against")
    yield from (_row(row.label, row.positives, row.negatives, row=row) for row in part.labels)
    yield _row(f"**mean of {len(part.labels)}**", "", "", row=part.mean)
    if part.slices:
        yield _row("mean, each slice by itself", "", "", row=part.slices)


def _robustness_lines(results: Results) -> Iterator[str]:
    yield from ("", "## When the sound has been through something", "")
    yield "Means over the labels; in the last column, the change of ROC-AUC."
    yield ""
    yield from _table_head("part", "change", "clips", more=("ROC-AUC lost",))
    clean = {row.part: row.mean for row in results.robustness if row.change == CLEAN}
    for row in results.robustness:
        lost = clean[row.part].roc_auc.value - row.mean.roc_auc.value
        yield (
            _row(row.part.replace("_", " "), row.change, row.clips, row=row.mean) + f" {lost:.3f} |"
        )


def _table_head(*names: str, more: Iterable[str] = ()) -> Iterator[str]:
    heads = [*names, *HEADS.values(), *more]
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"


def _row(*cells: object, row: LabelFigures) -> str:
    figures = [_words(getattr(row, name)) for name in FIGURES]
    return f"| {' | '.join([*map(str, cells), *figures])} |"


def _words(interval: Interval) -> str:
    return f"{interval.value:.3f} ({interval.low:.3f} to {interval.high:.3f})"
