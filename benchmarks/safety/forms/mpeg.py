"""MP3 files: sound by hand, and every tag that stands before and behind it."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from benchmarks.safety.forms import id3_frames
from benchmarks.safety.forms.ape import ape_tag
from benchmarks.safety.forms.form import Form, Maker, Named, some_bytes, word
from benchmarks.safety.forms.id3 import Way, Written, assemble, frame, text, write

_FRAME = b"\xff\xfb\x90\x04"  # MPEG 1 layer 3, 128 kbit/s, 44.1 kHz, stereo: 417 bytes


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


def id3v1(rng: random.Random, genre: int = 255) -> bytes:
    """The oldest tag."""
    fields = [word(rng).encode().ljust(30, b"\0") for _ in range(3)]
    return b"TAG" + b"".join(fields) + b"1999" + b"Gr\xfc\xdfe".ljust(28, b" ") + bytes([0, 7, genre])


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


def junk(rng: random.Random, *, where: str) -> Form:
    """Bytes that are nobody's, between tag and sound or at the end."""
    tag, noise = write(rng, Way(rng.choice((2, 3, 4)))), some_bytes(rng, 100).replace(b"\xff", b"\0")
    audio = sound(rng)
    parts = [bytes(40) + audio] if where == "zeros" else [audio + noise]
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
    for encoding in range(4):
        for plain in (True, False):
            way = Way(encoding=encoding, plain=plain)
            name = f"mp3: 2.4 few frames, encoding {encoding}, {'plain' if plain else 'right'} sizes"
            yield name, partial(few, way=way)
    yield "mp3: two tags", two_tags
    yield "mp3: empty tag, then a full one", empty_then_tag
    yield "mp3: appended tag", partial(appended, front=False, v1=False)
    yield "mp3: appended tag, ID3v1", partial(appended, front=False, v1=True)
    yield "mp3: tag, appended tag", partial(appended, front=True, v1=False)
    for v2 in (True, False):
        tag = "tag, " if v2 else ""
        for ape in ("before", "after", ""):
            for lyrics in (True, False):
                for v1 in (True, False):
                    name = ", ".join(
                        part for part in (f"APE {ape}" * bool(ape), "Lyrics3" * lyrics, "v1" * v1)
                        if part
                    )
                    maker = partial(behind, ape=ape, lyrics=lyrics, v1=v1, v2=v2)
                    yield f"mp3: {tag}sound, {name or 'nothing'}", maker
    yield "mp3: APE without a header", partial(
        behind, ape="before", lyrics=False, v1=True, v2=True, header=False
    )
    yield "mp3: zeros before the sound", partial(junk, where="zeros")
    yield "mp3: junk at the end", partial(junk, where="end")
    yield "mp3: Xing and LAME", xing


def _form(tag: Written, parts: list[Named]) -> Form:
    content = tag.content + b"".join(part for _, part in parts)
    return Form(".mp3", content, (*parts, *tag.exact), tag.fields)


def with_way(way: Way, rng: random.Random) -> Way:
    return replace(way, genre=rng.choice(("", "", "TCON=Rock", "TCON=(17)", "TXXX=Flute")))
