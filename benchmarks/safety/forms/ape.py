"""APEv2 tags by hand, and the files that end with one.

Source: https://wiki.hydrogenaud.io/index.php?title=APEv2_specification
"""

from __future__ import annotations

import random
import struct

from benchmarks.safety.forms.form import Named, some_bytes, word


def item(key: str, value: bytes, flags: int = 0) -> bytes:
    return struct.pack("<II", len(value), flags) + key.encode() + b"\0" + value


def items(rng: random.Random, genre: str = "") -> list[Named]:
    """Items of all kinds."""
    made = [
        ("Title", item("Title", f"Ä{word(rng)}".encode())),
        ("Artist", item("Artist", f"{word(rng)}\0{word(rng)}".encode())),
        ("Album", item("ALBUM", word(rng).encode())),
        ("Year", item("Year", b"1999", 1)),
        ("File", item("File", f"http://example.org/{word(rng)}".encode(), 4)),
        ("Blob", item("Blob", some_bytes(rng, 60), 2)),
        ("Cover", item("Cover Art (Front)", b"cover.jpg\0" + some_bytes(rng, 500), 2)),
        ("MP3GAIN_MINMAX", item("MP3GAIN_MINMAX", b"100,200")),
    ]
    if genre:
        made.insert(rng.randrange(len(made)), ("Genre", item("Genre", genre.encode())))
    return made


def ape_tag(
    rng: random.Random, *, header: bool = True, genre: str = "", made: list[Named] | None = None
) -> bytes:
    """A tag with a footer, and mostly a header."""
    made = items(rng, genre) if made is None else made
    body = b"".join(raw for _, raw in made)
    flags = 0x80000000 * header
    rest = struct.pack("<III", 2000, len(body) + 32, len(made))
    foot = b"APETAGEX" + rest + struct.pack("<I", flags) + bytes(8)
    head = b"APETAGEX" + rest + struct.pack("<I", flags | 0x20000000) + bytes(8)
    return (head if header else b"") + body + foot
