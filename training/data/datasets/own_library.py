"""A person's own library as a data set: folders, a CSV table, or a beets library.

`training.data.library` reads them; what their names do not say is unknown. A file of a folder,
being put there and not elsewhere, is of none of the other folders' genres that are far from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from tagger.errors import MusicTagError
from tagger.vocabulary import KINDS, canonical, kind_of, lineage
from training.data.datasets.names import Spellings
from training.data.datasets.source import Entry, Source, gather
from training.data.datasets.tables import split_names
from training.data.library.beets_library import from_beets
from training.data.library.files import from_folders
from training.data.library.table import ALL, from_table
from training.data.library.track import Track
from training.data.taxonomy import GENRES, INSTRUMENTS

LABELS = {"genre": GENRES, "instrument": INSTRUMENTS}


def load_folders(root: Path, *, weak: bool = False) -> Source:
    """All sound under the folders of `root`; a folder whose name we do not know is told."""
    found = list(from_folders(root))
    labels = {x for track in found if isinstance(track, Track) for x in track.of("genre")}
    listed = [name for x in labels if (name := canonical(x)) and kind_of(name) == "genre"]
    recognised = [name for name in sorted(listed) if any(kin in GENRES for kin in lineage(name))]
    return gather("folders", _entries(found), Spellings(), listed=recognised)


def load_table(path: Path, *, weak: bool = False) -> Source:
    """All rows of a table; with `weak`, genres far from those a row names are absent."""
    return gather("csv", _entries(from_table(path)), Spellings(), listed=GENRES if weak else ())


def load_beets(path: Path, *, weak: bool = False) -> Source:
    """All items with genres or instruments; with `weak`, genres far from an item's are absent."""
    found = from_beets(path, "")
    return gather("beets", _entries(found), Spellings(), listed=GENRES if weak else ())


def _entries(found: Iterable[Track | MusicTagError]) -> Iterator[Entry | MusicTagError]:
    for track in found:
        yield _entry(track) if isinstance(track, Track) else track


def _entry(track: Track) -> Entry:
    words = tuple(word for kind in KINDS for name in track.of(kind) for word in split_names(name))
    return Entry(
        id=track.id,
        path=track.path,
        group=track.group,
        words=words,
        denied=_denied(track, words),
        fold=track.fold,
        alone=track.alone,
    )


def _denied(track: Track, words: tuple[str, ...]) -> tuple[str, ...]:
    if track.absent != (ALL,):
        return tuple(word for name in track.absent for word in split_names(name))
    # "*" speaks of the kinds the row speaks of; of a row without any name, of both.
    here = {kin for word in words if (name := canonical(word)) for kin in lineage(name)}
    return tuple(
        name
        for kind in KINDS
        if track.of(kind) or not track.labelled
        for name in LABELS[kind]
        if name not in here
    )
