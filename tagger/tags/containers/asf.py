"""ASF, which holds WMA: a header of objects, then the sound.

Of several values, the first stands in the extended content description and the others in the
metadata library, where Windows, TagLib and mutagen write and look for them.
Source: Advanced Systems Format Specification, revision 01.20.05 (Microsoft 2010)
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tagger.tags.containers.base import (
    DamagedError,
    Item,
    Layout,
    ParsedFile,
    Range,
    Source,
    limited,
)

DIALECT = "asf"
Object = tuple[bytes, bytes]  # GUID, content


def _guid(text: str) -> bytes:
    return uuid.UUID(text).bytes_le


HEADER = _guid("75B22630-668E-11CF-A6D9-00AA0062CE6C")
_DESCRIPTION = _guid("75B22633-668E-11CF-A6D9-00AA0062CE6C")
_EXTENDED = _guid("D2D0A440-E307-11D2-97F0-00A0C95EA850")
_EXTENSION = _guid("5FBF03B5-A92E-11CF-8EE3-00C00C205365")
_LIBRARY = _guid("44231C94-9498-49D1-A141-1D134E457054")
_PADDING = _guid("1806D474-CADF-4509-A4BA-9AABCB96AAE8")
_FILE = _guid("8CABDCA1-A947-11CF-8EE4-00C00C205365")
_EXTENSION_HEAD = _guid("ABD3D211-A9BA-11CF-8EE6-00C00C205365") + b"\x06\0"
_NAMES = ("TITLE", "AUTHOR", "COPYRIGHT", "DESCRIPTION", "RATING")
_TEXT = 0
# The first byte of an item's raw form says where it stands.
IN_DESCRIPTION, IN_EXTENDED, IN_LIBRARY = b"D", b"E", b"L"


@dataclass(frozen=True)
class Asf(ParsedFile):
    """WMA."""

    end: int  # of the header

    def audio(self) -> Iterable[Range]:
        """All behind the header."""
        return [(self.end, self.source.size)]

    def head(self) -> int:
        """The header."""
        return self.end


def read_asf(source: Source) -> Asf:
    """The attributes of a file; DamagedError where its header is damaged."""
    objects, end = _header(source)
    library = _library(objects)
    items = [*_described(_content(objects, _DESCRIPTION))]
    items += _attributes(_content(objects, _EXTENDED), IN_EXTENDED)
    items += _attributes(_content(library, _LIBRARY), IN_LIBRARY)
    layout = Layout(DIALECT, tuple(items), tuple(_others(objects, library)))
    return Asf(source, "WMA", layout, end)


def texts(item: Item) -> tuple[str, ...]:
    """The value of an attribute that is text."""
    value, kind = _value(item)
    if kind != _TEXT:
        return ()
    text = value.decode("utf-16-le", "replace").strip("\0").strip()
    return (text,) if text else ()


def check_text(item: Item) -> None:
    """Raise ValueError where an attribute holds more than `texts` gives."""
    value, kind = _value(item)
    if kind != _TEXT:
        raise DamagedError("it is no text")
    value.decode("utf-16-le")


def _value(item: Item) -> tuple[bytes, int]:
    """The bytes of an attribute's value, and their type."""
    where, raw = item.raw[:1], item.raw[1:]
    if where == IN_DESCRIPTION:
        return raw, _TEXT
    name, kind = _name(raw, where)
    return raw[(12 if where == IN_LIBRARY else 6) + len(name) :], kind


def make_items(key: str, values: tuple[str, ...]) -> tuple[Item, ...]:
    """One attribute for each value."""
    name = key.encode("utf-16-le") + b"\0\0"
    items = []
    for number, value in enumerate(values):
        data = value.encode("utf-16-le") + b"\0\0"
        if number == 0 and len(data) <= 0xFFFF:
            raw = struct.pack("<H", len(name)) + name + struct.pack("<HH", _TEXT, len(data)) + data
            items.append(Item(key.upper(), IN_EXTENDED + raw))
        else:
            head = struct.pack("<HHHHI", 0, 0, len(name), _TEXT, len(data))
            items.append(Item(key.upper(), IN_LIBRARY + head + name + data))
    return tuple(items)


def arranged(items: Iterable[Item]) -> tuple[Item, ...]:
    """The items in the order of the objects they stand in, which is that of reading."""
    return tuple(
        sorted(
            items,
            key=lambda item: (IN_DESCRIPTION + IN_EXTENDED + IN_LIBRARY).index(item.raw[:1]),
        )
    )


def _header(source: Source) -> tuple[list[Object], int]:
    """The objects of the header, and where it ends."""
    size, count = struct.unpack("<QI", source.at(16, 12))
    content = source.at(30, size - 30)
    objects = list(limited(_objects(content)))
    if len(objects) != count:
        raise DamagedError("its header is damaged")
    return objects, size


def _objects(content: bytes) -> Iterator[Object]:
    at = 0
    while at < len(content):
        size = int.from_bytes(content[at + 16 : at + 24], "little")
        if size < 24 or at + size > len(content):
            raise DamagedError("its header is damaged")
        yield content[at : at + 16], content[at + 24 : at + size]
        at += size


def _library(objects: list[Object]) -> list[Object]:
    """The objects of the header extension."""
    return list(limited(_objects(_content(objects, _EXTENSION)[22:])))


def _content(objects: Iterable[Object], guid: bytes) -> bytes:
    found = [content for other, content in objects if other == guid]
    if len(found) > 1:
        raise DamagedError("its header holds something twice")
    return found[0] if found else b""


def _attributes(content: bytes, where: bytes) -> Iterator[Item]:
    count, at = int.from_bytes(content[:2], "little"), 2
    for _ in range(count):
        if where == IN_LIBRARY:
            _, _, name, _, value = _unpack("<HHHHI", content, at)
            end = at + 12 + name + value
        else:
            (name,) = _unpack("<H", content, at)
            (value,) = _unpack("<H", content, at + 4 + name)
            end = at + 6 + name + value
        raw = content[at:end]
        if end > len(content):
            raise DamagedError("its attributes are damaged")
        key = _name(raw, where)[0].decode("utf-16-le", "replace").strip("\0").upper()
        yield Item(key, where + raw)
        at = end
    if content[at:].strip(b"\0"):
        raise DamagedError("its attributes are damaged")


def _name(raw: bytes, where: bytes) -> tuple[bytes, int]:
    """The name of an attribute, as bytes, and the type of its value."""
    if where == IN_LIBRARY:
        _, _, length, kind = _unpack("<HHHH", raw, 0)
        return raw[12 : 12 + length], kind
    (length,) = _unpack("<H", raw, 0)
    (kind,) = _unpack("<H", raw, 2 + length)
    return raw[2 : 2 + length], kind


def _described(content: bytes) -> Iterator[Item]:
    if not content:
        return
    at = 10
    for name, size in zip(_NAMES, _unpack("<HHHHH", content, 0), strict=True):
        if size:
            yield Item(name, IN_DESCRIPTION + content[at : at + size])
        at += size


def group(items: Iterable[Item], where: bytes) -> bytes:
    """The content of the object that holds the items of one place."""
    raws = [item.raw[1:] for item in items if item.raw[:1] == where]
    return struct.pack("<H", len(raws)) + b"".join(raws)


def _others(objects: list[Object], library: list[Object]) -> Iterator[bytes]:
    """All but the items, the room left for them, and objects without anything in them."""
    for guid, content in (*objects, *library):
        if guid not in (_EXTENDED, _EXTENSION, _LIBRARY, _PADDING) and content.strip(b"\0"):
            yield guid + _sized(guid, content, 0)


def _sized(guid: bytes, content: bytes, size: int) -> bytes:
    """An object with the size of the file in it, where it is the one that states that."""
    if guid != _FILE:
        return content
    return content[:16] + struct.pack("<Q", size) + content[24:]


def _unpack(form: str, content: bytes, at: int) -> tuple[int, ...]:
    if at + struct.calcsize(form) > len(content):
        raise DamagedError("its attributes are damaged")
    return struct.unpack_from(form, content, at)
