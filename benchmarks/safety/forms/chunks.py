"""WAV, RF64 and AIFF: every chunk that others put beside the sound, and every place of the tag."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from functools import partial

from benchmarks.safety.forms import id3_frames
from benchmarks.safety.forms.form import Form, Maker, Named, some_bytes, word
from benchmarks.safety.forms.id3 import Way, Written, write
from benchmarks.safety.forms.mpeg import with_way

WHAT = (
    "none", "first", "last", "middle", "capitals", "no ID3", "empty", "behind", "behind zeros",
    "two", "odd", "2.2", "2.3", "plain long", "unsynchronised", "footer", "chapters", "shorter",
    "past the end",
)  # fmt: skip


def chunk(name: bytes, body: bytes, order: str = "<", size: int | None = None) -> bytes:
    """A chunk; padded to an even size."""
    number = struct.pack(f"{order}I", len(body) if size is None else size)
    return name + number + body + bytes(len(body) % 2)


def others(rng: random.Random, order: str) -> list[bytes]:
    """Chunks of other programs."""
    if order == ">":
        bodies = {
            b"NAME": word(rng).encode(), b"AUTH": word(rng, 9).encode(), b"ANNO": b"one two",
            b"MARK": struct.pack(">HHIB7s", 1, 1, 100, 7, b"marker1"), b"APPL": some_bytes(rng, 33),
            b"COMT": struct.pack(">HIHH4s", 1, 0, 0, 4, b"text"), b"XYZW": some_bytes(rng, 25),
        }  # fmt: skip
    else:
        info = b"INFO" + chunk(b"INAM", word(rng).encode()) + chunk(b"IART", word(rng, 7).encode())
        bodies = {
            b"LIST": info, b"bext": word(rng).encode().ljust(602, b"\0"), b"fact": bytes(4),
            b"cue ": struct.pack("<IIIIIII", 1, 1, 0, 0x61746164, 0, 0, 100), b"_PMX": b"<xmp/>",
            b"iXML": f"<a>{word(rng)}</a>".encode(), b"XYZW": some_bytes(rng, 25),
            b"smpl": some_bytes(rng, 30), b"JUNK": bytes(28), b"list": some_bytes(rng, 11),
        }  # fmt: skip
    chosen = rng.sample(sorted(bodies), rng.randrange(1, len(bodies) + 1))
    return [chunk(name, bodies[name], order) for name in chosen]


def file(rng: random.Random, kind: str, what: str) -> Form:
    """A file whose tag is as `what` says."""
    order = ">" if kind.startswith("AI") else "<"
    head, sound = _sound(rng, kind)
    tag, tags = _tags(rng, what, order)
    around = others(rng, order)
    parts = _arranged(rng, what, around, sound, tags)
    body = head + b"".join(parts)
    trailer = some_bytes(rng, 31) if what == "past the end" else b""
    content = _outer(kind, body, short=-2 if what == "shorter" else 0) + trailer
    exact: list[Named] = [(f"chunk {raw[:4]!r}", raw) for raw in around]
    exact += [("sound", sound), ("fmt", head)] if kind != "RF64" else [("sound", sound)]
    exact += [("bytes past the end", trailer)] if trailer else []
    return Form(".aiff" if order == ">" else ".wav", content, (*exact, *tag.exact), tag.fields)


def forms() -> Iterator[tuple[str, Maker]]:
    """All of them by name."""
    for kind in ("WAV", "WAV odd", "RF64", "AIFF", "AIFC"):
        for what in WHAT:
            yield f"{kind}: tag {what}", partial(file, kind=kind, what=what)


def _outer(kind: str, body: bytes, short: int) -> bytes:
    size = len(body) + 4 + short
    if kind == "RF64":
        sizes = struct.pack("<QQQI", size + 36, 4000, 1000, 0)
        return b"RF64" + b"\xff" * 4 + b"WAVE" + chunk(b"ds64", sizes) + body
    if kind.startswith("AI"):
        return b"FORM" + struct.pack(">I", size) + kind.encode() + body
    return b"RIFF" + struct.pack("<I", size) + b"WAVE" + body


def _sound(rng: random.Random, kind: str) -> tuple[bytes, bytes]:
    """The description of the sound, and its chunk."""
    pcm = rng.randbytes(4000)
    if kind.startswith("AI"):
        rate = bytes.fromhex("400eac44000000000000")
        form = struct.pack(">HIH", 2, 1000, 16) + rate
        version = b""
        if kind == "AIFC":
            form += b"NONE\x0enot compressed\0"
            version = chunk(b"FVER", bytes.fromhex("a2805140"), ">")
        return version + chunk(b"COMM", form, ">"), chunk(b"SSND", bytes(8) + pcm, ">")
    wide = kind != "WAV odd"
    form = struct.pack("<HHIIHH", 1, 2 if wide else 1, 44100, 176400 if wide else 44100,
                       4 if wide else 1, 16 if wide else 8)  # fmt: skip
    size = 0xFFFFFFFF if kind == "RF64" else None
    return chunk(b"fmt ", form), chunk(b"data", pcm if wide else pcm[:3999], size=size)


def _tags(rng: random.Random, what: str, order: str) -> tuple[Written, list[bytes]]:
    """A tag, and the chunks that hold it or what stands in its place."""
    nothing = Written(b"", (), ())
    name = b"ID3 " if order == ">" or what == "capitals" else b"id3 "
    ways = {"2.2": Way(2), "2.3": Way(3), "plain long": Way(plain=True, long=True),
            "unsynchronised": Way(unsync=True), "footer": Way(footer=True)}  # fmt: skip
    if what == "none":
        return nothing, []
    if what == "empty":
        return nothing, [chunk(name, b"", order)]
    if what == "no ID3":
        body = b"not a tag " + some_bytes(rng, 40)
        return Written(b"", (("chunk without ID3", body),), ()), [chunk(name, body, order)]
    way = with_way(ways.get(what, Way(rng.choice((3, 4)), padding=rng.choice((0, 9, 100)))), rng)
    special = id3_frames.chapters(rng, way) if what == "chapters" else []
    tag = write(rng, way, special)
    if what == "two":
        second = write(rng, Way(4))
        exact = (*tag.exact, ("second tag", second.content))
        both = [chunk(name, tag.content, order), chunk(name, second.content, order)]
        return Written(b"", exact, tag.fields), both
    behind = {"behind": some_bytes(rng, 37), "behind zeros": bytes(50)}.get(what, b"")
    exact = (*tag.exact, ("bytes behind the tag", behind)) if what == "behind" else tag.exact
    odd = bytes(1) if what == "odd" and len(tag.content) % 2 == 0 else b""
    return Written(b"", exact, tag.fields), [chunk(name, tag.content + odd + behind, order)]


def _arranged(
    rng: random.Random, what: str, around: list[bytes], sound: bytes, tags: list[bytes]
) -> list[bytes]:
    cut = rng.randrange(len(around) + 1)
    if what == "first":
        return [*tags, *around, sound]
    if what == "middle":
        return [*around[:cut], *tags, sound, *around[cut:]]
    if what == "two":
        return [*tags[:1], *around[:cut], sound, *tags[1:], *around[cut:]]
    return [*around[:cut], sound, *around[cut:], *tags]
