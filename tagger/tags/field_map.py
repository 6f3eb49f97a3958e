"""Which key holds each field, for each tag format.

Instruments go where Jaikoz, SongKong and other editors keep them: TXXX:INSTRUMENT in ID3,
----:com.apple.iTunes:INSTRUMENT in MP4, INSTRUMENT elsewhere. ID3's TMCL and the Vorbis PERFORMER
are for who played, and stay untouched.
"""

from __future__ import annotations

from typing import Literal, get_args

from tagger.tags.containers import arranged, make, values
from tagger.tags.containers.base import Item, Layout

Field = Literal["genre", "instrument", "provenance"]  # what may be written
FIELDS: tuple[Field, ...] = get_args(Field)
Shown = Literal["title", "artist", "album", "compilation"]  # what is only read

# The first name is the one that is written; the others hold the same and make place for it.
_Names = dict[Field | Shown, tuple[str, ...]]
_KEYS: dict[str, _Names] = {
    "id3": {
        "genre": ("TCON",),
        "instrument": ("TXXX:INSTRUMENT",),
        "provenance": ("TXXX:MUSICTAG",),
        "title": ("TIT2",),
        "artist": ("TPE1",),
        "album": ("TALB",),
        "compilation": ("TCMP",),
    },
    "vorbis": {
        "genre": ("GENRE",),
        "instrument": ("INSTRUMENT",),
        "provenance": ("MUSICTAG",),
        "title": ("TITLE",),
        "artist": ("ARTIST",),
        "album": ("ALBUM",),
        "compilation": ("COMPILATION",),
    },
    "mp4": {
        "genre": ("\xa9gen", "gnre"),
        "instrument": ("----:com.apple.iTunes:INSTRUMENT",),
        "provenance": ("----:com.apple.iTunes:MUSICTAG",),
        "title": ("\xa9nam",),
        "artist": ("\xa9ART",),
        "album": ("\xa9alb",),
        "compilation": ("cpil",),
    },
    "ape": {
        "genre": ("Genre",),
        "instrument": ("Instrument",),
        "provenance": ("MusicTag",),
        "title": ("Title",),
        "artist": ("Artist",),
        "album": ("Album",),
        "compilation": ("Compilation",),
    },
    "asf": {
        "genre": ("WM/Genre",),
        "instrument": ("INSTRUMENT",),
        "provenance": ("MUSICTAG",),
        "title": ("Title",),
        "artist": ("Author",),
        "album": ("WM/AlbumTitle",),
        "compilation": ("WM/IsCompilation",),
    },
}


def items_of(layout: Layout, field: Field | Shown) -> tuple[Item, ...]:
    """The items that hold a field, in the file's order."""
    keys = {key.upper() for key in _keys(layout.dialect, field)}
    return tuple(item for item in layout.items if item.key in keys)


def values_of(layout: Layout, field: Field | Shown) -> tuple[str, ...]:
    """The text values of a field, in the file's order."""
    items = items_of(layout, field)
    return tuple(value for item in items for value in values(item, layout.dialect))


def make_items(layout: Layout, field: Field, texts: tuple[str, ...]) -> tuple[Item, ...]:
    """Items that hold these values, written as this file writes them."""
    return make(key_of(layout, field), texts, layout.dialect)


def key_of(layout: Layout, field: Field) -> str:
    """The key under which a field is written."""
    return _keys(layout.dialect, field)[0]


def with_items(layout: Layout, field: Field, items: tuple[Item, ...]) -> tuple[Item, ...]:
    """All items of a file with those of one field changed, at the place of the first of them."""
    old = set(map(id, items_of(layout, field)))
    places = [i for i, item in enumerate(layout.items) if id(item) in old]
    others = [item for item in layout.items if id(item) not in old]
    place = places[0] if places else len(others)
    return arranged((*others[:place], *items, *others[place:]), layout.dialect)


def _keys(dialect: str, field: Field | Shown) -> tuple[str, ...]:
    return _KEYS["id3" if dialect.startswith("id3") else dialect][field]
