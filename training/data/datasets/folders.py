"""A folder per label: `Jazz/any/depth/song.mp3`, `Metal/...`; the simplest set a person can make.

A file is of its folder's genre or instrument and, being put there and not elsewhere, of none of
the other folders' genres that are far from it. Files of one album or artist are usually together:
a file's own folder is its group below the label's, and the first word before " - " in the label's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tagger.errors import DataError
from tagger.scanning.discovery import find_files
from tagger.vocabulary import lineage
from training.data.datasets.names import Spellings
from training.data.datasets.source import Entry, Source, gather
from training.data.taxonomy import GENRES

NAME = "folders"


def load(root: Path, *, weak: bool = False) -> Source:
    """All sound under the folders of `root`; a folder whose name we do not know is told."""
    table = Spellings()
    folders = _folders(root)
    here = [table.get(folder.name) for folder in folders]
    listed = [name for name in here if name and _is_genre(name)]
    return gather(NAME, _entries(root, folders), table, listed=listed)


def _folders(root: Path) -> list[Path]:
    try:
        return sorted(path for path in root.iterdir() if path.is_dir())
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", root) from error


def _entries(root: Path, folders: list[Path]) -> Iterator[Entry]:
    for folder in folders:
        for path in find_files([folder]):
            if isinstance(path, Path):
                yield Entry(
                    id=str(path.relative_to(root)),
                    path=path,
                    group=_group(path, folder),
                    words=(folder.name,),
                )


def _group(path: Path, folder: Path) -> str:
    """An artist's or album's folder where there is one; never the label, which is in all folds."""
    inner = path.relative_to(folder).parts
    # Without the label's name: an artist who is in two labels' folders is one group.
    return inner[0] if len(inner) > 1 else path.stem.split(" - ")[0]


def _is_genre(name: str) -> bool:
    return any(kin in GENRES for kin in lineage(name))
