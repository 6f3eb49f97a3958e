"""The runs that wrote tags on this machine, from the journal."""

from __future__ import annotations

from typing import Any

from tagger.errors import JournalError
from tagger.writing.journal import Journal, journal_folder
from tagger.writing.journal_entries import Run

MOST = 200


def run_rows() -> list[dict[str, Any]]:
    """The newest runs first.

    Keys: run, started, mode, roots, undoes (the run it takes back, or null), counts (status to
    number), undone, taken_back, ended. A JournalError where the journal cannot be read.
    """
    if not journal_folder().exists():  # looking leaves no trace
        return []
    with _opened() as journal:
        runs = journal.runs()
    return [_row(run) for run in reversed(runs[-MOST:])]


def _opened() -> Journal:
    try:
        return Journal(write=False)
    except JournalError:  # of an older musictag: opening it for writing brings it up to date
        return Journal()


def _row(run: Run) -> dict[str, Any]:
    return {
        "run": run.id,
        "started": run.started,
        "mode": run.mode,
        "roots": [str(root) for root in run.roots],
        "undoes": run.undoes,
        "counts": run.counts,
        "undone": run.undone,
        "taken_back": run.n_undone,
        "ended": run.ended,
    }
