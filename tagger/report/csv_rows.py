"""Results as CSV, one row a file, safe to open in a spreadsheet.

A cell from a stranger's tag may not become a formula there. Source: OWASP, CSV Injection
(owasp.org/www-community/attacks/CSV_Injection): every value that starts with one of the signs below
gets an apostrophe, each value of a list too, since a spreadsheet may split cells at semicolons.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from tagger.report.escaping import path_text, printable
from tagger.scanning.results import Result
from tagger.vocabulary import KINDS, Kind

# The contract: new columns come at the end, none changes its name or meaning.
COLUMNS = (
    "path", "title", "artist", "album",
    "genres_now", "genres_heard", "genres_confidence",
    "instruments_now", "instruments_heard", "instruments_confidence",
    "duration_s", "windows", "model", "notes", "error",
)  # fmt: skip

# The wide forms count as the plain ones in some locales.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
JOIN = "; "


def csv_text(results: Iterable[Result]) -> str:
    """All results with a header; lists are joined with "; ", confidence has three places."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    writer.writerows(_row(result) for result in results)
    return text.getvalue()


def safe(value: str) -> str:
    r"""The value without control signs, and never a formula.

    >>> safe("=1+1"), safe("A\tB"), safe("-")
    ("'=1+1", 'A\ufffdB', "'-")
    """
    clean = printable(value)
    return f"'{clean}" if value.startswith(FORMULA_STARTS) else clean


def _row(result: Result) -> list[str]:
    existing, track = result.existing, result.track
    return [
        safe(path_text(result.path)),
        *(safe(value) for value in (existing.title, existing.artist, existing.album)),
        *(cell for kind in KINDS for cell in _tags(result, kind)),
        f"{track.slices.duration_s:.3f}" if track else "",
        str(len(track.slices.starts)) if track else "0",
        safe(track.model) if track else "",
        _joined(result.notes),
        safe(result.error or ""),
    ]


def _tags(result: Result, kind: Kind) -> list[str]:
    tags = result.track.of(kind) if result.track else ()
    return [
        _joined(result.existing.of(kind)),
        _joined(tag.name for tag in tags),
        _joined(f"{tag.score:.3f}" for tag in tags),
    ]


def _joined(values: Iterable[str]) -> str:
    return JOIN.join(safe(value) for value in values)
