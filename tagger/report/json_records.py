"""Results as JSON objects, one a file: the contract other programs rely on.

New keys may come, none changes its name or meaning.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from tagger import __version__
from tagger.scanning.results import Result, Track
from tagger.vocabulary import KINDS

FORMAT = 1  # of the document; raised when a key changes its meaning


def record(result: Result, *, slices: bool = False) -> dict[str, Any]:
    """`Result.to_dict`; with `slices` also slice_scores: each slice's start and raw scores."""
    content = result.to_dict()
    if slices and result.track:
        content["slice_scores"] = _slice_scores(result.track)
    return content


def json_line(result: Result, *, slices: bool = False) -> str:
    """One file as one line. Non-ASCII is escaped: names that are no UTF-8 survive."""
    return json.dumps(record(result, slices=slices))


def document_text(results: Iterable[Result]) -> str:
    """All results as one JSON object: format, musictag (the program's version), files (records)."""
    lines = ",\n".join(map(json_line, results))
    return f'{{"format": {FORMAT}, "musictag": "{__version__}", "files": [\n{lines}\n]}}\n'


def _slice_scores(track: Track) -> list[dict[str, Any]]:
    labels = track.scores.vocabulary.labels
    rows = []
    for start, silent, values in zip(
        track.slices.starts, track.slices.silent, track.slices.values, strict=True
    ):
        scores: dict[str, dict[str, float]] = {kind: {} for kind in KINDS}
        for label, value in zip(labels, values, strict=True):
            scores[label.kind][label.name] = round(float(value), 4)
        rows.append({"start_s": round(start, 3), "silent": silent, "scores": scores})
    return rows
