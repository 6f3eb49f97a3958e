"""MP4: atoms in atoms; tags are in moov.udta.meta.ilst, the sound in mdat.

The tables of chunk offsets (stco, co64) point into mdat from the start of the file, so they move
with it. Source: ISO/IEC 14496-12, and Apple's QuickTime File Format Specification
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tagger.containers.parts import Container, DamagedError, Item, Layout, Range, Source

DIALECT = "mp4"
_PARENTS = (b"trak", b"mdia", b"minf", b"stbl")
_WAY = (b"moov.udta", b"moov.udta.meta")  # to the item list
_PATH = (b"udta", b"meta", b"ilst")
_HANDLER = bytes(8) + b"mdirappl" + bytes(9)
_DEEPEST = 8
_FREE = (b"free", b"skip")
_CODECS = {0: "utf-8", 1: "utf-8", 2: "utf-16-be"}  # of data atoms, by their types


@dataclass(frozen=True, slots=True)
class _Atom:
    """An atom of a file: its name, where it starts, where its content starts, where it ends."""

    name: bytes
    start: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class Mp4(Container):
    """AAC and ALAC in MP4."""

    name: str = "M4A"

    def read(self, source: Source) -> Layout:
        """The atoms of its item list."""
        atoms = _top(source)
        moov = _moov(source, atoms)
        _check_metas(moov)
        mdats = [(atom.body, atom.end) for atom in atoms if atom.name == b"mdat"]
        rest = tuple(_leaves(moov, b"moov", mdats))
        others = (a for a in atoms if a.name not in (b"moov", b"mdat", *_FREE))
        rest += tuple(source.at(a.start, min(a.end - a.start, 65536)) for a in others)
        fragmented = any(atom.name == b"moof" for atom in atoms)
        reason = "it is fragmented, as streams are" if fragmented else ""
        if sum(_sizes(moov)) > sum(end - start for start, end in mdats):
            reason = reason or "its index tells of more sound than it holds"
        meta = _find(moov, _PATH[:2])
        if meta and not _skip(b"meta", meta):
            reason = reason or "its tags are built as in QuickTime, where others do not find them"
        items = tuple(_items(_find(moov, _PATH)))
        if any(item.key == "----" for item in items):
            reason = reason or "a free tag of it has no name"
        return Layout(DIALECT, items, rest, reason)

    def audio(self, source: Source) -> Iterator[Range]:
        """The content of all mdat atoms."""
        yield from ((atom.body, atom.end) for atom in _top(source) if atom.name == b"mdat")


def spliced(source: Source, items: Iterable[Item]) -> tuple[Range, bytes]:
    """Where the index is, and an index with other items; offsets behind it move by what it grows.

    mutagen reads no file in whose index a list of atoms ends with zeros, as QuickTime has it.
    """
    (atom,) = (atom for atom in _top(source) if atom.name == b"moov")
    moov = _moov(source, [atom])
    ilst = b"".join(item.raw for item in items)
    grown = len(_with_list(moov, _PATH, ilst)) - len(moov)
    moved = _moved(moov, atom.end, grown)
    return (atom.start, atom.end), _atom(b"moov", _with_list(moved, _PATH, ilst))


def texts(item: Item) -> tuple[str, ...]:
    """The values of an atom of the item list."""
    values = []
    for name, content in _children(item.raw[8:]):
        if name != b"data" or len(content) < 8:
            continue
        if item.key == "GNRE":
            values.append(_old_genre(content[8:]))
        elif codec := _CODECS.get(content[3]):
            values.append(content[8:].decode(codec, "replace").strip())
    return tuple(value for value in values if value)


def check_text(item: Item) -> None:
    """Raise ValueError where an atom holds more than `texts` gives."""
    names = (b"mean", b"name", b"data") if item.key.startswith("----") else (b"data",)
    for name, content in _children(item.raw[8:]):
        if name not in names or len(content) < (8 if name == b"data" else 4):
            raise DamagedError("it is no text")
        if name != b"data":
            continue
        if item.key == "GNRE":
            if not _old_genre(content[8:]):
                raise DamagedError("it is no genre")
        elif content[3] not in _CODECS or content[:3] != bytes(3):
            raise DamagedError("it is no text")
        else:
            content[8:].decode(_CODECS[content[3]])


def make_item(key: str, values: tuple[str, ...]) -> Item:
    """An atom of the item list with a data atom for each value."""
    content = b""
    name = key.encode("latin-1")
    if key.startswith("----:"):
        mean, title = name[5:].split(b":", 1)
        name = b"----"
        content = _atom(b"mean", bytes(4) + mean) + _atom(b"name", bytes(4) + title)
    data = (_atom(b"data", struct.pack(">II", 1, 0) + value.encode()) for value in values)
    return Item(key.upper(), _atom(name, content + b"".join(data)))


def _top(source: Source) -> list[_Atom]:
    atoms: list[_Atom] = []
    at = 0
    while at + 8 <= source.size:
        size, name = struct.unpack(">I4s", source.at(at, 8))
        body = at + 8
        if size == 1:
            (size,) = struct.unpack(">Q", source.at(at + 8, 8))
            body += 8
        end = source.size if size == 0 else at + size
        if end < body or end > source.size or len(atoms) > 10_000:
            raise DamagedError("its atoms are damaged")
        atoms.append(_Atom(name, at, body, end))
        at = end
    return atoms


def _moov(source: Source, atoms: list[_Atom]) -> bytes:
    found = [atom for atom in atoms if atom.name == b"moov"]
    if len(found) != 1 or found[0].body - found[0].start != 8:
        raise DamagedError("its index is missing")
    return source.at(found[0].body, found[0].end - found[0].body)


def _children(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of each atom in a content; zeros at the end are no atom."""
    at = 0
    while at + 8 <= len(content):
        size, name = struct.unpack(">I4s", content[at : at + 8])
        if size == 0 and not content[at:].strip(b"\0"):
            break
        if size < 8 or at + size > len(content):
            raise DamagedError("its atoms are damaged")
        yield name, content[at + 8 : at + size]
        at += size
    if content[at:].strip(b"\0"):
        raise DamagedError("its atoms are damaged")


def _skip(name: bytes, content: bytes) -> int:
    """Bytes before the children: meta has a version, except in files of QuickTime."""
    return 4 if name == b"meta" and content[4:8] != b"hdlr" else 0


def _find(content: bytes, path: tuple[bytes, ...]) -> bytes:
    for name, inner in _children(content):
        if name == path[0]:
            if len(path) == 1:
                return inner
            return _find(inner[_skip(name, inner) :], path[1:])
    return b""


def _with_list(content: bytes, path: tuple[bytes, ...], ilst: bytes) -> bytes:
    """A content in which the item list is another; the way to it is made where it is missing."""
    if not path:
        return ilst
    parts, done = [], False
    for name, inner in _children(content):
        if name == path[0] and not done:
            skip = _skip(name, inner)
            inner, done = inner[:skip] + _with_list(inner[skip:], path[1:], ilst), True
        parts.append(_atom(name, inner))
    if not done:
        front = bytes(4) + _atom(b"hdlr", _HANDLER) if path[0] == b"meta" else b""
        parts.append(_atom(path[0], front + _with_list(b"", path[1:], ilst)))
    return b"".join(parts)


def _moved(content: bytes, after: int, by: int, depth: int = 0) -> bytes:
    """A content in which chunk offsets from `after` on are larger by `by`."""
    if depth > _DEEPEST:
        raise DamagedError("its atoms are too deep")
    parts = []
    for name, inner in _children(content):
        if name in _PARENTS:
            inner = _moved(inner, after, by, depth + 1)
        elif name in (b"stco", b"co64"):
            code, offsets = _offsets(name, inner)
            new = [offset + by if offset >= after else offset for offset in offsets]
            if new and max(new) >= 1 << 8 * struct.calcsize(code):
                raise DamagedError("it is too large for its table of offsets")
            inner = inner[:8] + struct.pack(f">{len(new)}{code}", *new)
        parts.append(_atom(name, inner))
    return b"".join(parts)


def _offsets(name: bytes, content: bytes) -> tuple[str, tuple[int, ...]]:
    code = "I" if name == b"stco" else "Q"
    count = int.from_bytes(content[4:8], "big")
    if len(content) != 8 + count * struct.calcsize(code):
        raise DamagedError("its table of offsets is damaged")
    return code, struct.unpack(f">{count}{code}", content[8:])


def _leaves(content: bytes, path: bytes, mdats: list[Range], depth: int = 0) -> Iterator[bytes]:
    """All of an index but the item list and padding, with offsets counted inside of mdat."""
    if depth > _DEEPEST:
        raise DamagedError("its atoms are too deep")
    for name, inner in _children(content):
        here = path + b"." + name
        if name in _PARENTS or here in _WAY:
            yield from _leaves(inner[_skip(name, inner) :], here, mdats, depth + 1)
        elif name in (b"stco", b"co64"):
            _, offsets = _offsets(name, inner)
            yield here + repr(list(_inside(offsets, mdats))).encode()
        elif name not in _FREE and here not in (_WAY[1] + b".ilst", _WAY[1] + b".hdlr"):
            yield here + inner


def _check_metas(content: bytes) -> None:
    """Raise DamagedError where others lose their way in tags that we do not read."""
    for name, inner in _children(content):
        if name == b"trak":
            _check_metas(inner)
        elif name == b"meta":
            for part, items in _children(inner[_skip(name, inner) :]):
                list(_children(items) if part == b"ilst" else ())


def _sizes(content: bytes, depth: int = 0) -> Iterator[int]:
    """Bytes of all samples of each table of them."""
    if depth > _DEEPEST:
        raise DamagedError("its atoms are too deep")
    for name, inner in _children(content):
        if name in _PARENTS:
            yield from _sizes(inner, depth + 1)
        elif name == b"stsz" and len(inner) >= 12:
            each, count = struct.unpack(">II", inner[4:12])
            table = inner[12 : 12 + 4 * count]
            if not each and len(table) < 4 * count:
                raise DamagedError("its table of sizes is damaged")
            yield each * count or sum(struct.unpack(f">{len(table) // 4}I", table))


def _inside(offsets: Iterable[int], mdats: list[Range]) -> Iterator[tuple[int, int]]:
    for offset in offsets:
        inside = (i for i, (start, end) in enumerate(mdats) if start <= offset < end)
        number = next(inside, -1)
        yield number, offset - (mdats[number][0] if number >= 0 else 0)


def _items(ilst: bytes) -> Iterator[Item]:
    for name, content in _children(ilst):
        key = name.decode("latin-1")
        if name == b"----":
            names, parts = zip(*_children(content), strict=True) if content else ((), ())
            if names[:2] == (b"mean", b"name"):  # others go by the places of the two
                key += "".join(f":{part[4:].decode('utf-8', 'replace')}" for part in parts[:2])
        yield Item(key.upper(), _atom(name, content))


def _atom(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content


def _old_genre(content: bytes) -> str:
    from mutagen.id3 import TCON

    number = int.from_bytes(content[:2], "big")  # ID3v1's numbers, from 1
    return TCON.GENRES[number - 1] if 0 < number <= len(TCON.GENRES) else ""
