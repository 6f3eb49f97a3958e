"""Files with tags as old and careless programs write them, byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

from tagger.tags.containers.base import Item
from tagger.tags.reader import opened
from tagger.writing.edited_copy import fill
from tagger.writing.filesystem import Disk
from tagger.writing.splice import splice
from tests.music_files import make_file


def frame(name: str, body: bytes, flags: bytes = b"\0\0") -> tuple[str, bytes]:
    """A frame of ID3v2.3, or of 2.4 where it is short."""
    return name, name.encode() + struct.pack(">I", len(body)) + flags + body


def frame22(name: str, body: bytes) -> tuple[str, bytes]:
    """A frame of ID3v2.2."""
    return name, name.encode() + len(body).to_bytes(3, "big") + body


def attribute(
    name: str, kind: int, value: bytes, *, where: bytes, stream: int = 0
) -> tuple[str, bytes]:
    """An attribute of ASF, of any type."""
    key = name.encode("utf-16-le") + b"\0\0"
    if where == b"E":
        head = struct.pack("<H", len(key)) + key + struct.pack("<HH", kind, len(value))
        return name.upper(), where + head + value
    head = struct.pack("<HHHHI", 0, stream, len(key), kind, len(value))
    return name.upper(), where + head + key + value


def atom(name: bytes, content: bytes) -> tuple[str, bytes]:
    """An atom of MP4."""
    return name.decode("latin-1").upper(), struct.pack(">I", 8 + len(content)) + name + content


def data(kind: int, value: bytes) -> bytes:
    """A data atom of MP4."""
    return atom(b"data", struct.pack(">II", kind, 0) + value)[1]


def ape_item(key: str, value: bytes, flags: int) -> tuple[str, bytes]:
    """An item of APEv2."""
    return key.upper(), struct.pack("<II", len(value), flags) + key.encode() + b"\0" + value


_UTF16 = "Größe".encode("utf-16")
_FREE_FORM = atom(b"mean", bytes(4) + b"org.example")[1] + atom(b"name", bytes(4) + b"Blob")[1]
# What there is in a file -> the kind of file it is put into, and the items.
CARELESS: dict[str, tuple[str, list[tuple[str, bytes]]]] = {
    "old frames and unknown ones": ("mp3 v2.2", [
        frame22("TYE", b"\x001999"), frame22("TDA", b"\x003112"), frame22("XYZ", b"who knows"),
    ]),
    "dates, UTF-16, doubled and unknown frames": ("mp3 v2.3", [
        frame("TYER", b"\x001999"), frame("TDAT", b"\x003112"), frame("TIME", b"\x002359"),
        frame("TPE2", b"\1" + _UTF16), frame("TIT3", b"\1" + _UTF16 + b"\0\0"),
        frame("TXXX", b"\0MOOD2\0calm"), frame("TXXX", b"\0MOOD2\0dark"),
        frame("COMM", b"\0eng\0one"), frame("COMM", b"\0eng\0two"), frame("XHD3", b"\0\1\2"),
    ]),
    "doubled and unknown frames": ("mp3", [
        frame("TXXX", b"\3MOOD2\0calm"), frame("TXXX", b"\3MOOD2\0dark"),
        frame("TPE3", b"\0Ann\0"), frame("TEXT", b"\3Bob\0\0"), frame("XYZW", b"\0\1\2"),
        frame("RVA2", b"album\0\1\2\3\4\0"), frame("WOAR", b"http://example.org\0more"),
    ]),
    "comments that are not UTF-8 or have no name": ("flac", [
        ("DATE", b"DATE=\xff\xfe1999"), ("", b"no equals sign"), ("MOOD", b"mood=calm"),
    ]),
    "comments that are not UTF-8": ("vorbis", [("DATE", b"DATE=\xff\xfe1999")]),
    "binary, read-only and linked items": ("wavpack", [
        ape_item("Blob", bytes(range(256)), 2), ape_item("Year", b"1999", 1),
        ape_item("File", b"http://example.org", 4),
    ]),
    "a text that is not UTF-8": ("wavpack", [ape_item("Year", b"\xff\xfe1999", 0)]),
    "numbers, GUIDs and attributes of a stream": ("wma", [
        attribute("WM/Year2", 3, struct.pack("<I", 7), where=b"E"),
        attribute("WM/Flag", 2, struct.pack("<I", 2), where=b"E"),
        attribute("WM/Text", 0, "no end".encode("utf-16-le"), where=b"E"),
        attribute("WM/Guid", 6, bytes(range(16)), where=b"L"),
        attribute("WM/Flag2", 2, struct.pack("<H", 1), where=b"L", stream=1),
    ]),
    "unknown atoms and types": ("aac", [
        atom(b"xyzw", data(0, b"\1\2\3")), atom(b"\xa9grp", data(3, b"Mac Roman")),
        atom(b"tmpo", data(21, b"\0\0\0\x78")), atom(b"cprt", data(1, b"one") + data(1, b"two")),
        atom(b"----", _FREE_FORM + data(13, b"\xff\xd8") + data(1, b"text")),
    ]),
    "a short track number": ("aac", [atom(b"disk", data(0, b"\0\0"))]),
}  # fmt: skip


def make_careless_file(what: str, path: Path) -> Path:
    """A file with foreign tags and neither genre nor instruments."""
    kind, raws = CARELESS[what]
    add(make_file(kind, path), raws)
    return path


def add(path: Path, raws: Iterable[tuple[str, bytes]]) -> None:
    """Put items into a file as the very bytes that are given."""
    copy = path.with_name("careless copy")
    disk = Disk()
    target = disk.create(copy)
    with opened(path) as file:
        items = (*file.layout.items, *(Item(key, raw) for key, raw in raws))
        assert not fill(file, disk, target, lambda written: splice(written, file, items))
    disk.close(target)
    copy.replace(path)
