"""Plans and outcomes as text for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tagger.report.escaping import path_text, printable, width
from tagger.scanning.results import Result
from tagger.writing.apply import Outcome
from tagger.writing.journal_entries import Entry
from tagger.writing.plan import TagChange, TagPlan, classified_file

NOTHING = "-"
_INDENT = " " * 4
_NAMES = {"genre": "genres", "instrument": "instruments", "provenance": "provenance"}
Scores = Mapping[tuple[Path, str, str], float]  # (path, kind, name) -> probability


def scores_of(results: Iterable[Result]) -> dict[tuple[Path, str, str], float]:
    """The probability of each tag, by what a plan calls it."""
    classified = (one for result in results if (one := classified_file(result)))
    return {(one.path, tag.kind, tag.name): tag.score for one in classified for tag in one.tags}


def plan_lines(
    plan: TagPlan, scores: Scores | None = None, columns: int | None = None
) -> Iterator[str]:
    """Lines that show a plan, folder by folder: what each field holds -> what it will hold.

    With `columns` the values of a field go on in further lines where one is too short for them;
    names of folders and files stay in one, since people copy them.
    """
    folder: Path | None = None
    for change in plan.files:
        if change.path.parent != folder:
            folder = change.path.parent
            yield path_text(folder)
        yield f"  {path_text(Path(change.path.name))}"
        for one in change.changes:
            yield from _filled(_parts(change.path, one, scores or {}), columns)


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


def _parts(path: Path, change: TagChange, scores: Scores) -> list[str]:
    """A field, what it holds -> what it will hold, in parts that stay whole in a line."""
    after = []
    for value in change.after:
        score = scores.get((path, change.field, value))
        after.append(printable(value) + (f" {score:.0%}" if score is not None else ""))
    before = [printable(value) for value in change.before]
    return [f"{_NAMES[change.field]}:", *_listed(before), "->", *_listed(after)]


def _listed(values: Sequence[str]) -> list[str]:
    return [*(f"{value}," for value in values[:-1]), values[-1]] if values else [NOTHING]


def _filled(parts: Iterable[str], columns: int | None) -> Iterator[str]:
    """Lines of at most so many columns, if no part is wider; those after the first stand back."""
    line = _INDENT[1:]
    for part in parts:
        if columns and line.strip() and width(f"{line} {part}") > columns:
            yield line
            line = f"{_INDENT}{_INDENT}{part}"
        else:
            line = f"{line} {part}"
    yield line


def _values(values: Iterable[str]) -> str:
    return ", ".join(printable(value) for value in values) or NOTHING
