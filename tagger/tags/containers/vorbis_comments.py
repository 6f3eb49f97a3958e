"""Vorbis comments, the tags of FLAC and of all that Ogg carries.

Source: https://xiph.org/vorbis/doc/v-comment.html
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from tagger.tags.containers.base import MOST_PARTS, DamagedError, Item

DIALECT = "vorbis"


@dataclass(frozen=True, slots=True)
class Comments:
    """A comment block: who made it, its items, and what stands behind them."""

    vendor: bytes = b"musictag"
    items: tuple[Item, ...] = ()
    tail: bytes = b""


def parse(content: bytes) -> Comments:
    """A comment block from its bytes."""
    vendor, at = _string(content, 0)
    count, at = _number(content, at)
    items = []
    if count > MOST_PARTS:
        raise DamagedError("it has more comments than any file of music")
    for _ in range(count):
        raw, at = _string(content, at)
        key = raw.split(b"=")[0].decode("ascii", "replace").upper() if b"=" in raw else ""
        items.append(Item(key, raw))
    return Comments(vendor, tuple(items), content[at:])


def build(comments: Comments, items: Iterable[Item]) -> bytes:
    """The bytes of a comment block with other items."""
    raws = [item.raw for item in items]
    parts = [_sized(comments.vendor), struct.pack("<I", len(raws)), *map(_sized, raws)]
    return b"".join([*parts, comments.tail])


def texts(item: Item) -> tuple[str, ...]:
    """The value of an item."""
    text = item.raw.partition(b"=")[2].decode("utf-8", "replace").strip()
    return (text,) if text else ()


def check_text(item: Item) -> None:
    """Raise ValueError where an item holds more than `texts` gives."""
    item.raw.decode("utf-8")


def make_items(key: str, values: tuple[str, ...]) -> tuple[Item, ...]:
    """One item for each value."""
    return tuple(Item(key.upper(), f"{key}={value}".encode()) for value in values)


def _number(content: bytes, at: int) -> tuple[int, int]:
    if at + 4 > len(content):
        raise DamagedError("its comments are damaged")
    return int.from_bytes(content[at : at + 4], "little"), at + 4


def _string(content: bytes, at: int) -> tuple[bytes, int]:
    length, at = _number(content, at)
    if at + length > len(content):
        raise DamagedError("its comments are damaged")
    return content[at : at + length], at + length


def _sized(content: bytes) -> bytes:
    return struct.pack("<I", len(content)) + content
