"""FLAC: every kind of block, in every order. Source: https://www.rfc-editor.org/rfc/rfc9639."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator
from functools import partial

from benchmarks.safety.forms import carriers
from benchmarks.safety.forms.form import Form, Maker, Named, some_bytes, word
from benchmarks.safety.forms.id3 import Way, write
from benchmarks.safety.forms.mpeg import id3v1

_PADDING, _APPLICATION, _SEEK, _COMMENT, _SHEET, _PICTURE = 1, 2, 3, 4, 5, 6
Block = tuple[int, bytes]


def comments(rng: random.Random, *, odd: bool = False, genre: str = "") -> list[Named]:
    """Vorbis comments of others."""
    made = [
        ("TITLE", f"TITLE=Ä{word(rng)}".encode()),
        ("ARTIST", f"artist={word(rng)}".encode()),
        ("ARTIST", f"Artist={word(rng)}".encode()),
        ("ALBUM", f"ALBUM={word(rng)}".encode()),
        ("CHAPTER001", b"CHAPTER001=00:00:00.000"),
        ("CHAPTER001NAME", f"CHAPTER001NAME={word(rng)}".encode()),
        ("LYRICS", f"LYRICS={word(rng, 300)}\n={word(rng)}".encode()),
        ("EMPTY", b"EMPTY="),
    ]
    if odd:
        made += [("DATE", b"DATE=\xff\xfe" + word(rng).encode()), ("no name", word(rng).encode())]
        made += [("same", b"SAME=same")] * 2
    if genre:
        made.insert(rng.randrange(len(made)), ("", genre.encode()))
    return made


def comment_block(made: list[Named], vendor: bytes = b"by hand 1.0") -> bytes:
    """The block that holds comments."""
    block = struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(made))
    return block + b"".join(struct.pack("<I", len(raw)) + raw for _, raw in made)


def picture(rng: random.Random, kind: int = 3, size: int = 900) -> bytes:
    """A picture block."""
    head = struct.pack(">II", kind, 10) + b"image/jpeg" + struct.pack(">I", 5) + b"cover"
    return head + struct.pack(">IIIII", 10, 10, 24, 0, size + 6) + some_bytes(rng, size)


def cue_sheet(rng: random.Random) -> bytes:
    """A cue sheet of one track and the end."""
    head = word(rng).encode().ljust(128, b"\0") + struct.pack(">Q", 88200) + bytes(259)
    track = struct.pack(">QB", 0, 1) + bytes(12) + bytes(14) + b"\x01"
    return (
        head
        + b"\x02"
        + track
        + struct.pack(">QB3x", 0, 1)
        + struct.pack(">QB", 33000, 170)
        + bytes(12)
        + bytes(14)
        + b"\0"
    )


def some_genre(rng: random.Random) -> str:
    """A comment of ours that is there already, or none."""
    return rng.choice(("", "", "GENRE=Rock", "genre=Jazz", "INSTRUMENT=Flute"))


def file(rng: random.Random, order: str, *, odd: bool = False, front: str = "") -> Form:
    """A file with blocks in this order: c comments, p picture, s seek table, a application,
    q cue sheet, 0 padding, e empty padding, v a second block of comments, x a reserved kind."""
    info, sound = carriers.flac()
    made = comments(rng, odd=odd, genre=some_genre(rng))
    content: dict[str, Callable[[], Block]] = {
        "c": lambda: (_COMMENT, comment_block(made)),
        "p": lambda: (_PICTURE, picture(rng, rng.randrange(21))),
        "P": lambda: (_PICTURE, picture(rng, 3, 70_000)),
        "s": lambda: (_SEEK, struct.pack(">QQH", 0, 0, 4096) + b"\xff" * 8 + bytes(10)),
        "a": lambda: (_APPLICATION, b"riff" + some_bytes(rng, 60)),
        "q": lambda: (_SHEET, cue_sheet(rng)),
        "0": lambda: (_PADDING, bytes(rng.choice((1, 100, 5000)))),
        "e": lambda: (_PADDING, b""),
        "x": lambda: (77, some_bytes(rng, 50)),
    }
    blocks: list[Block] = [(0, info), *(content[sign]() for sign in order)]
    kept = [(f"block of kind {kind}", body) for kind, body in blocks if kind not in (1, 4)]
    before = _front(rng, front)
    raw = before + b"fLaC" + _joined(blocks) + sound + (id3v1(rng) if front == "v1" else b"")
    exact: list[Named] = [("sound", sound), *kept]
    exact += [("tag before the mark", before)] if before else []
    fields = [named for named in made if named[0]] if "c" in order else []
    return Form(".flac", raw, tuple(exact), tuple(fields))


def forms() -> Iterator[tuple[str, Maker]]:
    """All of them by name."""
    orders = ("", "c", "c0", "0c", "ce", "cp0", "pc", "ppc0", "csaqp0", "qasc", "pPp0c", "c0p0",
              "cx0", "0", "p", "scP")  # fmt: skip
    for order in orders:
        yield f"flac: blocks {order or 'none'}", partial(file, order=order)
    yield "flac: odd comments", partial(file, order="cp0", odd=True)
    for front in ("id3", "v1"):
        yield f"flac: {front}", partial(file, order="cp0", front=front)


def _front(rng: random.Random, front: str) -> bytes:
    return write(rng, Way(rng.choice((3, 4)))).content if front == "id3" else b""


def _joined(blocks: list[Block]) -> bytes:
    return b"".join(
        bytes([kind | 0x80 * (number == len(blocks) - 1)]) + len(body).to_bytes(3, "big") + body
        for number, (kind, body) in enumerate(blocks)
    )
