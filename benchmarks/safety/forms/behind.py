"""Files with an APEv2 tag behind the sound, and those with ID3 in odd places: TTA and DSF."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from functools import partial

from benchmarks.safety.forms import carriers, id3_frames
from benchmarks.safety.forms.ape import ape_tag, item, items
from benchmarks.safety.forms.form import Form, Maker, Named, some_bytes, word
from benchmarks.safety.forms.id3 import Way, Written, write
from benchmarks.safety.forms.mpeg import id3v1, lyrics3, with_way

_SUFFIX = {"wavpack": ".wv", "ape": ".ape", "musepack": ".mpc"}
_WHAT = ("none", "full", "no header", "empty", "not UTF-8", "doubled", "v1", "Lyrics3, v1",
         "v1 only", "junk", "large", "version 1")  # fmt: skip


def ape_file(rng: random.Random, kind: str, what: str) -> Form:
    """A file of a kind with a tag as `what` says."""
    sound = carriers.without_ape(kind)
    made = items(rng, rng.choice(("", "", "Rock", "Jazz\0Blues")))
    if what == "not UTF-8":
        made.append(("Comment", item("Comment", b"\xff\xfe" + word(rng).encode())))
    if what == "doubled":
        made += [("doubled", item("Doubled", word(rng).encode())) for _ in range(2)]
    if what == "large":
        made.append(("Cover", item("Cover Art (Back)", b"b.jpg\0" + rng.randbytes(150_000), 2)))
    if what in ("none", "empty", "v1 only"):
        made = []
    tag = (
        b"" if what in ("none", "v1 only") else ape_tag(rng, header=what != "no header", made=made)
    )
    if what == "version 1":  # no header, and the footer says so
        tag = tag[32:].replace(
            b"APETAGEX" + struct.pack("<I", 2000), b"APETAGEX" + struct.pack("<I", 1000)
        )
        tag = tag[:-12] + bytes(12)
    tail = lyrics3(rng) if what.startswith("Lyrics3") else b""
    tail += id3v1(rng, 17) if "v1" in what else b""
    tail += some_bytes(rng, 40) if what == "junk" else b""
    exact: list[Named] = [("sound", sound)]
    exact += [("tags behind", tail)] if tail else []
    fields = [named for named in made if named[0] != "Genre"]
    return Form(_SUFFIX[kind], sound + tag + tail, tuple(exact), tuple(fields))


def in_front(rng: random.Random, kind: str, version: int) -> Form:
    """An ID3 tag in front of a file that has its tags behind, as some programs put there."""
    front, sound = write(rng, Way(version)).content, carriers.without_ape(kind)
    made = items(rng)
    exact = (("tag in front", front), ("sound", sound))
    return Form(_SUFFIX[kind], front + sound + ape_tag(rng, made=made), exact, tuple(made))


def two_tags(rng: random.Random, kind: str) -> Form:
    """Two APEv2 tags, one behind the other."""
    sound, made = carriers.without_ape(kind), items(rng)
    first = ape_tag(rng)
    exact = (("sound", sound), ("first tag", first))
    return Form(_SUFFIX[kind], sound + first + ape_tag(rng, made=made), exact, tuple(made))


def tta(rng: random.Random, way: Way, *, v1: bool) -> Form:
    """True Audio with a tag in front."""
    tag, sound = write(rng, with_way(way, rng)), carriers.tta()
    rest = sound + (id3v1(rng) if v1 else b"")
    return Form(".tta", tag.content + rest, (("sound", rest), *tag.exact), tag.fields)


def dsf(rng: random.Random, way: Way | None, *, tail: bytes = b"", other: bytes = b"") -> Form:
    """DSF with a tag at the end, or none. Source: DSF File Format Specification 1.01, Sony 2005."""
    chapters = way is not None and way.version == 4 and not way.plain
    written = Written(b"", (), ())
    if way is not None:
        way = with_way(way, rng)
        written = write(rng, way, id3_frames.chapters(rng, way) if chapters else [])
    form = struct.pack("<IIIIIIQII", 1, 0, 2, 2, 2822400, 1, 32768, 4096, 0)
    data = rng.randbytes(8192)
    sound = b"fmt " + struct.pack("<Q", 52) + form + b"data" + struct.pack("<Q", 12 + 8192) + data
    start = 28 + len(sound) if way or other else 0
    tail = other or tail  # other: something that is no tag, where the tag should be
    size = 28 + len(sound) + len(written.content) + len(tail)
    content = b"DSD " + struct.pack("<QQQ", 28, size, start) + sound + written.content + tail
    exact = [("sound", sound), *written.exact, *([("bytes behind the tag", tail)] if tail else [])]
    return Form(".dsf", content, tuple(exact), written.fields)


def forms() -> Iterator[tuple[str, Maker]]:
    """All of them by name."""
    for kind in _SUFFIX:
        for what in _WHAT:
            yield f"{kind}: tag {what}", partial(ape_file, kind=kind, what=what)
        yield f"{kind}: two tags", partial(two_tags, kind=kind)
        for version in (3, 4):
            yield f"{kind}: ID3 2.{version} in front", partial(in_front, kind=kind, version=version)
    for version in (2, 3, 4):
        yield f"tta: 2.{version}", partial(tta, way=Way(version), v1=False)
        yield f"dsf: 2.{version}", partial(dsf, way=Way(version))
    yield "tta: 2.4 plain long, v1", partial(tta, way=Way(plain=True, long=True), v1=True)
    yield "dsf: no tag", partial(dsf, way=None)
    yield "dsf: 2.4 plain long", partial(dsf, way=Way(plain=True, long=True))
    yield "dsf: unsynchronised", partial(dsf, way=Way(unsync=True))
    yield "dsf: footer", partial(dsf, way=Way(footer=True))
    noise = b"not a tag \xff\0 at all" * 3
    yield "dsf: no ID3", partial(dsf, way=None, other=noise)
    yield "dsf: bytes behind the tag", partial(dsf, way=Way(3), tail=b"\xff\0tail bytes")
