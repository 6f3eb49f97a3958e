"""Labels by the folders that files lie in, or by their tags."""

from __future__ import annotations

from pathlib import Path

from tagger.errors import DataError, MusicTagError
from tagger.scanning.discovery import find_files
from tagger.tags.reader import read_tags
from tagger.vocabulary import KINDS, Kind
from training.data.library.own_tags import OwnTags, without_own
from training.data.library.track import Found, Names, Track, group_of, tags_or_none


def from_folders(root: Path) -> Found:
    """A folder for each label, `Jazz/any/depth/song.mp3`; files beside them are without label."""
    _check_folder(root)
    for item in find_files([root]):
        if isinstance(item, MusicTagError):
            yield item
            continue
        label, *inner = item.relative_to(root).parts[:-1] or ("",)
        tags = tags_or_none(item)
        artists, album = ((tags.artist,), tags.album) if tags else ((), "")
        # Without the label's name: an artist who is in two labels' folders is one group.
        group = group_of(artists, album, item, inner[0] if inner else "")
        names: dict[Kind, Names] = {"genre": (label,)} if label else {}
        yield Track(item, group.key, names, alone=group.alone, id=str(item.relative_to(root)))


def from_tags(root: Path, own: OwnTags | None = None) -> Found:
    """Files whose own genre and instrument fields are the labels; but `own` are not evidence."""
    _check_folder(root)
    for item in find_files([root]):
        try:
            if isinstance(item, MusicTagError):
                raise item
            tags = read_tags(item)
        except MusicTagError as error:
            yield error
            continue
        group = group_of((tags.artist,), tags.album, item)
        names = {kind: tags.of(kind) for kind in KINDS}
        track = Track(item, group.key, names, alone=group.alone, id=str(item.relative_to(root)))
        yield without_own(track, own, tags) if own else track


def _check_folder(root: Path) -> None:
    if not root.is_dir():
        raise DataError("is no folder", root)
    try:
        next(root.iterdir(), None)
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", root) from error
