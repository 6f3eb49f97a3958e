"""What versions of beets before 2.14 lack."""

from __future__ import annotations

from collections.abc import Iterable

import beets
from beets.library import Item, LibModel


def mend_update() -> None:
    """Let `beet update` store fields that plugins add, as it does since 2.14 (beets#5580).

    Before, it takes each of them for a column of its table and ends with a traceback, once one has
    changed.
    """
    version = tuple(int(part) for part in beets.__version__.split(".")[:2])
    if version < (2, 14):
        Item.store = _store  # type: ignore[method-assign, assignment]


def _store(item: Item, fields: Iterable[str] | None = None) -> None:
    # Flexible fields are stored whatever is asked for.
    columns = None if fields is None else [name for name in fields if name in item._fields]
    LibModel.store(item, columns)
