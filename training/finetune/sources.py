"""Where a person's labels are: folders, a table, the tags of files; each track, or why not."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tagger.errors import DataError, MusicTagError, TagError
from tagger.scanning.discovery import find_files
from tagger.tags.reader import FileTags, read_tags
from tagger.vocabulary import KINDS, PLURALS, Kind

Names = tuple[str, ...]
VARIOUS = frozenset({"various", "various artists", "va", "v.a."})  # artists that are nobody
SEPARATOR = "|"  # between the names of one cell of a table


@dataclass(frozen=True, slots=True)
class Track:
    """A file and what its owner calls it.

    Tracks of one group (an artist, else an album, else a folder) are never on both sides when a
    head is judged. A kind without names is one of which nothing is known.
    """

    path: Path
    group: str
    names: dict[Kind, Names] = field(default_factory=dict)
    offered: dict[Kind, Names] | None = None  # all that was asked about; None: every label

    def of(self, kind: Kind) -> Names:
        """The names of one kind."""
        return self.names.get(kind, ())

    @property
    def labelled(self) -> bool:
        """Whether there is anything to learn from it."""
        return any(self.names.values())


Found = Iterator[Track | MusicTagError]


def from_folders(root: Path) -> Found:
    """A folder for each label; files that lie beside these folders are without label."""
    _folder(root)
    for item in find_files([root]):
        if isinstance(item, MusicTagError):
            yield item
            continue
        below = item.relative_to(root).parts
        names: dict[Kind, Names] = {"genre": (below[0],)} if len(below) > 1 else {}
        yield Track(item, _group(_tags_or_none(item), item), names)


def from_tags(root: Path) -> Found:
    """Files whose own genre and instrument fields are the labels."""
    _folder(root)
    for item in find_files([root]):
        try:
            if isinstance(item, MusicTagError):
                raise item
            tags = read_tags(item)
        except MusicTagError as error:
            yield error
            continue
        yield Track(item, _group(tags, item), {kind: tags.of(kind) for kind in KINDS})


def from_table(table: Path) -> Found:
    """A CSV file with the columns path and genres, and if there are any instruments and artist.

    Several names in one cell stand with "|" between them; paths are seen from the table's folder.
    """
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            _check_header(rows.fieldnames or [], table)
            lines = list(rows)
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"cannot be read as a table ({error})", table) from error
    for number, row in enumerate(lines, 2):
        if not (named := (row["path"] or "").strip()):
            yield DataError(f"line {number} names no file", table)
            continue
        path = table.parent / named
        if not path.is_file():
            yield DataError(f"no such file (line {number} of {table.name})", path)
            continue
        names = {kind: split_cell(row.get(PLURALS[kind]) or "") for kind in KINDS}
        artist = (row.get("artist") or "").strip()
        yield Track(path, artist or _group(_tags_or_none(path), path), names)


def split_cell(cell: str) -> Names:
    """The names in a cell of a table.

    >>> split_cell("Late Night| Sun |")
    ('Late Night', 'Sun')
    """
    return tuple(name.strip() for name in cell.split(SEPARATOR) if name.strip())


def gather(found: Found, on_error: Callable[[MusicTagError], object]) -> list[Track]:
    """All tracks, each file once; what went wrong with the others goes to `on_error`."""
    tracks: dict[Path, Track] = {}
    for item in found:
        if isinstance(item, MusicTagError):
            on_error(item)
        else:
            tracks.setdefault(item.path.resolve(), item)
    return list(tracks.values())


def artist_group(artists: Iterable[str], album: str, path: Path) -> str:
    """The group of a track: its first artist who is somebody, else its album, else its folder."""
    for artist in artists:
        if artist.strip() and artist.strip().casefold() not in VARIOUS:
            return artist.strip().casefold()
    return album.strip().casefold() or str(path.parent)


def _group(tags: FileTags | None, path: Path) -> str:
    return artist_group((tags.artist,), tags.album, path) if tags else str(path.parent)


def _tags_or_none(path: Path) -> FileTags | None:
    try:
        return read_tags(path)
    except TagError:
        return None  # a file without tags can be heard all the same


def _folder(root: Path) -> None:
    if not root.is_dir():
        raise DataError("is no folder", root)


def _check_header(names: Iterable[str], table: Path) -> None:
    if not {"path", "genres"} <= set(names) and not {"path", "instruments"} <= set(names):
        raise DataError(
            "its first line must name the columns: path and genres, or path and instruments "
            f"(it reads: {', '.join(names)[:80] or 'nothing'})",
            table,
        )
