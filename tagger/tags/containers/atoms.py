"""The atoms of MP4: each a size, a name and a content, which may be atoms again."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tagger.tags.containers.parts import DamagedError

Buffer = bytes | memoryview


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
