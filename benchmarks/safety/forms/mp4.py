"""MP4 by hand: every place of the index and of the tags, chapters, large sizes, unknown atoms.

Source: ISO/IEC 14496-12, and Apple's QuickTime File Format Specification
"""

from __future__ import annotations

import itertools
import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from benchmarks.safety.forms import carriers
from benchmarks.safety.forms.form import Form, Maker, Named, some_bytes, word

_PARENTS = (b"trak", b"mdia", b"minf", b"stbl")


@dataclass(frozen=True, slots=True)
class Build:
    """How a file is put together."""

    kind: str = "aac"
    order: str = "fim"  # f: ftyp, i: index, m: sound, e: empty atom, u: unknown atom, t: top meta
    wide: bool = False  # places of 64 bits
    large: str = ""  # "mdat", "moov": a size of 64 bits; "end": mdat up to the end
    tags: str = "full"  # none, no list, empty, quicktime, full, odd, padded, two
    extra: frozenset[str] = field(default_factory=frozenset)  # chpl, text, unknown, zeros


def atom(name: bytes, content: bytes, *, large: bool = False) -> bytes:
    if large:
        return struct.pack(">I4sQ", 1, name, 16 + len(content)) + content
    return struct.pack(">I4s", 8 + len(content), name) + content


def data(kind: int, value: bytes) -> bytes:
    return atom(b"data", struct.pack(">II", kind, 0) + value)


def free_form(name: str, *values: bytes, mean: str = "com.apple.iTunes") -> bytes:
    head = atom(b"mean", bytes(4) + mean.encode()) + atom(b"name", bytes(4) + name.encode())
    return atom(b"----", head + b"".join(data(1, value) for value in values))


def items(rng: random.Random, *, odd: bool) -> list[Named]:
    """Atoms of the item list."""
    made = [
        ("title", atom(b"\xa9nam", data(1, f"Ä{word(rng)}".encode()))),
        ("artist", atom(b"\xa9ART", data(1, word(rng).encode()) + data(1, word(rng).encode()))),
        ("album", atom(b"\xa9alb", data(1, word(rng).encode()))),
        ("track", atom(b"trkn", data(0, struct.pack(">HHHH", 0, 3, 9, 0)))),
        ("disc", atom(b"disk", data(0, struct.pack(">HHH", 0, 1, 2)))),
        ("cover", atom(b"covr", data(13, some_bytes(rng, 600)) + data(14, some_bytes(rng, 90)))),
        ("tempo", atom(b"tmpo", data(21, b"\0\x78"))),
        ("mood", free_form("MOOD", word(rng).encode(), word(rng).encode())),
        ("lyrics", atom(b"\xa9lyr", data(1, word(rng, 400).encode()))),
        ("compilation", atom(b"cpil", data(21, b"\0"))),
    ]
    if odd:
        others = [
            ("unknown item", atom(b"xyzw", data(0, some_bytes(rng, 20)))),
            ("Mac Roman", atom(b"\xa9grp", data(3, word(rng).encode()))),
            ("other mean", free_form("Blob", some_bytes(rng, 9), mean="org.example")),
            ("twice", atom(b"cprt", data(1, b"one"))), ("twice", atom(b"cprt", data(1, b"two"))),
            ("no data", atom(b"\xa9too", b"")),
            ("item name", atom(b"\xa9wrt", atom(b"name", bytes(4) + b"x") + data(1, b"me"))),
        ]  # fmt: skip
        made += [named for named in others if rng.random() < 0.7]
        if rng.random() < 0.2:  # mutagen refuses such a file
            made.append(("short track", atom(b"trkn", data(0, b"\0\0"))))
    rng.shuffle(made)
    return made


def some_genre(rng: random.Random) -> list[bytes]:
    """Atoms of ours that are there already."""
    return rng.choice([
        [], [], [atom(b"\xa9gen", data(1, b"Rock"))], [atom(b"gnre", data(0, b"\0\x12"))],
        [free_form("INSTRUMENT", b"Flute")],
        [atom(b"\xa9gen", data(1, b"Rock") + data(1, b"Pop"))],
    ])  # fmt: skip


def file(rng: random.Random, build: Build) -> Form:
    """A file so built."""
    ftyp, moov, sound, was = carriers.mp4_parts(build.kind)
    made = items(rng, odd=build.tags == "odd")
    user, fields, kept = _user_data(rng, build, made)
    moov = _wide(moov) if build.wide else moov
    text = b""
    if "text" in build.extra:
        text = struct.pack(">H", 8) + b"Chapter1"
        moov += _chapter_track(len(sound))
    if "unknown" in build.extra:
        kept.append(("unknown atom in moov", some_bytes(rng, 30)))
        moov += atom(b"XYZW", kept[-1][1])
    moov += user
    exact: list[Named] = [("sound", sound + text), *kept]
    others = {
        "e": atom(b"free", bytes(rng.choice((0, 8, 3000)))),
        "u": atom(b"uuid", some_bytes(rng, 40)),
        "t": atom(b"meta", bytes(4) + atom(b"hdlr", bytes(25)) + atom(b"xml ", b"<x/>")),
    }
    exact += [(f"atom {sign}", others[sign]) for sign in "ut" if sign in build.order]
    content = _placed(build, ftyp, moov, sound + text, was, others)
    blind = build.tags == "quicktime" or "zeros" in build.extra
    return Form(".m4a", content, tuple(exact), tuple(fields), blind)


def elsewhere(rng: random.Random, place: str) -> Form:
    """Tags where others look for them: in the index itself, or in a track."""
    ftyp, moov, sound, was = carriers.mp4_parts("aac")
    made = items(rng, odd=False)
    meta, user = _meta(b"".join(raw for _, raw in made)), b""
    if place in ("track", "both"):
        at = moov.find(b"trak") - 4
        (size,) = struct.unpack_from(">I", moov, at)
        track = moov[at + 8 : at + size] + atom(b"udta", meta)
        moov = moov[:at] + atom(b"trak", track) + moov[at + size :]
    if place in ("index", "both"):
        moov += meta
    if place == "both":
        user = atom(b"udta", _meta(free_form("OWN", word(rng).encode())))
    content = _placed(Build(), ftyp, moov + user, sound, was, {})
    return Form(".m4a", content, (("sound", sound), ("tags elsewhere", meta)), ())


def in_fragments(rng: random.Random) -> Form:
    """A file in fragments, with tags."""
    content = carriers.fragmented()
    made = items(rng, odd=False)
    user = atom(b"udta", _meta(b"".join(raw for _, raw in made)))
    at = content.find(b"moov") - 4
    (size,) = struct.unpack_from(">I", content, at)
    moov = content[at + 8 : at + size]
    content = content[:at] + atom(b"moov", moov + user) + content[at + size :]
    return Form(".m4a", content, (("sound", content[at + size + len(user) :]),), tuple(made))


def forms() -> Iterator[tuple[str, Maker]]:
    """All of them by name."""
    base = Build()
    for build in _builds(base):
        extra = " ".join(sorted(build.extra))
        words = [build.order, build.tags, f"large {build.large}" * bool(build.large), extra]
        name = ", ".join(word for word in words if word)
        yield f"mp4: order {name}", partial(file, build=build)
    yield "mp4: places of 64 bits", partial(file, build=replace(base, wide=True))
    yield "mp4: alac", partial(file, build=replace(base, kind="alac", tags="odd"))
    yield "mp4: alac, index last", partial(file, build=replace(base, kind="alac", order="fmi"))
    for place in ("index", "track", "both"):
        yield f"mp4: tags of the {place}", partial(elsewhere, place=place)
    yield "mp4: fragments", in_fragments


def _builds(base: Build) -> Iterator[Build]:
    """Every order with tags and without, then every make of tags, sizes and neighbours."""
    orders = ("fim", "fmi", "feim", "fiem", "fmie", "fmei", "efim", "ufimu", "futmiu", "fiemeu")
    for order, tags in itertools.product(orders, ("full", "none")):
        yield replace(base, order=order, tags=tags)
    makes = ("no list", "empty", "quicktime", "odd", "padded", "padded before", "two", "no meta")
    extras = (["chpl"], ["text"], ["unknown"], ["zeros"], ["chpl", "text"], ["other user data"])
    for order in ("fim", "fmi"):
        yield from (replace(base, order=order, tags=tags) for tags in makes)
        yield from (replace(base, order=order, large=large) for large in ("mdat", "moov"))
        yield from (replace(base, order=order, extra=frozenset(extra)) for extra in extras)
    yield replace(base, large="end")


def _user_data(
    rng: random.Random, build: Build, made: list[Named]
) -> tuple[bytes, list[Named], list[Named]]:
    """The user data, what of it are fields, and what must stay to the byte."""
    inner, kept, fields = b"", [], []
    if "chpl" in build.extra:
        names = b"".join(struct.pack(">QB", i * 10**6, 10) + word(rng).encode() for i in range(2))
        kept.append(("chpl", bytes([1, 0, 0, 0, 0, 0, 0, 0, 2]) + names))
        inner += atom(b"chpl", kept[-1][1])
    if "other user data" in build.extra:
        kept += [("user data", some_bytes(rng, 22)), ("name", word(rng).encode())]
        inner += atom(b"loci", kept[-2][1]) + atom(b"name", kept[-1][1])
    if build.tags not in ("none", "no list", "empty", "no meta"):
        fields = made
    ilst = b"".join([raw for _, raw in fields] + some_genre(rng))
    free = atom(b"free", bytes(rng.choice((0, 1, 7, 2000))))
    meta = {"none": b"", "no meta": b"", "no list": _meta(None), "empty": _meta(b""),
            "quicktime": _meta(ilst, version=b""), "padded": _meta(ilst, behind=free),
            "padded before": _meta(ilst, front=free)}.get(build.tags, _meta(ilst))  # fmt: skip
    if build.tags == "two":
        second = free_form("SECOND", word(rng).encode())
        kept.append(("second list", second))
        meta += _meta(second)
    inner = meta + inner if rng.random() < 0.5 else inner + meta
    inner += bytes(4) if "zeros" in build.extra else b""
    return atom(b"udta", inner) if inner or build.tags == "no meta" else b"", fields, kept


def _meta(
    ilst: bytes | None, *, version: bytes = bytes(4), front: bytes = b"", behind: bytes = b""
) -> bytes:
    handler = atom(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
    body = b"" if ilst is None else atom(b"ilst", ilst)
    return atom(b"meta", version + handler + front + body + behind)


def _placed(
    build: Build, ftyp: bytes, moov: bytes, sound: bytes, was: int, others: dict[str, bytes]
) -> bytes:
    """The atoms in their order, with the places of the sound put right."""
    mdat = atom(b"mdat", sound, large=build.large == "mdat")
    if build.large == "end":
        mdat = bytes(4) + mdat[4:]
    parts = {**others, "f": atom(b"ftyp", ftyp), "m": mdat,
             "i": atom(b"moov", moov, large=build.large == "moov")}  # fmt: skip
    before = build.order[: build.order.index("m")]
    place = sum(len(parts[sign]) for sign in before) + len(mdat) - len(sound)
    parts["i"] = atom(b"moov", _moved(moov, place - was), large=build.large == "moov")
    return b"".join(parts[sign] for sign in build.order)


def _children(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(content):
        size, name = struct.unpack_from(">I4s", content, at)
        yield name, content[at + 8 : at + size]
        at += size


def _moved(content: bytes, by: int) -> bytes:
    """An index whose places are larger by this; those of the chapters count from mdat's start."""
    made = b""
    for name, inner in _children(content):
        if name in _PARENTS:
            inner = _moved(inner, by)
        elif name in (b"stco", b"co64"):
            code = "I" if name == b"stco" else "Q"
            (count,) = struct.unpack_from(">I", inner, 4)
            places = struct.unpack_from(f">{count}{code}", inner, 8)
            inner = inner[:8] + struct.pack(f">{count}{code}", *(place + by for place in places))
        made += atom(name, inner)
    return made


def _wide(content: bytes) -> bytes:
    """An index with places of 64 bits."""
    made = b""
    for name, inner in _children(content):
        if name in _PARENTS:
            inner = _wide(inner)
        elif name == b"stco":
            (count,) = struct.unpack_from(">I", inner, 4)
            places = struct.unpack_from(f">{count}I", inner, 8)
            name, inner = b"co64", inner[:8] + struct.pack(f">{count}Q", *places)
        made += atom(name, inner)
    return made


def _chapter_track(behind: int) -> bytes:
    """A track of text whose one sample stands behind the sound."""
    _, _, _, was = carriers.mp4_parts("aac")
    head = bytes(8) + bytes(4) + struct.pack(">II", 7, 0) + bytes(60)
    media = bytes(12) + struct.pack(">IIHH", 1000, 1500, 0x55C4, 0)
    sample = struct.pack(">I4s6sH", 16, b"text", bytes(6), 1)
    tables = [
        atom(b"stsd", struct.pack(">II", 0, 1) + sample),
        atom(b"stts", struct.pack(">IIII", 0, 1, 1, 1500)),
        atom(b"stsc", struct.pack(">IIIII", 0, 1, 1, 1, 1)),
        atom(b"stsz", struct.pack(">III", 0, 10, 1)),
        atom(b"stco", struct.pack(">III", 0, 1, was + behind)),
    ]
    dinf = atom(b"dinf", atom(b"dref", struct.pack(">II", 0, 1) + atom(b"url ", b"\0\0\0\1")))
    minf = atom(b"minf", atom(b"gmhd", bytes(4)) + dinf + atom(b"stbl", b"".join(tables)))
    handler = atom(b"hdlr", bytes(8) + b"text" + bytes(13))
    return atom(b"trak", atom(b"tkhd", head) + atom(b"mdia", atom(b"mdhd", media) + handler + minf))
