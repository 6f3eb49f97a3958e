"""The labels of a beets library; beets reads the query, and only ever opens a copy of the file.

A newer beets rewrites an older library as it opens it, which is not ours to cause. Paths of items
are seen from the music folder of the `config.yaml` beside the library, else of beets' own.
"""

from __future__ import annotations

import contextlib
import io
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tagger.errors import DataError, MusicTagError
from tagger.vocabulary import Kind
from training.data.library.own_tags import OwnTags, without_own
from training.data.library.track import Track, group_of

if TYPE_CHECKING:
    from beets.library import Item, Library

DATABASE = "library.db"
_BETWEEN = "\\␀"  # what beets puts between the values of a list it stores as text


def from_beets(
    library: Path | None, query: str, own: OwnTags | None = None
) -> list[Track | MusicTagError]:
    """The items of a query; `library` None is the one of beets' configuration, a folder has one.

    Names that `own` or the item's `genretag_model` tell to be musictag's are not evidence. Raises
    DataError where there is no library, beets cannot read it, or nothing matches.
    """
    with _foreign_errors(library):
        from beets import config

        path = library or Path(config["library"].as_filename())
        path = path / DATABASE if path.is_dir() else path
        directory = _music_folder(path.parent / "config.yaml")
    if not path.is_file():
        raise DataError("there is no beets library; name it: --beets LIBRARY", path)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / DATABASE
        _copy(path, copy)
        with _foreign_errors(path):
            items = list(_items(copy, directory, query, own))
    if not items:
        raise DataError(f"no item matches the query {query!r}", path)
    return items


def _music_folder(settings: Path) -> str:
    import beets

    # Not beets' own configuration, which all programs share, if the library has one beside it.
    config = beets.IncludeLazyConfig("beets", "beets")
    if settings.is_file():
        config.set_file(str(settings))
    return str(config["directory"].as_filename())


def _items(
    copy: Path, directory: str, query: str, own: OwnTags | None
) -> Iterator[Track | MusicTagError]:
    from beets.library import Library

    # What beets says while it brings the copy up to date is about no file of the person's.
    with contextlib.redirect_stdout(io.StringIO()):
        library: Library = Library(copy, directory)
        try:
            for item in library.items(query):
                yield _track(item, own)
        finally:
            library._close()


def _track(item: Item, own: OwnTags | None) -> Track | MusicTagError:
    path = Path(item.filepath)
    if not path.is_file():
        return DataError("no such file (it is in the beets library)", path)
    # The artist of a compilation's album is nobody; its tracks are of their own artists.
    artists = (item.artist,) if item.comp else (item.albumartist, item.artist)
    group = group_of(artists, item.album, path)
    names: dict[Kind, tuple[str, ...]] = {
        "genre": _values(item.get("genres")),
        "instrument": _values(item.get("instruments")),
    }
    track = Track(path, group.key, names, alone=group.alone, id=str(item.id))
    tagged = item.get("genretag_status") == "tagged"
    return track if own is None else without_own(track, own, stamped=tagged)


def _values(content: Any) -> tuple[str, ...]:
    values = content.split(_BETWEEN) if isinstance(content, str) else content or ()
    return tuple(text for value in values if (text := str(value).strip()))


def _copy(path: Path, copy: Path) -> None:
    """A copy that is whole even while beets is writing."""
    try:
        with (
            contextlib.closing(
                sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
            ) as old,
            contextlib.closing(sqlite3.connect(copy)) as new,
        ):
            old.backup(new)
            tables = {name for (name,) in new.execute("SELECT name FROM sqlite_master")}
    except sqlite3.Error as error:
        raise DataError(f"is no beets library ({error})", path) from error
    if not {"items", "albums"} <= tables:
        raise DataError("is no beets library (it has no items)", path)


@contextlib.contextmanager
def _foreign_errors(path: Path | None) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        reason = "a beets library needs beets (pip install 'musictag[beets]')"
        raise DataError(reason, path) from error
    except MusicTagError:
        raise
    except Exception as error:  # beets' own errors, confuse's and sqlite's share no narrower base
        reason = f"{type(error).__name__}: {error}"
        raise DataError(f"beets cannot read the library or the query ({reason})", path) from error
