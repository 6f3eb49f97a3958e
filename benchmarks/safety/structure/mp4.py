"""MP4: every atom but those of tags, and the bytes at each place that a table of sound names."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator

_PARENTS = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta", b"edts", b"dinf")
_FREE = (b"free", b"skip")


def parts(content: bytes) -> dict[str, bytes]:
    """Atoms by number and path."""
    found: dict[str, bytes] = {}
    ends = sounds(content)
    for path, body in _atoms(content, 0, len(content), b""):
        name = path.rsplit(b".", 1)[-1]
        if name in _FREE or (b".meta" in path and path.endswith((b".ilst", b".hdlr"))):
            continue
        number = sum(key.startswith(f"{path.decode('latin-1')} ") for key in found)
        key = f"{path.decode('latin-1')} {number}"
        if name in (b"stco", b"co64"):
            found[key] = _at_places(content, ends, body, 4 if name == b"stco" else 8)
        else:
            found[key] = body if len(body) < 256 else hashlib.blake2b(body).digest()
    return found


def sounds(content: bytes) -> list[tuple[int, int]]:
    """From where to where there is sound."""
    at, found = 0, []
    while at + 8 <= len(content):
        size, name = struct.unpack_from(">I4s", content, at)
        if size == 1:
            (size,) = struct.unpack_from(">Q", content, at + 8)
        end = at + size if size else len(content)
        if end < at + 8:
            raise ValueError("an atom is smaller than its head")
        if name == b"mdat":
            found.append((at, end))
        at = end
    return found


def _at_places(content: bytes, where: list[tuple[int, int]], body: bytes, width: int) -> bytes:
    """What stands at each place of a table, as far as it is sound."""
    (count,) = struct.unpack_from(">I", body, 4)
    digest = hashlib.blake2b(count.to_bytes(4, "big"))
    for number in range(count):
        place = int.from_bytes(body[8 + width * number : 8 + width * (number + 1)], "big")
        end = next((end for start, end in where if start <= place < end), place)
        digest.update(content[place : min(place + 64, end)] + b"|")
    return digest.digest()


def _atoms(content: bytes, at: int, end: int, path: bytes) -> Iterator[tuple[bytes, bytes]]:
    while at + 8 <= end:
        size, name = struct.unpack_from(">I4s", content, at)
        start = at + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", content, start)
            start += 8
        stop = end if size == 0 else at + size
        if size == 0 and not content[at:end].strip(b"\0"):
            return
        if not start <= stop <= end:
            raise ValueError("an atom is cut off")
        here = path + b"." + name if path else name
        if name in _PARENTS:
            yield from _atoms(content, start, stop, here)
        elif name == b"meta" and path.endswith(b"udta"):
            skip = 0 if content[start + 4 : start + 8] == b"hdlr" else 4
            yield from _atoms(content, start + skip, stop, here)
        else:
            yield here, content[start:stop]
        at = stop
