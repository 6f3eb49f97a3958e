"""ID3v2 tags, written by hand in every way that the three versions allow, and some they do not.

Source: https://id3.org/id3v2-00, https://id3.org/id3v2.3.0, https://id3.org/id3v2.4.0-structure
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.safety.forms.form import Named, some_bytes, word

_CODECS = ("latin-1", "utf-16", "utf-16-be", "utf-8")
_SHORT = {
    "TIT2": "TT2", "TPE1": "TP1", "TALB": "TAL", "TYER": "TYE", "USLT": "ULT", "COMM": "COM",
    "TXXX": "TXX", "APIC": "PIC", "UFID": "UFI", "POPM": "POP", "GEOB": "GEO", "WOAR": "WAR",
    "TCON": "TCO", "TRCK": "TRK", "XYZW": "XYZ",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Way:
    """How a tag is written."""

    version: int = 4
    encoding: int = 0
    plain: bool = False  # frame sizes of 2.4 as old iTunes wrote them
    unsync: bool = False  # the whole tag, or every frame of 2.4
    marked: bool = True  # 2.4: whether the header says so too
    extended: str = ""  # "plain", "crc"
    footer: bool = False
    padding: int = 64
    long: bool = False  # lyrics of more than 127 bytes
    order_mark: bool = True  # UTF-16 with a byte order mark
    genre: str = ""  # a frame of ours that is there already
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Written:
    """A tag, and what is in it that others put there."""

    content: bytes
    exact: tuple[Named, ...]
    fields: tuple[Named, ...]


def synchsafe(number: int, width: int = 4) -> bytes:
    return bytes(number >> 7 * i & 0x7F for i in reversed(range(width)))


def unsynchronised(content: bytes) -> bytes:
    """No byte after 0xFF looks like a synchronisation."""
    done = bytearray()
    for i, byte in enumerate(content):
        done.append(byte)
        if byte == 0xFF and (i + 1 == len(content) or content[i + 1] in (0, *range(0xE0, 0x100))):
            done.append(0)
    return bytes(done)


def text(way: Way, *values: str) -> bytes:
    """Text without its encoding byte."""
    codec = _CODECS[way.encoding]
    if codec == "utf-16" and not way.order_mark:
        codec = "utf-16-le"
    return (
        ("\0\0" if way.encoding in (1, 2) else "\0")
        .encode("ascii")
        .join(value.encode(codec) for value in values)
    )


def frame(way: Way, name: str, body: bytes, flags: int = 0, front: bytes = b"") -> bytes:
    """A frame; `front` is what flags put before the body."""
    if way.version == 2:
        return _SHORT[name].encode() + len(body).to_bytes(3, "big") + body
    if way.version == 4 and way.unsync:
        flags, front = flags | 0x03, front + synchsafe(len(body))
        body = unsynchronised(body)
    size = len(front) + len(body)
    plain = way.version == 3 or way.plain
    number = size.to_bytes(4, "big") if plain else synchsafe(size)
    return name.encode() + number + flags.to_bytes(2, "big") + front + body


def write(rng: random.Random, way: Way, special: Iterable[tuple[bytes, Named]] = ()) -> Written:
    """A tag with fields of others in it; `special`: more frames, and what of them must stay."""
    special = list(special)
    fields = _bodies(rng, way)
    frames = [frame(way, name, body) for name, body in fields]
    frames += [raw for raw, _ in special]
    if way.genre:
        frames.insert(rng.randrange(len(frames) + 1), _genre(way))
    content = assemble(way, b"".join(frames))
    return Written(content, tuple(named for _, named in special), tuple(fields))


def assemble(way: Way, frames: bytes) -> bytes:
    """A whole tag of these frames."""
    body = _extended(way, frames) + frames
    body += bytes(0 if way.footer else way.padding)
    flags = 0x40 if way.extended else 0
    if way.unsync and (way.version < 4 or way.marked):
        flags |= 0x80
    if way.unsync and way.version < 4:
        body = unsynchronised(body)
    flags |= 0x10 if way.footer else 0
    rest = bytes([way.version, way.revision, flags]) + synchsafe(len(body))
    return b"ID3" + rest + body + (b"3DI" + rest if way.footer else b"")


def _extended(way: Way, frames: bytes) -> bytes:
    if not way.extended:
        return b""
    crc = zlib.crc32(frames)
    if way.version == 3:
        check = crc.to_bytes(4, "big") if way.extended == "crc" else b""
        head = (b"\x80\0" if check else b"\0\0") + way.padding.to_bytes(4, "big") + check
        return len(head).to_bytes(4, "big") + head
    check = b"\x05" + synchsafe(crc, 5) if way.extended == "crc" else b""
    content = b"\x01" + (b"\x20" if check else b"\0") + check
    return synchsafe(4 + len(content)) + content


def _bodies(rng: random.Random, way: Way) -> list[Named]:
    """The fields of others."""
    mark, wide = bytes([way.encoding]), way.encoding in (1, 2)
    end = b"\0\0" if wide else b"\0"
    lyrics = " ".join(word(rng) for _ in range(30 if way.long else 3))
    picture = b"\xff\xd8\xff\xe0" + some_bytes(rng, 700)
    bodies = [
        ("TIT2", mark + text(way, word(rng))),
        ("USLT", mark + b"eng" + text(way, "") + end + text(way, lyrics)),
        ("TALB", mark + text(way, f"Ä{word(rng)}")),
        ("TPE1", mark + text(way, word(rng))),
        ("TRCK", b"\x003/9"),
        ("COMM", mark + b"eng" + text(way, "c") + end + text(way, word(rng))),
        ("TXXX", mark + text(way, "MOOD") + end + text(way, word(rng))),
        ("UFID", b"http://example.org\0" + word(rng).encode()),
        ("POPM", b"a@example.org\0\x80" + bytes([0, 0, 0, 7])),
        ("GEOB", b"\0text/plain\0name\0" + word(rng, 4).encode() + b"\0" + some_bytes(rng, 40)),
        ("WOAR", b"http://example.org/" + word(rng).encode()),
        ("XYZW", b"\x00" + some_bytes(rng, 30)),
    ]
    kind = b"JPG" if way.version == 2 else b"image/jpeg\0"
    bodies.insert(rng.randrange(3, 9), ("APIC", b"\0" + kind + b"\x03cover\0" + picture))
    if way.version > 2:
        bodies.append(("PRIV", b"org.example\0" + some_bytes(rng, 200)))
    if way.version == 4:
        bodies.append(("TMCL", mark + text(way, "piano", word(rng))))
        bodies.append(("TDRC", b"\x031999-02-03"))
    else:
        bodies.append(("TYER", b"\x001999"))
    return bodies


def _genre(way: Way) -> bytes:
    name, _, value = way.genre.partition("=")
    if name == "TXXX":
        return frame(way, "TXXX", b"\0INSTRUMENT\0" + value.encode())
    return frame(way, "TCON", b"\0" + value.encode())
