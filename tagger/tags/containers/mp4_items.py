"""The atoms of MP4, each a size, a name and a content, and those of its item list, which are tags.

Source: Apple's QuickTime File Format Specification
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tagger.tags.containers.base import DamagedError, Item, limited

Buffer = bytes | memoryview
_CODECS = {0: "utf-8", 1: "utf-8", 2: "utf-16-be"}  # of data atoms, by their types


def children(content: Buffer) -> Iterator[tuple[bytes, memoryview]]:
    """Name and content of each atom in a content; zeros at the end are no atom.

    Nothing is copied, since atoms stand in each other.
    """
    content, at = memoryview(content), 0
    while at + 8 <= len(content):
        size, name = struct.unpack(">I4s", content[at : at + 8])
        if size == 0 and not bytes(content[at:]).strip(b"\0"):
            break
        if size < 8 or at + size > len(content):
            raise DamagedError("its atoms are damaged")
        yield name, content[at + 8 : at + size]
        at += size
    if bytes(content[at:]).strip(b"\0"):
        raise DamagedError("its atoms are damaged")


def make_atom(name: bytes, content: Buffer) -> bytes:
    """The bytes of an atom."""
    return struct.pack(">I", 8 + len(content)) + name + content


def items_in(ilst: Buffer) -> Iterator[Item]:
    """The items of an item list, in their order."""
    for name, content in limited(children(ilst)):
        key = name.decode("latin-1")
        if name == b"----":
            names, parts = zip(*limited(children(content)), strict=True) if content else ((), ())
            if names[:2] == (b"mean", b"name"):  # others go by the places of the two
                key += "".join(f":{str(part[4:], 'utf-8', 'replace')}" for part in parts[:2])
        yield Item(key.upper(), make_atom(name, content))


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


def make_items(key: str, values: tuple[str, ...]) -> tuple[Item, ...]:
    """One atom of the item list with a data atom for each value."""
    content = b""
    name = key.encode("latin-1")
    if key.startswith("----:"):
        mean, title = name[5:].split(b":", 1)
        name = b"----"
        content = make_atom(b"mean", bytes(4) + mean) + make_atom(b"name", bytes(4) + title)
    data = (make_atom(b"data", struct.pack(">II", 1, 0) + value.encode()) for value in values)
    return (Item(key.upper(), make_atom(name, content + b"".join(data))),)


def _old_genre(content: Buffer) -> str:
    from mutagen.id3 import TCON

    number = int.from_bytes(content[:2], "big")  # ID3v1's numbers, from 1
    return TCON.GENRES[number - 1] if 0 < number <= len(TCON.GENRES) else ""
