"""What is classified together: an item, or all items of an album with the album itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from beets.importer import ImportTask
    from beets.library import Album, Item, Library

    from tagger.scanning.parallel import ScanPool
    from tagger.scanning.results import Result


@dataclass(frozen=True, slots=True)
class Unit:
    """Items of the library, and the album they are all of, where it counts."""

    items: list[Item]
    album: Album | None = None

    @property
    def paths(self) -> list[Path]:
        """The files of the items."""
        return [Path(item.filepath) for item in self.items]


def unit_of(task: ImportTask) -> Unit:
    """What an import task brings in."""
    return Unit(task.imported_items(), task.album if task.is_album else None)


def find_units(lib: Library, query: list[str], albums: bool | None) -> Iterator[Unit]:
    """The albums or the items that match; without a choice and a query, all there is.

    One by one, since making the objects of a large library takes a while.
    """
    whole = albums is None and not query
    if albums or whole:
        for album in lib.albums(query):
            yield Unit(list(album.items()), album)
    if not albums:
        for item in lib.items("singleton:true" if whole else query):
            yield Unit([item])


def count_items(lib: Library, query: list[str], albums: bool | None) -> int:
    """How many items `find_units` gives."""
    if query:
        return sum(len(unit.items) for unit in find_units(lib, query, albums))
    if albums is None:
        albums = False
    condition = "WHERE album_id IS NOT NULL" if albums else ""
    with lib.transaction() as transaction:
        return int(transaction.query(f"SELECT COUNT(*) FROM items {condition}")[0][0])  # noqa: S608


def refreshed(lib: Library, unit: Unit, results: list[Result]) -> tuple[Unit, list[Result]]:
    """The unit as it is in the library by now, without what was removed meanwhile."""
    pairs = [
        (item, result)
        for old, result in zip(unit.items, results, strict=True)
        if old.id is not None and (item := lib.get_item(old.id)) is not None
    ]
    number = unit.album.id if unit.album is not None else None
    album = lib.get_album(number) if number is not None else None
    return Unit([item for item, _ in pairs], album), [result for _, result in pairs]


def classified(
    units: Iterable[Unit], pool: ScanPool, ahead: int
) -> Iterator[tuple[Unit, list[Result]]]:
    """Each unit with the results of its files, which are submitted that many files ahead."""
    waiting: deque[tuple[Unit, list[Future[Result]]]] = deque()
    for unit in units:
        waiting.append((unit, [pool.submit(path) for path in unit.paths]))
        while sum(len(futures) for _, futures in waiting) > ahead:
            yield _collect(waiting)
    while waiting:
        yield _collect(waiting)


def _collect(waiting: deque[tuple[Unit, list[Future[Result]]]]) -> tuple[Unit, list[Result]]:
    unit, futures = waiting.popleft()
    return unit, [future.result() for future in futures]
