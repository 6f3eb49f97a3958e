"""Files that would take all memory or time: sparse, endless, nested, packed, of many parts."""

from __future__ import annotations

import hashlib
import os
import random
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.safety.attacked import carry_out, intend
from benchmarks.safety.forms import FORMS, mpeg
from benchmarks.safety.forms.ape import ape_tag, item
from benchmarks.safety.forms.flac import comment_block
from benchmarks.safety.forms.form import Form
from benchmarks.safety.forms.id3 import Way, assemble, frame, synchsafe
from benchmarks.safety.forms.mp4 import atom, data
from benchmarks.safety.plain import left_behind
from benchmarks.safety.referee import Problem
from benchmarks.safety.trial import Check, Place

_SPARSE = 2 << 30
_ROOM = 1 << 16  # no change of tags takes or gives more
_HEADS = ("mp3: 2.4 encoding 0", "mp3: sound", "flac: blocks cp0", "ogg: vorbis",
          "ogg: opus", "ogg: speex", "WAV: tag last", "AIFF: tag last", "mp4: order fim, full",
          "mp4: order fmi, full", "asf: objects cex", "wavpack: tag full", "ape: tag full",
          "musepack: tag full", "tta: 2.4", "dsf: 2.4")  # fmt: skip


def attack(place: Place, rng: random.Random, name: str) -> Iterator[Check]:
    """The program meets such a file; how long it takes and how much memory others watch."""
    path = HOSTILE[name](place.empty(), rng)
    before = _size_and_start(path)
    intent = intend(path, rng, "replace")
    status, said = "left at planning", "refused"
    if intent is not None:
        (outcome,) = carry_out([intent], place.journal)
        said = outcome.status
        status = "as wished" if said == "changed" else "as before"
    problems = left_behind(path) if os.path.lexists(path) else []
    now = _size_and_start(path)
    if said != "changed" and now != before:
        problems.append(Problem("damaged", "said to be left, and was changed"))
    if abs(now[0] - before[0]) > _ROOM:
        problems.append(Problem("lost", f"of {before[0]} bytes there are {now[0]}"))
    place.empty()
    yield Check(name, status, tuple(problems))


def _size_and_start(path: Path) -> tuple[int, str]:
    """The size, and a checksum of the first MB."""
    if path.is_symlink() or not path.is_file():
        return 0, ""
    with path.open("rb") as file:
        head = hashlib.blake2b(file.read(1 << 20)).hexdigest()
        return file.seek(0, os.SEEK_END), head


def _sparse(head: str, folder: Path, rng: random.Random) -> Path:
    """A download of which only the first 3,000 bytes have come."""
    form = FORMS[head](rng)
    path = folder / f"song{form.suffix}"
    path.write_bytes(form.content[:3000])
    os.truncate(path, _SPARSE)
    return path


def _tail(head: str, folder: Path, rng: random.Random) -> Path:
    """A whole file, and zeros behind it."""
    form = FORMS[head](rng)
    path = folder / f"song{form.suffix}"
    path.write_bytes(form.content)
    os.truncate(path, _SPARSE // 8)
    return path


def _endless(folder: Path, _rng: random.Random) -> Path:
    path = folder / "song.mp3"
    path.symlink_to("/dev/zero")
    return path


def _pipe(folder: Path, _rng: random.Random) -> Path:
    path = folder / "song.flac"
    os.mkfifo(path)
    return path


def _bomb(name: str, version: int, folder: Path, rng: random.Random) -> Path:
    """A frame that is 400 MB when unpacked."""
    pack = zlib.compressobj(9)
    packed = b"".join(pack.compress(bytes(1 << 20)) for _ in range(400)) + pack.flush()
    size = 400 << 20
    head = size.to_bytes(4, "big") if version == 3 else synchsafe(size)
    way = Way(version)
    raw = frame(way, name, packed, 0x80 if version == 3 else 0x09, head)
    title = frame(way, "TIT2", b"\0title")
    return _write(folder, Form(".mp3", assemble(way, title + raw) + mpeg.sound(rng)))


def _nested(folder: Path, _rng: random.Random) -> Path:
    """Atoms 20,000 deep."""
    content = b"".join(
        struct.pack(">I4s", 8 * (20_000 - depth), b"udta") for depth in range(20_000)
    )
    return _write(folder, Form(".m4a", atom(b"ftyp", b"M4A \0\0\0\0") + atom(b"moov", content)))


def _chapters(folder: Path, rng: random.Random) -> Path:
    """Chapters in chapters, 2,000 deep."""
    way, raw = Way(3), b""
    for _ in range(2000):
        raw = frame(way, "CHAP", b"c\0" + bytes(16) + raw)
    return _write(folder, Form(".mp3", assemble(way, raw) + mpeg.sound(rng)))


def _frames(folder: Path, rng: random.Random) -> Path:
    """300,000 frames."""
    raw = frame(Way(3), "TXXX", b"\0a\0b") * 300_000
    return _write(folder, Form(".mp3", assemble(Way(3), raw) + mpeg.sound(rng)))


def _comments(folder: Path, rng: random.Random) -> Path:
    """Comments without number, and a count of more than there are."""
    block = comment_block([("", b"A=B")] * 300_000)
    form = FORMS["flac: blocks none"](rng)
    head = form.content[:4] + b"\0" + form.content[5:42]
    raw = head + bytes([0x84]) + len(block).to_bytes(3, "big") + block + form.content[42:]
    return _write(folder, Form(".flac", raw))


def _items(folder: Path, rng: random.Random) -> Path:
    """300,000 items of APEv2."""
    tag = ape_tag(rng, made=[("", item(f"K{number}", b"v")) for number in range(300_000)])
    form = FORMS["wavpack: tag none"](rng)
    return _write(folder, Form(".wv", form.content + tag))


def _list(folder: Path, _rng: random.Random) -> Path:
    """300,000 atoms in a list, in a file without sound."""
    ilst = atom(b"ilst", atom(b"\xa9nam", data(1, b"x")) * 300_000)
    handler = atom(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
    moov = atom(b"moov", atom(b"udta", atom(b"meta", bytes(4) + handler + ilst)))
    return _write(folder, Form(".m4a", atom(b"ftyp", b"M4A \0\0\0\0") + moov))


def _pages(folder: Path, rng: random.Random) -> Path:
    """100,000 empty pages behind the first."""
    form = FORMS["ogg: vorbis"](rng)
    second = form.content.find(b"OggS", 4)
    empty = b"OggS\0\0" + bytes(8) + form.content[14:18] + bytes(8) + b"\0"
    return _write(folder, Form(".ogg", form.content[:second] + empty * 100_000))


def _write(folder: Path, form: Form) -> Path:
    path = folder / f"song{form.suffix}"
    path.write_bytes(form.content)
    return path


def _all() -> Iterator[tuple[str, Callable[[Path, random.Random], Path]]]:
    for head in _HEADS:
        yield f"3,000 bytes and 2 GB of zeros: {head}", partial(_sparse, head)
        yield f"256 MB of zeros behind: {head}", partial(_tail, head)
    if sys.platform == "linux":
        yield "endless", _endless
    yield "pipe", _pipe
    for name in ("TCON", "APIC", "TXXX"):
        for version in (3, 4):
            yield f"{name} of 400 MB, packed, 2.{version}", partial(_bomb, name, version)
    makers = (_nested, _chapters, _frames, _comments, _items, _list, _pages)
    yield from ((str(maker.__doc__).rstrip("."), maker) for maker in makers)


HOSTILE = dict(_all())
