"""A beets library: its own genres (and instruments, as `beet genretag` names the field).

The path is that of the database, or of the folder with it and its `config.yaml`. A copy of the
database is opened, never itself: opening a library may change how it is stored. An item's artist
(of its album, where it has one) is its group. What its fields do not name is unknown.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tagger.errors import DataError
from training.data.datasets.names import Spellings
from training.data.datasets.source import Entry, Source, gather
from training.data.datasets.tables import split_names
from training.data.taxonomy import GENRES

if TYPE_CHECKING:
    from beets.library import Library

NAME = "beets"
DATABASE = "library.db"


def load(path: Path, *, weak: bool = False) -> Source:
    """All items with genres or instruments; with `weak`, genres far from an item's are absent."""
    database = path / DATABASE if path.is_dir() else path
    return gather(NAME, _entries(database), Spellings(), listed=GENRES if weak else ())


def _entries(database: Path) -> Iterator[Entry]:
    try:
        from beets.dbcore.db import DBAccessError
    except ModuleNotFoundError as error:
        raise DataError(
            "a beets library needs beets (pip install 'musictag[beets]')", database
        ) from error
    with tempfile.TemporaryDirectory() as folder:
        try:
            copy = shutil.copy(database, folder)
            yield from map(_entry, _open(Path(copy), database.parent / "config.yaml").items())
        except (OSError, sqlite3.Error, DBAccessError) as error:
            raise DataError(f"not a beets library ({error})", database) from error


def _open(copy: Path, settings: Path) -> Library:
    import beets
    from beets.library import Library

    config = beets.IncludeLazyConfig("beets", "beets")  # not beets' own, which all programs share
    if settings.is_file():
        config.set_file(str(settings))
    with redirect_stdout(sys.stderr):  # beets tells of each change to an old library's copy
        return Library(str(copy), config["directory"].as_filename())


def _entry(item: Any) -> Entry:
    words = [*item.get("genres", ()), *_several(item.get("instruments", ()))]
    return Entry(
        id=str(item.id),
        path=Path(item.filepath),
        group=item.albumartist or item.artist or item.album or str(item.id),
        words=tuple(name for word in words for name in split_names(word)),
    )


def _several(field: Any) -> list[str]:
    return [field] if isinstance(field, str) else list(field)
