"""The text in the atoms of MP4's item list, read and written."""

from __future__ import annotations

import struct

from tagger.tags.containers.atoms import Buffer, children, make_atom
from tagger.tags.containers.parts import DamagedError, Item

_CODECS = {0: "utf-8", 1: "utf-8", 2: "utf-16-be"}  # of data atoms, by their types


def texts(item: Item) -> tuple[str, ...]:
    """The values of an atom of the item list."""
    values = []
    for name, content in children(item.raw[8:]):
        if name != b"data" or len(content) < 8:
            continue
        if item.key == "GNRE":
            values.append(_old_genre(content[8:]))
        elif codec := _CODECS.get(content[3]):
            values.append(str(content[8:], codec, "replace").strip())
    return tuple(value for value in values if value)


def check_text(item: Item) -> None:
    """Raise ValueError where an atom holds more than `texts` gives."""
    names = (b"mean", b"name", b"data") if item.key.startswith("----") else (b"data",)
    for name, content in children(item.raw[8:]):
        if name not in names or len(content) < (8 if name == b"data" else 4):
            raise DamagedError("it is no text")
        if name != b"data":
            continue
        if item.key == "GNRE":
            if not _old_genre(content[8:]):
                raise DamagedError("it is no genre")
        elif content[3] not in _CODECS or content[:3] != bytes(3):
            raise DamagedError("it is no text")
        else:
            str(content[8:], _CODECS[content[3]])


def make_item(key: str, values: tuple[str, ...]) -> Item:
    """An atom of the item list with a data atom for each value."""
    content = b""
    name = key.encode("latin-1")
    if key.startswith("----:"):
        mean, title = name[5:].split(b":", 1)
        name = b"----"
        content = make_atom(b"mean", bytes(4) + mean) + make_atom(b"name", bytes(4) + title)
    data = (make_atom(b"data", struct.pack(">II", 1, 0) + value.encode()) for value in values)
    return Item(key.upper(), make_atom(name, content + b"".join(data)))


def _old_genre(content: Buffer) -> str:
    from mutagen.id3 import TCON

    number = int.from_bytes(content[:2], "big")  # ID3v1's numbers, from 1
    return TCON.GENRES[number - 1] if 0 < number <= len(TCON.GENRES) else ""
