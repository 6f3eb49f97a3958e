"""One file under review: its result, what is ticked, what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tagger.review.offers import Offer, offer_for
from tagger.scanning.results import Result
from tagger.tags.reader import FileTags
from tagger.vocabulary import KINDS, Kind
from tagger.writing.plan import FileChange, Policy, Values, decided_change


@dataclass(frozen=True, slots=True)
class Item:
    """A file of the scan. The page knows it by its number alone."""

    id: int
    result: Result
    offers: Mapping[Kind, Offer]
    ticked: Mapping[Kind, Values]
    edited: bool = False  # by the person
    status: str = ""  # what became of it: changed, unchanged, refused, failed, restored
    reason: str = ""
    notes: tuple[str, ...] = ()
    refused: Mapping[Kind, frozenset[str]] = field(default_factory=dict)  # before the last run

    def change(self, policy: Policy) -> FileChange:
        """What would be written; without changes where the file stays as it is."""
        wanted = {kind: self.offers[kind].after(self.ticked[kind]) for kind in KINDS}
        existing = self.result.existing
        return decided_change(self.result.path.absolute(), existing, wanted, policy)


def make_item(number: int, result: Result, policy: Policy) -> Item:
    """A file as it comes from the scan: ticked is what `scan --write` would write."""
    offers = {kind: offer_for(result, kind, policy) for kind in KINDS}
    return Item(number, result, offers, {kind: offers[kind].proposed for kind in KINDS})


def with_tags(item: Item, existing: FileTags, policy: Policy) -> Item:
    """The file after its tags were written or given back."""
    fresh = make_item(item.id, replace(item.result, existing=existing), policy)
    refused = {kind: _refused(item, kind) for kind in KINDS}  # not offered ticked a second time
    ticked = {k: tuple(n for n in fresh.ticked[k] if n not in refused[k]) for k in KINDS}
    return replace(fresh, ticked=ticked, refused=refused)


def _refused(item: Item, kind: Kind) -> frozenset[str]:
    """The names of one kind that were proposed and that the person did not want."""
    return (item.refused.get(kind, frozenset()) | set(item.offers[kind].proposed)) - set(
        item.ticked[kind]
    )


def row_of(item: Item) -> dict[str, Any]:
    """A file as the page's list shows it.

    Keys: id, folder, file, title, artist, album, error, status, reason, edited, genre and
    instrument; these have now (values), planned (values) and options ([name, probability or null,
    proposed, ticked]).
    """
    path, now = item.result.path.absolute(), item.result.existing
    kinds: dict[str, Any] = {
        kind: _kind_row(item.offers[kind], item.ticked[kind]) for kind in KINDS
    }
    return kinds | {
        "id": item.id,
        "folder": str(path.parent),
        "file": path.name,
        "title": now.title,
        "artist": now.artist,
        "album": now.album,
        "error": item.result.error,
        "status": item.status,
        "reason": item.reason,
        "edited": item.edited,
    }


def _kind_row(offer: Offer, ticked: Values) -> dict[str, Any]:
    options = [
        [one.name, None if one.score is None else round(one.score, 3), one.proposed]
        for one in offer.options
    ]
    offered = {option.name for option in offer.options}
    typed = [[name, None, False] for name in ticked if name not in offered]
    on = set(ticked)
    return {
        "now": offer.before,
        "planned": offer.planned,
        "options": [[*option, option[0] in on] for option in options + typed],
    }
