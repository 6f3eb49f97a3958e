"""MP4: atoms in atoms; tags are in moov.udta.meta.ilst, the sound in mdat.

The tables of chunk offsets (stco, co64) point into mdat from the start of the file, so they move
with it. Source: ISO/IEC 14496-12, and Apple's QuickTime File Format Specification
"""

from __future__ import annotations

import struct
import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tagger.tags.containers.base import (
    DamagedError,
    Item,
    Layout,
    ParsedFile,
    Range,
    Source,
    limited,
    limited_bytes,
)
from tagger.tags.containers.mp4_items import Buffer, children, items_in, make_atom

DIALECT = "mp4"
_PARENTS = (b"trak", b"mdia", b"minf", b"stbl")
_ILST_PARENTS = (b"moov.udta", b"moov.udta.meta")  # to the item list
_META_CHILDREN = (b"moov.udta.meta.ilst", b"moov.udta.meta.hdlr")
_PATH = (b"udta", b"meta", b"ilst")
_HANDLER = bytes(8) + b"mdirappl" + bytes(9)
_DEEPEST = 8
_MOST_OFFSETS = 1 << 20  # of chunks of sound; ten hours have 80,000
_FREE = (b"free", b"skip")


@dataclass(frozen=True, slots=True)
class _Atom:
    """An atom of a file: its name, where it starts, where its content starts, where it ends."""

    name: bytes
    start: int
    body: int
    end: int

    def content(self, source: Source) -> bytes:
        """All that stands in it."""
        return source.at(self.body, self.end - self.body)


@dataclass(frozen=True)
class Mp4(ParsedFile):
    """AAC and ALAC in MP4."""

    index: _Atom  # moov
    mdats: tuple[Range, ...]

    def audio(self) -> Iterable[Range]:
        """The content of all mdat atoms."""
        return self.mdats

    def spliced(self, items: Iterable[Item]) -> tuple[Range, bytes]:
        """Where the index is, and one with other items; offsets behind it move by what it grows.

        mutagen reads no file in whose index a list of atoms ends with zeros, as QuickTime has it.
        """
        moov = self.index.content(self.source)  # read again, since it is large and rarely needed
        ilst = b"".join(item.raw for item in items)
        grown = len(_with_list(moov, _PATH, ilst)) - len(moov)
        moved = _moved(moov, self.index.end, grown)
        new = make_atom(b"moov", _with_list(moved, _PATH, ilst))
        return (self.index.start, self.index.end), new


def read_mp4(source: Source) -> Mp4:
    """The atoms of the item list of a file; DamagedError where its atoms are damaged."""
    atoms = _top(source)
    index = _index(atoms)
    moov = index.content(source)
    _check_metas(moov)
    mdats = tuple((atom.body, atom.end) for atom in atoms if atom.name == b"mdat")
    rest = limited_bytes(leaf for leaf in limited(_leaves(moov, b"moov", mdats)) if leaf)
    others = (a for a in atoms if a.name not in (b"moov", b"mdat", *_FREE))
    rest += limited_bytes(source.at(a.start, min(a.end - a.start, 65536)) for a in others)
    items = tuple(items_in(_find(moov, _PATH)))
    doubt = _doubt(atoms, moov, mdats, items)
    return Mp4(source, "M4A", Layout(DIALECT, items, rest, doubt), index, mdats)


def _doubt(atoms: list[_Atom], moov: bytes, mdats: Iterable[Range], items: tuple[Item, ...]) -> str:
    """Why a file should not be written; nothing where it may be."""
    stated = sum(_sizes(moov))  # raises where they are damaged, whatever else there is
    if any(atom.name == b"moof" for atom in atoms):
        return "it is fragmented, as streams are"
    if stated > sum(end - start for start, end in mdats):
        return "its index tells of more sound than it holds"
    meta = _find(moov, _PATH[:2])
    if meta and not _skip(b"meta", meta):
        return "its tags are built as in QuickTime, where others do not find them"
    return "a free tag of it has no name" if any(item.key == "----" for item in items) else ""


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


def _index(atoms: list[_Atom]) -> _Atom:
    found = [atom for atom in atoms if atom.name == b"moov"]
    if len(found) != 1 or found[0].body - found[0].start != 8:
        raise DamagedError("its index is missing")
    return found[0]


def _skip(name: bytes, content: Buffer) -> int:
    """Bytes before the children: meta has a version, except in files of QuickTime."""
    return 4 if name == b"meta" and content[4:8] != b"hdlr" else 0


def _find(content: Buffer, path: tuple[bytes, ...]) -> Buffer:
    for name, inner in children(content):
        if name == path[0]:
            if len(path) == 1:
                return inner
            return _find(inner[_skip(name, inner) :], path[1:])
    return b""


def _with_list(content: Buffer, path: tuple[bytes, ...], ilst: bytes) -> bytes:
    """A content in which the item list is another; missing parents are created."""
    if not path:
        return ilst
    parts, done = [], False
    for name, inner in children(content):
        if name == path[0] and not done:
            skip, done = _skip(name, inner), True
            made = bytes(inner[:skip]) + _with_list(inner[skip:], path[1:], ilst)
            parts.append(make_atom(name, made))
        else:
            parts.append(make_atom(name, inner))
    if not done:
        front = bytes(4) + make_atom(b"hdlr", _HANDLER) if path[0] == b"meta" else b""
        parts.append(make_atom(path[0], front + _with_list(b"", path[1:], ilst)))
    return b"".join(parts)


def _moved(content: Buffer, after: int, by: int, depth: int = 0) -> bytes:
    """A content in which chunk offsets from `after` on are larger by `by`."""
    if depth > _DEEPEST:
        raise DamagedError("its atoms are too deep")
    parts = []
    for name, inner in children(content):
        if name in _PARENTS:
            parts.append(make_atom(name, _moved(inner, after, by, depth + 1)))
        elif name in (b"stco", b"co64"):
            code, offsets = _offsets(name, inner)
            new = [offset + by if offset >= after else offset for offset in offsets]
            if new and max(new) >= 1 << 8 * struct.calcsize(code):
                raise DamagedError("it is too large for its table of offsets")
            parts.append(
                make_atom(name, bytes(inner[:8]) + struct.pack(f">{len(new)}{code}", *new))
            )
        else:
            parts.append(make_atom(name, inner))
    return b"".join(parts)


def _offsets(name: bytes, content: Buffer) -> tuple[str, tuple[int, ...]]:
    code = "I" if name == b"stco" else "Q"
    count = int.from_bytes(content[4:8], "big")
    if len(content) != 8 + count * struct.calcsize(code) or count > _MOST_OFFSETS:
        raise DamagedError("its table of offsets is damaged")
    return code, struct.unpack(f">{count}{code}", content[8:])


def _leaves(
    content: Buffer, path: bytes, mdats: Sequence[Range], depth: int = 0
) -> Iterator[bytes]:
    """All of an index but the item list and padding, with offsets counted inside of mdat."""
    if depth > _DEEPEST:
        raise DamagedError("its atoms are too deep")
    for name, inner in children(content):
        here = path + b"." + name
        if name in _PARENTS or here in _ILST_PARENTS:
            yield b""  # it counts as well, were there nothing in it
            yield from _leaves(inner[_skip(name, inner) :], here, mdats, depth + 1)
        elif name in (b"stco", b"co64"):
            _, offsets = _offsets(name, inner)
            yield here + b"".join(struct.pack(">iQ", *one) for one in _inside(offsets, mdats))
        elif name not in _FREE and here not in (
            _ILST_PARENTS[1] + b".ilst",
            _ILST_PARENTS[1] + b".hdlr",
        ):
            yield here + inner


def _check_metas(content: Buffer) -> None:
    """Raise DamagedError where other readers would fail on tags that we do not read."""
    for name, inner in children(content):
        if name == b"trak":
            _check_metas(inner)
        elif name == b"meta":
            for part, items in children(inner[_skip(name, inner) :]):
                list(children(items) if part == b"ilst" else ())


def _sizes(content: Buffer, depth: int = 0) -> Iterator[int]:
    """Bytes of all samples of each table of them."""
    if depth > _DEEPEST:
        raise DamagedError("its atoms are too deep")
    for name, inner in children(content):
        if name in _PARENTS:
            yield from _sizes(inner, depth + 1)
        elif name == b"stsz" and len(inner) >= 12:
            each, count = struct.unpack(">II", inner[4:12])
            table = array("I")
            table.frombytes(inner[12 : 12 + min(count, len(inner) // 4 - 3) * 4])
            if not each and len(table) < count:
                raise DamagedError("its table of sizes is damaged")
            if sys.byteorder == "little":
                table.byteswap()
            yield each * count or sum(table)


def _inside(offsets: Iterable[int], mdats: Sequence[Range]) -> Iterator[tuple[int, int]]:
    starts = [start for start, _ in mdats]
    for offset in offsets:
        number = bisect_right(starts, offset) - 1  # the last that starts before it
        if number < 0 or offset >= mdats[number][1]:
            yield -1, offset
        else:
            yield number, offset - starts[number]
