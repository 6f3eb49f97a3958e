"""Files whose tags would take hours or all memory to read, small enough to be made in a moment."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

MANY = 300_000
_SPARSE = 4 << 30


def make_hostile(folder: Path) -> list[Path]:
    """One file of each form."""
    paths = []
    for name, content in FORMS.items():
        path = folder / name
        path.write_bytes(content())
        if name.startswith("sparse"):
            os.truncate(path, _SPARSE)
        paths.append(path)
    return paths


def _flac(blocks: bytes) -> bytes:
    return b"fLaC" + b"\0\0\0\x22" + bytes(34) + blocks


def _id3(frames: bytes, version: int = 3) -> bytes:
    size = bytes(len(frames) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3" + bytes([version, 0, 0]) + size + frames + b"\xff\xfb\x90\x64" + bytes(413)


def _frame(name: bytes, body: bytes, flags: int = 0) -> bytes:
    return name + len(body).to_bytes(4, "big") + bytes([0, flags]) + body


def _chapters() -> bytes:
    body = b""
    for number in range(900):
        body = _frame(b"CHAP", b"%d\0" % number + bytes(16) + body)
    return _id3(body + bytes(8 << 20))


def _faulty() -> bytes:
    """Packed frames of 60 MB each, with a fault at their ends."""
    packed = zlib.compress(bytes(60 << 20), 9)[:-4] + b"\1\1\1\1"
    return _id3(_frame(b"PRIV", packed, 0x80) * 200)


def _atom(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content


def _mp4(moov: bytes, mdats: int = 1) -> bytes:
    return _atom(b"ftyp", b"M4A " + bytes(4)) + _atom(b"moov", moov) + _atom(b"mdat", b"") * mdats


def _offsets() -> bytes:
    """A million places in the last of thousands of parts of sound."""
    table = struct.pack(">II", 0, 1 << 20) + struct.pack(">I", 1 << 31) * (1 << 20)
    inner = _atom(b"stco", table)
    for name in (b"stbl", b"minf", b"mdia", b"trak"):
        inner = _atom(name, inner)
    return _mp4(inner * 3, mdats=9000)


def _sizes() -> bytes:
    table = bytes(8) + struct.pack(">I", 15 << 20) + bytes(60 << 20)
    inner = _atom(b"stsz", table)
    for name in (b"stbl", b"minf", b"mdia", b"trak"):
        inner = _atom(name, inner)
    return _mp4(inner)


def _page(body: bytes, number: int, first: int = 0) -> bytes:
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, first, 0, 7, number, 0, len(body) // 255 + 1)
    return head + b"\xff" * (len(body) // 255) + bytes([len(body) % 255]) + body


def _opus(pages: int, comments: int = 0) -> bytes:
    tags = b"OpusTags" + bytes(4) + struct.pack("<I", comments) + (bytes(4) * min(comments, 12000))
    start = _page(b"OpusHead" + bytes(11), 0, 2) + _page(tags[:60000], 1)
    return start + _page(b"", 2) * pages


def _asf() -> bytes:
    objects = (bytes(16) + struct.pack("<Q", 24)) * MANY
    header = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
    return header + struct.pack("<QIH", 30 + len(objects), MANY, 0) + objects


def _ape() -> bytes:
    items = (struct.pack("<II", 1, 0) + b"AB\0x") * MANY
    tail = struct.pack("<IIII", 2000, len(items) + 32, MANY, 0)
    return b"wvpk" + bytes(100) + items + b"APETAGEX" + tail + bytes(8)


FORMS: dict[str, Callable[[], bytes]] = {
    "zeros.flac": lambda: _flac(bytes(64 << 20)),
    "blocks.flac": lambda: _flac(b"\2\0\0\0" * (16 << 20)),
    "sparse.flac": lambda: _flac(b"\2\xff\xff\xff"),
    "comments.flac": lambda: _flac(
        b"\x84" + (8 + 8 * MANY).to_bytes(3, "big") + bytes(4) + struct.pack("<I", MANY)
        + b"\4\0\0\0A=bc" * MANY
    ),
    "sparse.wav": lambda: b"RIFF\xff\xff\xff\xffWAVE" + b"LIST\0\0\0\4",
    "chunks.wav": lambda: b"RIFF\xff\xff\xff\3WAVE" + bytes(64 << 20),
    "chunks.aiff": lambda: b"FORM\3\xff\xff\xffAIFF" + bytes(64 << 20),
    "frames.mp3": lambda: _id3(_frame(b"TXXX", b"\0a\0b") * MANY),
    "frames 2.4.mp3": lambda: _id3(_frame(b"TXXX", b"\0a\0b") * MANY, 4),
    "chapters.mp3": _chapters,
    "faulty.mp3": _faulty,
    "offsets.m4a": _offsets,
    "sizes.m4a": _sizes,
    "atoms.m4a": lambda: _mp4(_atom(b"trak", b"") * (8 << 20)),
    "items.m4a": lambda: _mp4(
        _atom(b"udta", _atom(b"meta", bytes(4) + _atom(b"ilst", _atom(b"abcd", b"") * MANY)))
    ),
    "top.m4a": lambda: _atom(b"ftyp", b"M4A " + bytes(4)) + _atom(b"free", b"") * MANY,
    "pages.opus": lambda: _opus(3_000_000),
    "most pages.opus": lambda: _opus(990_000),
    "comments.opus": lambda: _opus(1, 1 << 31),
    "objects.wma": _asf,
    "items.wv": _ape,
}  # fmt: skip
