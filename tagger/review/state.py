"""All files under review, shared by the threads that classify, write and answer the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import RLock
from typing import Any

from tagger.models.card import ModelCard
from tagger.review.items import Item, make_item, row_of, with_tags
from tagger.review.offers import check_name
from tagger.scanning.results import Result
from tagger.tags.reader import FileTags
from tagger.vocabulary import Kind
from tagger.writing.journal_entries import Outcome
from tagger.writing.plan import Policy, TagPlan, Values

FIRST_ROWS = 250  # in the first answer: enough to begin with, at once
MOST_ROWS = 2500  # in every other one
MOST_TICKS = 50  # of one kind in one file

Choice = tuple[int, Kind, Values]  # number of a file, kind, names that are ticked


class Review:
    """The files by their numbers, and in which order they changed."""

    def __init__(self, card: ModelCard, policy: Policy, roots: Sequence[Path]) -> None:
        self.card, self.policy, self.roots = card, policy, tuple(roots)
        self._lock = RLock()
        self._items: list[Item] = []
        self._changed: list[int] = []  # numbers of files, one for each change of one
        self._at: dict[Path, int] = {}

    def add(self, result: Result) -> None:
        """Take up a file from the scan."""
        with self._lock:
            item = make_item(len(self._items), result, self.policy)
            self._items.append(item)
            self._at[result.path.absolute()] = item.id
            self._changed.append(item.id)

    def item(self, number: int) -> Item:
        """One file; LookupError where there is none of that number."""
        with self._lock:
            if number < 0:
                raise LookupError(number)
            return self._items[number]

    def items(self) -> list[Item]:
        """All files so far."""
        with self._lock:
            return list(self._items)

    def rows_since(self, seen: int) -> tuple[int, list[dict[str, Any]]]:
        """Rows of the files that changed after the first `seen` changes, and how many these were.

        At most `MOST_ROWS`, and `FIRST_ROWS` to begin with; who asks again gets the rest.
        """
        with self._lock:
            seen = max(seen, 0)
            upto = min(len(self._changed), seen + (MOST_ROWS if seen else FIRST_ROWS))
            numbers = dict.fromkeys(self._changed[seen:upto])
            items = [self._items[number] for number in numbers]
        return upto, [row_of(item) for item in items]

    def count(self) -> int:
        """How many changes there were so far."""
        with self._lock:
            return len(self._changed)

    def decide(self, choices: Iterable[Choice]) -> None:
        """Take over what a person ticked; ValueError or LookupError if any of it cannot be."""
        with self._lock:
            checked = [(self.item(number), kind, names) for number, kind, names in choices]
            for item, kind, names in checked:
                _check(item, kind, names)
            for item, kind, names in checked:
                now = self._items[item.id]
                ticked = {**now.ticked, kind: tuple(dict.fromkeys(names))}
                self._items[item.id] = replace(now, ticked=ticked, edited=True)

    def plan(self, upto: int | None = None) -> TagPlan:
        """What is ticked, as a plan; of the first `upto` files, which the person has seen."""
        classified = (item for item in self.items()[:upto] if not item.result.error)
        changes = (item.change(self.policy) for item in classified)
        files = tuple(change for change in changes if change.changes)
        return TagPlan(files, self.card.id, f"review ({self.policy.mode})", self.roots)

    def note(self, outcome: Outcome, existing: FileTags | None, *, undone: bool = False) -> None:
        """Take over what became of a file, and the tags that it has now."""
        with self._lock:
            number = self._at.get(outcome.path.absolute())
            if number is None:  # a run of old, of other files
                return
            item = self._items[number]
            if existing and existing.audio == item.result.existing.audio:
                item = with_tags(item, existing, self.policy)
            status = "restored" if undone and outcome.status == "changed" else outcome.status
            self._items[number] = replace(
                item, status=status, reason=outcome.reason, notes=outcome.notes
            )
            self._changed.append(number)


def _check(item: Item, kind: Kind, names: Values) -> None:
    if item.result.error:
        raise ValueError("this file was not classified")
    if len(names) > MOST_TICKS:
        raise ValueError(f"more than {MOST_TICKS} names")
    offered = {option.name for option in item.offers[kind].options}
    for name in names:
        if name not in offered:
            check_name(kind, name)
