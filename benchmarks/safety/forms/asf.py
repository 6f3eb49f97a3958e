"""ASF by hand: tags in all four of its objects.

Source: Advanced Systems Format Specification 1.20.3
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from functools import partial

from benchmarks.safety.forms import carriers
from benchmarks.safety.forms.form import Form, Maker, Named, some_bytes, word

_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_FILE = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_EXTENSION = bytes.fromhex("b503bf5f2ea9cf118ee300c00c205365")
_CONTENT = bytes.fromhex("3326b2758e66cf11a6d900aa0062ce6c")
_EXTENDED = bytes.fromhex("40a4d0d207e3d21197f000a0c95ea850")
_METADATA = bytes.fromhex("eacbf8c5af5b77488467aa8c44fa4cca")
_LIBRARY = bytes.fromhex("941c23449894d149a1411d134e457054")
_PADDING = bytes.fromhex("74d40618dfca0945a4ba9aabcb96aae8")
_UNKNOWN = bytes(range(16))


def obj(guid: bytes, content: bytes) -> bytes:
    return guid + struct.pack("<Q", 24 + len(content)) + content


def wide(value: str) -> bytes:
    return value.encode("utf-16-le") + b"\0\0"


def plain(name: str, kind: int, value: bytes) -> bytes:
    """An attribute of the extended content description."""
    key = wide(name)
    return struct.pack("<H", len(key)) + key + struct.pack("<HH", kind, len(value)) + value


def other(name: str, kind: int, value: bytes, stream: int = 0, language: int = 0) -> bytes:
    """An attribute of the metadata objects."""
    key = wide(name)
    return struct.pack("<HHHHI", language, stream, len(key), kind, len(value)) + key + value


def file(rng: random.Random, order: str, *, odd: bool = False) -> Form:
    """A file with these objects: c content, e extended, x extension, p padding, u unknown.

    In the extension: m metadata, l library, P padding, U unknown.
    """
    *needed, (_, sound) = carriers.asf_objects()
    extended, library, metadata = _attributes(rng, odd=odd)
    inside = {"m": _listed(_METADATA, metadata), "l": _listed(_LIBRARY, library),
              "P": obj(_PADDING, bytes(30)), "U": obj(_UNKNOWN, some_bytes(rng, 20))}  # fmt: skip
    inner = b"".join(inside[sign] for sign in order if sign in inside)
    head = bytes.fromhex("11d2d3abbaa9cf118ee600c00c205365") + b"\x06\0"
    texts = [wide(word(rng)), wide(word(rng)), wide("(c)"), wide(word(rng)), b""]
    sizes = struct.pack("<5H", *(len(text) for text in texts))
    outside = {"c": obj(_CONTENT, sizes + b"".join(texts)), "e": _listed(_EXTENDED, extended),
               "x": obj(_EXTENSION, head + struct.pack("<I", len(inner)) + inner),
               "p": obj(_PADDING, bytes(rng.choice((0, 200)))),
               "u": obj(_UNKNOWN, some_bytes(rng, 33))}  # fmt: skip
    objects = [outside[sign] for sign in order if sign in outside]
    made = [obj(guid, content) for guid, content in needed]
    objects = made + objects if rng.random() < 0.5 else objects + made
    size = 30 + sum(map(len, objects))
    whole = b"".join(objects)
    place = whole.find(_FILE) + 40  # the size of the file
    whole = whole[:place] + struct.pack("<Q", size + len(sound)) + whole[place + 8 :]
    content = _HEADER + struct.pack("<QIBB", size, len(objects), 1, 2) + whole + sound
    used = {"e": extended, "m": metadata, "l": library}
    fields = [named for sign, made in used.items() if sign in order for named in made if named[0]]
    exact = [("sound", sound), *((f"object {s}", outside[s]) for s in "u" if s in order)]
    exact += [("inner unknown", inside["U"])] if "U" in order else []
    return Form(".wma", content, tuple(exact), tuple(fields))


def forms() -> Iterator[tuple[str, Maker]]:
    """All of them by name."""
    for order in ("", "c", "e", "ce", "cex", "xec", "cexml", "cxmlPU", "xPlmUecp", "uceupx", "ceml",
                  "px", "cepxlP"):  # fmt: skip
        order = order if not set("mlPU") & set(order) or "x" in order else order + "x"
        yield f"asf: objects {order or 'none'}", partial(file, order=order)
        yield f"asf: objects {order or 'none'}, odd", partial(file, order=order, odd=True)


def _listed(guid: bytes, made: list[Named]) -> bytes:
    return obj(guid, struct.pack("<H", len(made)) + b"".join(raw for _, raw in made))


def _attributes(rng: random.Random, *, odd: bool) -> tuple[list[Named], list[Named], list[Named]]:
    extended = [
        ("album", plain("WM/AlbumTitle", 0, wide(f"Ä{word(rng)}"))),
        ("track", plain("WM/TrackNumber", 3, struct.pack("<I", 3))),
        ("variable", plain("IsVBR", 2, struct.pack("<I", 1))),
        ("picture", plain("WM/Picture", 1, b"\x03" + struct.pack("<I", 90)
                          + wide("image/png") + wide("cover") + some_bytes(rng, 90))),
    ]  # fmt: skip
    library = [
        ("mood", other("WM/Mood", 0, wide(word(rng)))), ("mood", other("WM/Mood", 0, wide("dark"))),
        ("large", other("Large", 1, some_bytes(rng, 800))),
        ("GUID", other("Id", 6, bytes(range(16)))),
    ]  # fmt: skip
    metadata = [("of a stream", other("Device", 0, wide(word(rng)), stream=1))]
    if odd:
        extended += [("no end", plain("Text", 0, word(rng).encode("utf-16-le"))),
                     ("two", plain("Flag", 2, struct.pack("<I", 2)))]  # fmt: skip
        if rng.random() < 0.2:  # mutagen refuses such a file
            extended.append(("kind", plain("Kind", 9, b"\1\2\3")))
        library += [("language", other("WM/Mood", 0, wide(word(rng)), language=1)),
                    ("number", other("Number", 5, struct.pack("<H", 7)))]  # fmt: skip
    genre = rng.choice(("", "", "WM/Genre", "INSTRUMENT"))
    if genre:
        extended.insert(1, ("", plain(genre, 0, wide("Rock"))))
    return extended, library, metadata
