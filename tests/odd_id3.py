"""ID3 tags in the odd forms that programs have written, by chance, and none of our own code."""

from __future__ import annotations

import random
import struct
import zlib
from dataclasses import dataclass

from mutagen.id3._util import unsynch

OLD = {"TIT2": "TT2", "TPE1": "TP1", "TALB": "TAL", "TXXX": "TXX", "COMM": "COM", "USLT": "ULT",
       "TCON": "TCO", "XYZW": "XYZ", "UFID": "UFI", "TYER": "TYE"}  # fmt: skip
PLACEMENTS = ("", "v1", "ape", "ape v1", "lyrics v1", "ape lyrics v1")


@dataclass(frozen=True)
class OddTag:
    """A whole tag, what comes behind the sound, and the bodies of its frames as they must stay."""

    front: bytes
    tail: bytes
    bodies: tuple[bytes, ...]
    form: str


def synchsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def odd_tag(rng: random.Random) -> OddTag:
    """One of them."""
    version = rng.choice((2, 3, 4, 4))
    plain = version < 4 or rng.random() < 0.4
    whole = rng.random() < 0.25  # unsynchronised, all of it
    parts = [_frame(rng, *body, version, plain, whole) for body in _bodies(rng, version)]
    content = b"".join(frame for frame, _ in parts)
    padding = rng.choice((b"", bytes(1), bytes(9), bytes(64), bytes(2048), bytes(6000)))
    garbage = rng.random() < 0.1
    if garbage:
        padding = bytes(rng.randrange(20)) + rng.randbytes(12) + padding
    flags = 0x80 if whole else 0
    extended = version > 2 and rng.random() < 0.2
    if extended:
        content = _extended(rng, version) + content
        flags |= 0x40
    content += padding
    if whole and version < 4:
        content = unsynch.encode(content)
    footer = version == 4 and rng.random() < 0.2
    flags |= 0x10 if footer else 0
    head = bytes([version, 0, flags]) + synchsafe(len(content))
    front = b"ID3" + head + content + (b"3DI" + head if footer else b"")
    second = rng.random() < 0.1
    if second:
        front += b"ID3\3\0\0" + synchsafe(27) + b"TPE2\0\0\0\x07\0\0\0Second" + bytes(10)
    tail = _tail(rng)
    form = f"{version} {plain=} {whole=} {garbage=} {extended=} {footer=} {second=}"
    return OddTag(front, tail, tuple(body for _, body in parts), form)


def _bodies(rng: random.Random, version: int) -> list[tuple[str, bytes]]:
    bodies = [
        ("TIT2", _text(rng, "Tïtle" * rng.choice((1, 1, 9, 60)))),
        ("TPE1", _text(rng, "Somebody")),
        ("TALB", _text(rng, "Album\0Second")),
        ("TXXX", _text(rng, "Mood\0calm")),
        ("TXXX", _text(rng, "Mood\0dark")),
        ("COMM", _named(rng, b"eng", "note\0first")),
        ("COMM", _named(rng, b"eng", "note\0second")),
        ("USLT", _named(rng, b"eng", "\0" + "words " * rng.choice((1, 12, 30, 200, 2000)))),
        ("XYZW", rng.randbytes(rng.choice((1, 40, 200, 900)))),
        ("UFID", b"http://example.org\0" + rng.randbytes(20)),
        ("TCON", _text(rng, rng.choice(("(17)", "17", "Fado", "Fado\0Rock", "(4)Disco")))),
    ]
    if version > 2:
        sub = b"TIT2" + bytes([0, 0, 0, 6]) + b"\0\0" + b"\0first"
        bodies += [
            ("CHAP", b"c1\0" + struct.pack(">IIII", 0, 500, 2**32 - 1, 2**32 - 1) + sub),
            ("CTOC", b"toc\0\3\1c1\0" + sub),
            ("PRIV", b"me\0" + rng.randbytes(rng.choice((5, 150, 5000)))),
            ("APIC", b"\0image/png\0\3cover\0" + rng.randbytes(rng.choice((100, 3000, 30_000)))),
            ("TYER" if version == 3 else "TDRC", b"\x001999"),
        ]
    return rng.sample(bodies, rng.randint(1, len(bodies)))


def _text(rng: random.Random, text: str) -> bytes:
    code, codec = rng.choice(
        ((0, "latin-1"), (1, "utf-16"), (1, "utf-16-le"), (2, "utf-16-be"), (3, "utf-8"))
    )
    end = rng.choice((b"", b"\0\0" if code in (1, 2) else b"\0"))
    return bytes([code]) + text.encode(codec) + end


def _named(rng: random.Random, language: bytes, text: str) -> bytes:
    body = _text(rng, text)
    return body[:1] + language + body[1:]


def _frame(
    rng: random.Random, name: str, body: bytes, version: int, plain: bool, whole: bool
) -> tuple[bytes, bytes]:
    """A frame, and the bytes of it that must be found in the file afterwards."""
    if version == 2:
        return OLD[name].encode() + len(body).to_bytes(3, "big") + body, body
    second, front = 0, b""
    way = rng.random()
    packed = name not in ("TCON", "TXXX")  # those are ours to read
    if packed and way < 0.06:
        front = struct.pack(">I", len(body)) if version == 3 else synchsafe(len(body))
        second, body = 0x80 if version == 3 else 0x09, zlib.compress(body)
    elif packed and way < 0.1:
        second, front = (0x40 if version == 3 else 0x04), b"\x80"
    elif version == 4 and way < 0.2:
        second, front = 0x01, synchsafe(len(body))
    if version == 4 and (whole or rng.random() < 0.1):
        second, body = second | 0x02 * (rng.random() < 0.7 or not whole), unsynch.encode(body)
    content = front + body
    size = struct.pack(">I", len(content)) if plain else synchsafe(len(content))
    return name.encode() + size + bytes([0, second]) + content, content


def _extended(rng: random.Random, version: int) -> bytes:
    if version == 3:
        return rng.choice((struct.pack(">IHI", 6, 0, 0), struct.pack(">IHII", 10, 0x8000, 0, 123)))
    return rng.choice((synchsafe(6) + b"\1\0", synchsafe(12) + b"\1\x20\5" + bytes(5)))


def _tail(rng: random.Random) -> bytes:
    kinds = rng.choice(PLACEMENTS).split()
    tail = b""
    if "ape" in kinds:
        item = struct.pack("<II", 7, 0) + b"MP3GAIN_MINMAX\x00100,200"
        end = struct.pack("<IIII", 2000, len(item) + 32, 1, 0) + bytes(8)
        tail += item + b"APETAGEX" + end
    if "lyrics" in kinds:
        text = b"LYRICSBEGININD0000200" + b"LYR00005words"
        tail += text + b"%06d" % len(text) + b"LYRICS200"
    if "v1" in kinds:
        fields = b"Old Title".ljust(30, b"\0") + b"Old Artist".ljust(30, b"\0") + bytes(30)
        tail += b"TAG" + fields + b"1999" + bytes(30) + b"\x08"
    if not kinds and rng.random() < 0.3:  # a tag at the end
        content = b"TPE2" + synchsafe(5) + b"\0\0\3Last"
        head = b"\4\0\x10" + synchsafe(len(content))
        tail += b"ID3" + head + content + b"3DI" + head
    return tail
