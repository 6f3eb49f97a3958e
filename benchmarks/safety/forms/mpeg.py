"""MP3 files: sound by hand, and every tag that stands before and behind it."""

from __future__ import annotations

import itertools
import random
import struct
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from benchmarks.safety.forms import id3_frames
from benchmarks.safety.forms.ape import ape_tag
from benchmarks.safety.forms.form import Form, Maker, Named, some_bytes, word
from benchmarks.safety.forms.id3 import Way, Written, assemble, frame, synchsafe, text, write

_FRAME = b"\xff\xfb\x90\x04"  # MPEG 1 layer 3, 128 kbit/s, 44.1 kHz, stereo: 417 bytes


_RUSSIAN = "\u0420\u043e\u043a\0\u041f\u043e\u043f"


def sound(rng: random.Random, frames: int = 24) -> bytes:
    """Silence, with other bytes in each frame where decoders do not look."""
    return b"".join(
        _FRAME + bytes(32) + bytes(rng.randrange(255) for _ in range(381)) for _ in range(frames)
    )


def with_tag(way: Way, specials: id3_frames.Specials, rng: random.Random) -> Form:
    """One tag before the sound."""
    way = with_way(way, rng)
    tag = write(rng, way, specials(rng, way))
    return _form(tag, [("sound", sound(rng))])


def ways() -> Iterator[tuple[str, Way, id3_frames.Specials]]:
    """Each way of writing one tag."""
    none = id3_frames.nothing
    for version in (2, 3, 4):
        base = Way(version)
        for encoding in range(4 if version == 4 else 2):
            way = replace(base, encoding=encoding)
            yield f"2.{version} encoding {encoding}", way, none
            yield f"2.{version} encoding {encoding} long", replace(way, long=True), none
            if version == 4:
                yield f"2.4 plain sizes {encoding}", replace(way, plain=True), none
                long = replace(way, plain=True, long=True)
                yield f"2.4 plain sizes {encoding} long", long, none
                yield f"2.4 plain sizes {encoding} no padding", replace(long, padding=0), none
        yield f"2.{version} unsynchronised", replace(base, unsync=True, long=True), none
        yield f"2.{version} no padding", replace(base, padding=0), none
        yield f"2.{version} one byte of padding", replace(base, padding=1), none
        yield f"2.{version} 9 bytes of padding", replace(base, padding=9), none
        yield f"2.{version} UTF-16 unmarked", replace(base, encoding=1, order_mark=False), none
        yield f"2.{version} doubled", replace(base, encoding=1), id3_frames.doubled
        yield f"2.{version} revision 1", replace(base, revision=1), none
        if version > 2:
            yield from _later(base)
    yield "2.4 footer", Way(footer=True), none
    yield "2.4 unsynchronised, header silent", Way(unsync=True, marked=False), none
    yield "2.4 lengths", Way(long=True), id3_frames.lengths
    yield "2.4 plain lengths", Way(long=True, plain=True), id3_frames.lengths
    yield "2.4 plain chapters", Way(long=True, plain=True), id3_frames.chapters
    yield "2.4 plain packed", Way(long=True, plain=True, encoding=2), id3_frames.packed
    yield "2.4 crc, footer, unsynchronised", Way(extended="crc", footer=True, unsync=True), none


def _later(base: Way) -> Iterator[tuple[str, Way, id3_frames.Specials]]:
    """What versions after 2.2 have."""
    name = f"2.{base.version}"
    for extended in ("plain", "crc"):
        way = replace(base, extended=extended)
        yield f"{name} extended header {extended}", way, id3_frames.nothing
        both = replace(way, unsync=True)
        yield f"{name} extended header {extended} unsynchronised", both, id3_frames.nothing
    for special in (id3_frames.packed, id3_frames.chapters, id3_frames.odd, id3_frames.kept):
        yield f"{name} {special.__name__}", base, special
        yield f"{name} {special.__name__} unsynchronised", replace(base, unsync=True), special


def two_tags(rng: random.Random) -> Form:
    """Two tags in a row, of any versions."""
    first = write(rng, with_way(Way(rng.choice((2, 3, 4))), rng))
    second = write(rng, Way(rng.choice((2, 3, 4)), encoding=1))
    return _form(first, [("second tag and sound", second.content + sound(rng))])


def empty_then_tag(rng: random.Random) -> Form:
    """An empty tag, then a full one."""
    empty = Written(assemble(Way(rng.choice((3, 4)), padding=rng.choice((0, 40))), b""), (), ())
    second = write(rng, Way(rng.choice((3, 4))))
    return _form(empty, [("second tag and sound", second.content + sound(rng))])


def appended(rng: random.Random, *, front: bool, v1: bool) -> Form:
    """A tag behind the sound, found by its footer, and perhaps a SEEK frame that leads to it."""
    last = write(rng, Way(footer=True))
    audio = sound(rng)
    way = Way(padding=0)
    parts = [("sound and appended tag", audio + last.content + (id3v1(rng) if v1 else b""))]
    if not front:
        return _form(Written(b"", (), ()), parts)
    seek = frame(way, "SEEK", len(audio).to_bytes(4, "big"))
    return _form(write(rng, way, [(seek, ("SEEK", seek))]), parts)


def few(rng: random.Random, way: Way) -> Form:
    """Title, long lyrics, album and artist only: what a reader of wrong sizes takes for padding."""
    mark, end = bytes([way.encoding]), b"\0\0" if way.encoding in (1, 2) else b"\0"
    lyrics = text(way, "") + end + text(way, word(rng, rng.randrange(64, 400)))
    bodies = [
        ("TIT2", mark + text(way, word(rng))), ("USLT", mark + b"eng" + lyrics),
        ("TALB", mark + text(way, word(rng))), ("TPE1", mark + text(way, word(rng))),
    ]  # fmt: skip
    way = replace(way, padding=rng.choice((0, 1, 10, 500)))
    content = assemble(way, b"".join(frame(way, name, body) for name, body in bodies))
    return _form(Written(content, (), tuple(bodies)), [("sound", sound(rng))])


def mixed(rng: random.Random, *, version: int, last: bool) -> Form:
    """A tag to which two programs wrote: one counts sizes in bytes of 7 bits, the other of 8."""
    mark = b"\x03" if version == 4 else b"\0"
    names = ("TIT2", "TALB", "TPE1", "TCOM", "TOPE", "TPE2")
    bodies = [(name, mark + word(rng, rng.choice((5, 140, 300))).encode()) for name in names]
    raws = []
    for number, (name, body) in enumerate(bodies):
        seven = (number < 3) == last if version == 4 else number == 2
        size = synchsafe(len(body)) if seven else len(body).to_bytes(4, "big")
        raws.append(name.encode() + size + b"\0\0" + body)
    content = assemble(Way(version, padding=rng.choice((0, 50))), b"".join(raws))
    return _form(Written(content, (), tuple(bodies)), [("sound", sound(rng))])


def wrong_size(rng: random.Random, *, by: int) -> Form:
    """A tag that says to be longer or shorter than its frames are."""
    tag = write(rng, Way(rng.choice((2, 3, 4)), padding=0))
    size = sum(byte << 7 * i for i, byte in enumerate(reversed(tag.content[6:10]))) + by
    content = tag.content[:6] + synchsafe(size) + tag.content[10:]
    return _form(Written(content, tag.exact, tag.fields), [("sound", sound(rng))])


def old_names(rng: random.Random) -> Form:
    """Names of 2.2 in a tag of 2.3, as iTunes wrote them."""
    names = (b"TT2\0", b"TP1\0", b"TAL\0", b"TS2 ", b"TCP\0")
    bodies = [(name.decode(), b"\0" + word(rng).encode()) for name in names]
    raws = [name.encode() + len(body).to_bytes(4, "big") + b"\0\0" + body for name, body in bodies]
    content = assemble(Way(3), b"".join(raws))
    return _form(Written(content, (), tuple(bodies)), [("sound", sound(rng))])


def genres(rng: random.Random, *, version: int) -> Form:
    """Genres written in every way there is, and fields that look like ours."""
    way = Way(version, encoding=1)
    texts = [b"\0(17)", b"\0(17)(9)Loud", b"\x0017", b"\0((Odd)", b"\0(RX)", b"\0Rock\0Pop"]
    texts += [b"\1" + _RUSSIAN.encode("utf-16"), b"\0Rock/Pop", b"\0", b"\1\xfe\xff\0R\0o"]
    chosen = rng.sample(texts, rng.choice((1, 1, 2)))
    special = [(frame(way, "TCON", text), ("", b"")) for text in chosen]
    near = [b"\0instruments\0x" + word(rng).encode(), b"\0INSTRUMENT \0y" + word(rng).encode()]
    special += [(frame(way, "TXXX", body), ("TXXX (near)", body)) for body in near]
    tag = write(rng, way, special)
    exact = tuple(named for named in tag.exact if named[0])
    return _form(Written(tag.content, exact, tag.fields), [("sound", sound(rng))])


def id3v1(rng: random.Random, genre: int = 255) -> bytes:
    """The oldest tag."""
    fields = [word(rng).encode().ljust(30, b"\0") for _ in range(3)]
    return (
        b"TAG" + b"".join(fields) + b"1999" + b"Gr\xfc\xdfe".ljust(28, b" ") + bytes([0, 7, genre])
    )


def lyrics3(rng: random.Random) -> bytes:
    """Lyrics3 version 2. Source: https://id3.org/Lyrics3v2."""
    words = f"[00:01]{word(rng)}\r\n[00:02]{word(rng)}".encode()
    body = b"LYRICSBEGIN" + b"IND0000211" + b"LYR" + b"%05d" % len(words) + words
    return body + b"%06d" % len(body) + b"LYRICS200"


def behind(
    rng: random.Random, *, ape: str, lyrics: bool, v1: bool, v2: bool, header: bool = True
) -> Form:
    """Tags behind the sound. `ape`: before or after the lyrics, or nowhere."""
    item = ape_tag(rng, header=header)
    parts = [item] if ape == "before" else []
    parts += [lyrics3(rng)] if lyrics else []
    parts += [item] if ape == "after" else []
    parts += [id3v1(rng, rng.choice((8, 17, 255)))] if v1 else []
    tag = write(rng, Way(rng.choice((3, 4)))) if v2 else Written(b"", (), ())
    return _form(tag, [("sound and tags behind it", sound(rng) + b"".join(parts))])


def junk(rng: random.Random, *, zeros: bool) -> Form:
    """Bytes that are nobody's, between tag and sound or at the end."""
    tag, noise = (
        write(rng, Way(rng.choice((2, 3, 4)))),
        some_bytes(rng, 100).replace(b"\xff", b"\0"),
    )
    audio = sound(rng)
    parts = [bytes(40) + audio] if zeros else [audio + noise]
    return _form(tag, [("sound and what is beside it", parts[0])])


def xing(rng: random.Random) -> Form:
    """A frame that says how long the file is, and LAME's checksum."""
    head = bytearray(_FRAME + bytes(413))
    struct.pack_into(">4sIII", head, 36, b"Info", 3, 24, 25 * 417)
    head[156:165] = b"LAME3.100"
    return _form(write(rng, Way(3)), [("sound", bytes(head) + sound(rng))])


def forms() -> Iterator[tuple[str, Maker]]:
    """All of them by name."""
    for name, way, specials in ways():
        yield f"mp3: {name}", partial(with_tag, way, specials)
    for encoding, plain in itertools.product(range(4), (True, False)):
        way = Way(encoding=encoding, plain=plain)
        name = f"mp3: 2.4 few frames, encoding {encoding}, {'plain' if plain else 'right'} sizes"
        yield name, partial(few, way=way)
    for what, maker in (*_wrong(), *_around()):
        yield f"mp3: {what}", maker


def _wrong() -> Iterator[tuple[str, Maker]]:
    """Tags that no book allows."""
    for last in (True, False):
        where = "first" if last else "last"
        yield f"2.4 mixed sizes {where}", partial(mixed, version=4, last=last)
    yield "2.3 with a size of 7 bits", partial(mixed, version=3, last=False)
    for by in (-30, -1, 1, 9, 10, 11, 400):
        yield f"tag size wrong by {by}", partial(wrong_size, by=by)
    yield "2.3 with names of 2.2", old_names
    for version in (2, 3, 4):
        yield f"2.{version} genres of all kinds", partial(genres, version=version)
    for where in ("zeros before the sound", "junk at the end"):
        yield where, partial(junk, zeros=where.startswith("zeros"))


def _around() -> Iterator[tuple[str, Maker]]:
    """More than one tag."""
    yield "two tags", two_tags
    yield "empty tag, then a full one", empty_then_tag
    yield "appended tag", partial(appended, front=False, v1=False)
    yield "appended tag, ID3v1", partial(appended, front=False, v1=True)
    yield "tag, appended tag", partial(appended, front=True, v1=False)
    every = itertools.product((True, False), ("before", "after", ""), (True, False), (True, False))
    for v2, ape, lyrics, v1 in every:
        words = ["tag" * v2, "sound", f"APE {ape}" * bool(ape), "Lyrics3" * lyrics, "v1" * v1]
        name = ", ".join(word for word in words if word)
        yield name, partial(behind, ape=ape, lyrics=lyrics, v1=v1, v2=v2)
    bare = partial(behind, ape="before", lyrics=False, v1=True, v2=True, header=False)
    yield "APE without a header", bare
    yield "Xing and LAME", xing


def _form(tag: Written, parts: list[Named]) -> Form:
    content = tag.content + b"".join(part for _, part in parts)
    return Form(".mp3", content, (*parts, *tag.exact), tag.fields)


def with_way(way: Way, rng: random.Random) -> Way:
    return replace(way, genre=rng.choice(("", "", "TCON=Rock", "TCON=(17)", "TXXX=Flute")))
