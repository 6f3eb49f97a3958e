"""Reports to files: the suffix says what kind, and a report is written whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tagger.errors import MusicTagError
from tagger.report.csv_rows import csv_text
from tagger.report.html_page import page_text
from tagger.report.json_records import document_text
from tagger.scanning.results import Result
from tagger.writing.atomic_file import replacing
from tagger.writing.plan import TagPlan
from tagger.writing.plan_json import FilePrediction

# Excel takes a CSV for UTF-8 only with a mark at its start.
ENCODINGS = {".csv": "utf-8-sig"}
MAKERS: dict[str, Callable[[Sequence[Result], TagPlan, Sequence[FilePrediction]], str]] = {
    ".csv": lambda results, plan, predictions: csv_text(results),
    ".html": page_text,
    ".json": lambda results, plan, predictions: document_text(results),
}


def write_report(
    path: Path, results: Sequence[Result], plan: TagPlan, predictions: Sequence[FilePrediction] = ()
) -> None:
    """Write the report its suffix asks for; an older file of that name is replaced."""
    suffix = path.suffix.lower()
    text = MAKERS[suffix](results, plan, predictions)
    write_whole(path, text.encode(ENCODINGS.get(suffix, "utf-8")))


def write_whole(path: Path, content: bytes) -> None:
    """Put the content at the path in one step, so that no reader meets half of it."""
    try:
        with replacing(path, contended=True) as part:
            part.write_bytes(content)
    except OSError as error:
        raise MusicTagError(f"cannot be written ({error.strerror})", path) from error
