"""WAV, RF64 and AIFF: every chunk but that of the tag."""

from __future__ import annotations

import struct

_TAGS = (b"id3 ", b"ID3 ")


def parts(content: bytes) -> dict[str, bytes]:
    """Chunks by number and name, what is behind them, and whether the sizes are right."""
    order = ">" if content[:4] == b"FORM" else "<"
    (length,) = struct.unpack_from(f"{order}I", content, 4)
    end = len(content) if length == 0xFFFFFFFF else 8 + length
    found: dict[str, bytes] = {"kind": content[:4] + content[8:12]}
    at = 12
    while at + 8 <= min(end, len(content)):
        name, size = struct.unpack_from(f"{order}4sI", content, at)
        if size == 0xFFFFFFFF:
            size = len(content) - at - 8
        body = content[at + 8 : at + 8 + size]
        if name not in _TAGS:
            found[f"chunk {len(found)} {name.decode('latin-1')}"] = body
        at += 8 + size + size % 2
    found["behind the chunks"] = content[end:]
    found["cut off"] = b"yes" if end > len(content) else b"no"
    return found
