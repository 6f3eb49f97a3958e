"""Ogg by hand: pages of every cut, chained and multiplexed streams, wrong checksums.

Source: https://www.rfc-editor.org/rfc/rfc3533
"""

from __future__ import annotations

import base64
import random
import struct
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from benchmarks.safety.forms import carriers
from benchmarks.safety.forms.flac import comment_block, comments, picture, some_genre
from benchmarks.safety.forms.form import Form, Maker, Named, some_bytes
from benchmarks.safety.structure.ogg import crc

_MARKS = {"vorbis": b"\x03vorbis", "opus": b"OpusTags", "speex": b"", "theora": b"\x81theora"}
_HEADERS = {"vorbis": 3, "opus": 2, "speex": 2}
_SUFFIX = {"vorbis": ".ogg", "opus": ".opus", "speex": ".spx"}
_FIRST, _LAST, _CONTINUED = 2, 4, 1


def page(flags: int, granule: int, serial: int, number: int, lacing: bytes, body: bytes) -> bytes:
    """A page with its checksum."""
    head = b"OggS\0" + struct.pack("<BqII", flags, granule, serial, number)
    rest = bytes([len(lacing)]) + lacing + body
    return head + struct.pack("<I", crc(head + bytes(4) + rest)) + rest


def paged(
    packets: Sequence[tuple[int, bytes]], serial: int, *, segments: int = 255, first: int = 0,
    together: bool = False, ends: bool = True,
) -> list[bytes]:  # fmt: skip
    """Pages of packets; each packet begins a page unless they go together."""
    groups: list[list[tuple[int, bytes]]] = [[packet] for packet in packets]
    if together and len(groups) > 2:
        groups = [groups[0], [packet for group in groups[1:] for packet in group]]
    made: list[bytes] = []
    for number, group in enumerate(groups):
        final = ends and number == len(groups) - 1
        made += _pages_of(group, serial, segments, first + len(made), begin=number == 0, end=final)
    return made


def _pages_of(
    group: list[tuple[int, bytes]],
    serial: int,
    segments: int,
    number: int,
    *,
    begin: bool,
    end: bool,
) -> list[bytes]:
    """The pages of packets that lie one behind the other."""
    lacing: list[tuple[int, int]] = []  # size, time stamp where a packet ends
    for granule, packet in group:
        lacing += [(255, -1)] * (len(packet) // 255) + [(len(packet) % 255, granule)]
    body, at = b"".join(packet for _, packet in group), 0
    made: list[bytes] = []
    for start in range(0, len(lacing), segments):
        part = lacing[start : start + segments]
        size = sum(length for length, _ in part)
        stamps = [granule for length, granule in part if length < 255]
        flags = _CONTINUED if start and lacing[start - 1][0] == 255 else 0
        flags |= _FIRST if begin and start == 0 else 0
        flags |= _LAST if end and start + segments >= len(lacing) else 0
        sizes = bytes(length for length, _ in part)
        stamp = stamps[-1] if stamps else -1
        made.append(page(flags, stamp, serial, number + len(made), sizes, body[at : at + size]))
        at += size
    return made


def stream(
    rng: random.Random, codec: str, *, extra: str = "", segments: int = 255, first: int = 0,
    together: bool = False, serial: int | None = None, bare: bool = False,
) -> tuple[list[bytes], list[Named], list[Named]]:  # fmt: skip
    """The pages of one stream, what must stay of it, and its comments."""
    packets = list(carriers.ogg_packets(codec))
    made = [] if bare else comments(rng, genre=some_genre(rng), odd=extra == "odd")
    if extra in ("picture", "large picture"):
        block = picture(rng, 3, 200_000 if extra.startswith("large") else 900)
        made.append(("picture", b"METADATA_BLOCK_PICTURE=" + base64.b64encode(block)))
    tail = b"\x01" if codec == "vorbis" else b""
    tail += {"tail": b"\x01" + some_bytes(rng, 40), "zeros": bytes(500)}.get(extra, b"")
    packets[1] = (0, _MARKS[codec] + comment_block(made) + tail)
    n_headers = _HEADERS[codec]
    headers = [(0, packet) for _, packet in packets[:n_headers]]
    serial = rng.getrandbits(32) if serial is None else serial
    pages = paged(headers, serial, segments=segments, first=first, together=together, ends=False)
    sound = packets[n_headers:]
    for at in range(0, len(sound), 8):
        group = sound[at : at + 8]
        ends = at + 8 >= len(sound)
        pages += _pages_of(group, serial, 255, first + len(pages), begin=False, end=ends)
    exact = [("packet", packet) for _, packet in sound if len(packet) > 20]
    exact += [("what follows the comments", tail)] if extra == "tail" else []
    return pages, exact, [named for named in made if named[0]]


def single(rng: random.Random, codec: str, **how: object) -> Form:
    """One stream."""
    pages, exact, fields = stream(rng, codec, **how)  # type: ignore[arg-type]
    return Form(_SUFFIX[codec], b"".join(pages), tuple(exact), tuple(fields))


def chained(rng: random.Random, codec: str, other: str) -> Form:
    """Two streams, one behind the other."""
    pages, exact, fields = stream(rng, codec, extra=rng.choice(("", "picture")))
    serial = rng.choice((None, 7))
    second, more, its = stream(rng, other, serial=serial)
    tail: list[Named] = [("second stream", page) for page in second]
    return Form(_SUFFIX[codec], b"".join([*pages, *second]), (*exact, *more, *its, *tail),
                tuple(fields))  # fmt: skip


def multiplexed(rng: random.Random, codec: str, *, early: bool) -> Form:
    """Two streams whose pages take turns; the other's headers before or after our comments."""
    pages, exact, fields = stream(rng, codec)
    number = 0xABCDEF
    body = [(0, b"\x80other" + some_bytes(rng, 30)), *[(i, some_bytes(rng, 90)) for i in range(6)]]
    others = paged(body, number)
    turns = [pages[0], others[0]] if early else [pages[0]]
    rest, more = pages[1:], others[1:] if early else others
    while rest or more:
        turns += rest[:2] + more[:1]
        rest, more = rest[2:], more[1:]
    tail: list[Named] = [("page of the other stream", page) for page in others]
    return Form(_SUFFIX[codec], b"".join(turns), (*exact, *tail), tuple(fields))


def wrong_checksums(rng: random.Random, codec: str, *, which: str, large: bool) -> Form:
    """A page whose bytes were changed on some disk, or whose checksum was."""
    pages, _, fields = stream(rng, codec, extra="picture" if large else "")
    last = len(pages) - 1
    place = {"sound": rng.randrange(last // 2 + 1, last + 1), "first": 0, "comments": 1}[which]
    wrong = bytearray(pages[place])
    at = rng.choice((22, len(wrong) - 1 - rng.randrange(8)))
    wrong[at] ^= 1 << rng.randrange(8)
    pages[place] = bytes(wrong)
    exact = [("wrong page", bytes(wrong[27:]))] if which == "sound" else []
    return Form(
        _SUFFIX[codec], b"".join(pages), tuple(exact), tuple(fields if which == "sound" else ())
    )


def junk(rng: random.Random, codec: str, *, where: str) -> Form:
    """Bytes between or behind the pages."""
    pages, exact, fields = stream(rng, codec)
    place = len(pages) if where == "end" else rng.randrange(4, len(pages))
    pages.insert(place, noise := b"junk" + some_bytes(rng, 40))
    return Form(_SUFFIX[codec], b"".join(pages), (*exact, ("junk", noise)), tuple(fields))


def holes(rng: random.Random, codec: str) -> Form:
    """Pages whose numbers do not follow one another, as cutters of streams leave them."""
    pages, exact, fields = stream(rng, codec, first=rng.choice((0, 3)))
    place = rng.randrange(4, len(pages) - 1)
    del pages[place]
    kept = b"".join(pages)
    return Form(_SUFFIX[codec], kept, tuple(n for n in exact if n[1] in kept), tuple(fields))


def forms() -> Iterator[tuple[str, Maker]]:
    """All of them by name."""
    for codec in _HEADERS:
        for what, maker in (*_whole(), *_odd()):
            yield f"ogg: {codec}{what}", partial(maker, codec=codec)


def _whole() -> Iterator[tuple[str, Callable[..., Form]]]:
    """One stream, in every cut."""
    yield "", single
    for extra in ("picture", "large picture", "tail", "zeros", "odd"):
        yield f", {extra}", partial(single, extra=extra)
    for segments in (1, 2, 7, 50):
        yield f", pages of {segments} segments", partial(single, segments=segments, extra="picture")
    yield ", headers together", partial(single, together=True)
    yield ", numbers from 5", partial(single, first=5)
    yield ", no comments", partial(single, bare=True)
    for other in _HEADERS:
        yield f" chained with {other}", partial(chained, other=other)


def _odd() -> Iterator[tuple[str, Callable[..., Form]]]:
    """Files that are not as they should be."""
    for early in (True, False):
        yield f" multiplexed {'early' if early else 'late'}", partial(multiplexed, early=early)
    for which in ("sound", "first", "comments"):
        for large in (True, False):
            what = f", wrong checksum ({which}){', picture' * large}"
            yield what, partial(wrong_checksums, which=which, large=large)
    for where in ("end", "middle"):
        yield f", junk ({where})", partial(junk, where=where)
    yield ", holes", holes
