"""Frames of a special make: packed, encrypted, grouped, with lengths, doubled, chapters, odd ones.

Each comes with its name and the bytes of it that must stay.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable

from benchmarks.safety.forms.form import Named, some_bytes, word
from benchmarks.safety.forms.id3 import Way, frame, synchsafe, text

Special = list[tuple[bytes, Named]]


def packed(rng: random.Random, way: Way) -> Special:
    """Compressed, encrypted and grouped frames, and who encrypts and groups."""
    small = zlib.compress(b"\0" + word(rng, 300).encode())
    size = 301
    if way.version == 3:
        compressed = ("TIT3", small, 0x80, size.to_bytes(4, "big"))
        flags = {"encrypted": 0x40, "grouped": 0x20}
    else:
        compressed = ("TIT3", small, 0x09, synchsafe(size))
        flags = {"encrypted": 0x04, "grouped": 0x40}
    parts = [
        compressed,
        ("TPE4", some_bytes(rng, 60), flags["encrypted"], b"\x80"),
        ("TPUB", b"\0" + word(rng).encode(), flags["grouped"], b"\x81"),
        ("ENCR", b"http://example.org\0\x80" + some_bytes(rng, 9), 0, b""),
        ("GRID", b"http://example.org\0\x81" + some_bytes(rng, 9), 0, b""),
    ]
    return [
        (frame(way, name, body, kind, front), (f"{name} (packed)", body))
        for name, body, kind, front in parts
    ]


def chapters(rng: random.Random, way: Way) -> Special:
    """A table of contents and two chapters with frames of their own."""
    times = bytes(4) + (500).to_bytes(4, "big") + b"\xff" * 8
    bodies = [("CTOC", b"toc\0\x03\x02c1\0c2\0" + _title(rng, way))]
    bodies += [("CHAP", name + b"\0" + times + _title(rng, way)) for name in (b"c1", b"c2")]
    return [(frame(way, name, body), (name, body)) for name, body in bodies]


def doubled(rng: random.Random, way: Way) -> Special:
    """Frames that there may be one of, twice; and wholly alike ones."""
    mark, end = bytes([way.encoding]), b"\0\0" if way.encoding in (1, 2) else b"\0"
    described = mark + text(way, "twice") + end
    bodies = [("TXXX", described + text(way, word(rng))) for _ in range(2)]
    bodies += [("COMM", mark + b"eng" + text(way, "d") + end + text(way, word(rng)))] * 2
    bodies += [("TRCK", b"\x00" + str(rng.randrange(99)).encode() + b"/100") for _ in range(2)]
    kind = b"PNG" if way.version == 2 else b"image/png\0"
    bodies += [("APIC", b"\0" + kind + b"\x04same\0" + some_bytes(rng, 90)) for _ in range(2)]
    bodies.append(("TXXX", mark + text(way, "INSTRUMENTS") + end + text(way, word(rng))))
    return [(frame(way, name, body), (f"{name} (twice)", body)) for name, body in bodies]


def odd(rng: random.Random, way: Way) -> Special:
    """Frames that few readers like."""
    bodies = [
        ("TENC", b"\x00" + word(rng).encode() + b"\0\0\0"),
        ("TSSE", b"\x09" + word(rng).encode()),
        ("TOPE", b"\x01\xff\xfe" + word(rng).encode("utf-16-le") + b"\0"),
        ("WXXX", b"\0\0http://example.org/" + word(rng).encode()),
        ("COMR", some_bytes(rng, 20)),
        ("ZZZ9", some_bytes(rng, 20)),
    ]
    return [(frame(way, name, body), (f"{name} (odd)", body)) for name, body in bodies]


def lengths(rng: random.Random, way: Way) -> Special:
    """Frames that say their length twice, as 2.4 allows."""
    bodies = [("TOAL", b"\x03" + word(rng, 150).encode()), ("TCOM", b"\x03" + word(rng).encode())]
    return [
        (frame(way, name, body, 0x01, synchsafe(len(body))), (f"{name} (length)", body))
        for name, body in bodies
    ]


def kept(rng: random.Random, way: Way) -> Special:
    """Frames that say they must not be changed, or must go with the file."""
    flags = (0x8000, 0x4000, 0x2000) if way.version == 3 else (0x4000, 0x2000, 0x1000)
    bodies = [(b"\0" + word(rng).encode(), flag) for flag in flags]
    names = ("TOPE", "TCOP", "TKEY")
    return [
        (frame(way, name, body, flag), (f"{name} (flagged)", body))
        for name, (body, flag) in zip(names, bodies, strict=True)
    ]


def nothing(_rng: random.Random, _way: Way) -> Special:
    """No such frames."""
    return []


Specials = Callable[[random.Random, Way], Special]


def _title(rng: random.Random, way: Way) -> bytes:
    return frame(way, "TIT2", b"\0" + word(rng).encode())
