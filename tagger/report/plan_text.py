"""Plans and outcomes as text for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tagger.report.escaping import path_text, printable
from tagger.scanning.results import Result
from tagger.writing.apply import Outcome
from tagger.writing.journal_entries import Entry
from tagger.writing.plan import FileChange, TagChange, TagPlan, classified_file

NOTHING = "-"
_NAMES = {"genre": "genres", "instrument": "instruments", "provenance": "provenance"}
Scores = Mapping[tuple[Path, str, str], float]  # (path, kind, name) -> probability


def scores_of(results: Iterable[Result]) -> dict[tuple[Path, str, str], float]:
    """The probability of each tag, by what a plan calls it."""
    classified = (one for result in results if (one := classified_file(result)))
    return {(one.path, tag.kind, tag.name): tag.score for one in classified for tag in one.tags}


def plan_lines(plan: TagPlan, scores: Scores | None = None) -> Iterator[str]:
    """Lines that show a plan, folder by folder: what each field holds -> what it will hold."""
    folder: Path | None = None
    for change in plan.files:
        if change.path.parent != folder:
            folder = change.path.parent
            yield path_text(folder)
        yield f"  {path_text(Path(change.path.name))}"
        yield from (f"    {line}" for line in _change_lines(change, scores or {}))


def entry_lines(entry: Entry, *, taken: bool) -> Iterator[str]:
    """A file of a run in the journal: what became of it, and what its fields held and hold."""
    status = "taken back" if taken else entry.status or "open"
    why = f" ({printable(entry.reason)})" if entry.reason and not taken else ""
    yield f"  {path_text(entry.path)}: {status}{why}"
    for name, after in entry.after.items():
        before = _values(entry.before[name].values)
        yield f"    {_NAMES[name]}: {before} -> {_values(after.values)}"


def outcome_line(outcome: Outcome) -> str:
    """A file, what became of it, and why."""
    why = f" ({printable(outcome.reason)})" if outcome.reason else ""
    return f"{path_text(outcome.path)}: {outcome.status}{why}"


def summary(counts: Mapping[str, int]) -> str:
    """How many files there are of each status, those with none left out.

    >>> summary({"changed": 3, "unchanged": 0, "refused": 1})
    '3 changed, 1 refused'
    """
    return ", ".join(f"{number} {name}" for name, number in counts.items() if number) or "no files"


def _change_lines(change: FileChange, scores: Scores) -> Iterable[str]:
    return (
        f"{_NAMES[one.field]}: {_values(one.before)} -> {_after(change.path, one, scores)}"
        for one in change.changes
    )


def _after(path: Path, change: TagChange, scores: Scores) -> str:
    texts = []
    for value in change.after:
        score = scores.get((path, change.field, value))
        texts.append(printable(value) + (f" {score:.0%}" if score is not None else ""))
    return ", ".join(texts) or NOTHING


def _values(values: Iterable[str]) -> str:
    return ", ".join(printable(value) for value in values) or NOTHING
