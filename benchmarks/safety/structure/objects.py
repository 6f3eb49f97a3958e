"""ASF: every object but those of tags, and the sound."""

from __future__ import annotations

import struct

HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_EXTENSION = bytes.fromhex("b503bf5f2ea9cf118ee300c00c205365")
_TAGS = [
    bytes.fromhex(guid)
    for guid in (
        "40a4d0d207e3d21197f000a0c95ea850",  # extended content description
        "eacbf8c5af5b77488467aa8c44fa4cca",  # metadata
        "941c23449894d149a1411d134e457054",  # metadata library
        "74d40618dfca0945a4ba9aabcb96aae8",  # padding
    )
]
_FILE = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")


def parts(content: bytes) -> dict[str, bytes]:
    """Objects by number and kind."""
    (size,) = struct.unpack_from("<Q", content, 16)
    if not 30 <= size <= len(content):
        raise ValueError("the header of the ASF file is cut off")
    return {**_objects(content[30:size], "header"), "sound": content[size:]}


def _objects(content: bytes, where: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    at = 0
    while at + 24 <= len(content):
        guid, size = struct.unpack_from("<16sQ", content, at)
        if not 24 <= size <= len(content) - at:
            raise ValueError("an object of the ASF file is cut off")
        body = content[at + 24 : at + size]
        name = f"{where} {len(found)} {guid.hex()[:8]}"
        if guid == _EXTENSION:
            found |= _objects(body[22:], "extension")
        elif guid == _FILE:
            found[name] = body[:16] + body[24:]  # without the size of the file
        elif guid not in _TAGS:
            found[name] = body
        at += size
    return found
