"""Ogg: streams, packets and time stamps of every page, and whether its checksum is right."""

from __future__ import annotations

import hashlib
import itertools
import struct
from collections import defaultdict
from dataclasses import dataclass

_TABLE = []
for _number in range(256):
    _value = _number << 24
    for _ in range(8):
        _value = (_value << 1 ^ (0x04C11DB7 if _value & 0x80000000 else 0)) & 0xFFFFFFFF
    _TABLE.append(_value)


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it stands in the file."""

    flags: int
    granule: int
    serial: int
    sequence: int
    lacing: bytes
    body: bytes
    right: bool  # its checksum


def crc(content: bytes) -> int:
    """Ogg's checksum."""
    value = 0
    for byte in content:
        value = (value << 8 & 0xFFFFFFFF) ^ _TABLE[value >> 24 ^ byte]
    return value


def pages(content: bytes) -> list[Page]:
    """All pages of a file of nothing else."""
    found, at = [], 0
    while at < len(content):
        if content[at : at + 4] != b"OggS" or len(content) < at + 27:
            raise ValueError("something stands between the pages")
        flags, granule, serial, sequence, check, count = struct.unpack_from(
            "<BqIIIB", content, at + 5
        )
        lacing = content[at + 27 : at + 27 + count]
        end = at + 27 + count + sum(lacing)
        if end > len(content):
            raise ValueError("the last page is cut off")
        raw = content[at : at + 22] + bytes(4) + content[at + 26 : end]
        body = content[at + 27 + count : end]
        found.append(Page(flags, granule, serial, sequence, lacing, body, crc(raw) == check))
        at = end
    return found


def unpaged(content: bytes) -> bytes:
    """A file without the headers of its pages, as far as they are such."""
    kept, at = [], 0
    while (found := content.find(b"OggS\0", at)) >= 0 and found + 27 <= len(content):
        kept.append(content[at:found])
        at = found + 27 + content[found + 26]
    return b"".join([*kept, content[at:]])


def parts(content: bytes) -> dict[str, bytes]:
    """The pages of sound, and for every stream its packets but the comments."""
    streams: dict[tuple[int, int], list[Page]] = defaultdict(list)
    turn: dict[int, int] = defaultdict(int)  # chained streams may have one number
    for page in pages(content):
        turn[page.serial] += page.flags & 2 > 0
        streams[page.serial, turn[page.serial]].append(page)
    found: dict[str, bytes] = {}
    for number, stream in enumerate(streams.values()):
        found |= {f"stream {number} {name}": part for name, part in _stream(stream).items()}
    return found


def _stream(stream: list[Page]) -> dict[str, bytes]:
    packets = _packets(stream)
    first = packets[0] if packets else b""
    sound = stream[_headers(stream, first) :]
    kept = [packets[0], *packets[2:]] if len(packets) > 1 else packets
    digest = hashlib.blake2b()
    for packet in kept:
        digest.update(len(packet).to_bytes(4, "big") + packet)
    numbers = [page.sequence for page in stream]
    steps = {number: later - number for number, later in itertools.pairwise(numbers)}
    return {
        "packets": digest.digest(),
        "time stamps": repr([(page.granule, page.flags & 6) for page in sound]).encode(),
        "checksums": repr([page.right for page in sound]).encode(),
        "headers' checksums": repr(
            all(page.right for page in stream[: -len(sound) or None])
        ).encode(),
        "page numbers": repr(sorted(set(steps.values()))).encode(),
    }


def _headers(stream: list[Page], first: bytes) -> int:
    """How many pages hold the header packets."""
    wanted = 3 if first.startswith(b"\x01vorbis") else 2
    ended = 0
    for number, page in enumerate(stream):
        ended += sum(size < 255 for size in page.lacing)
        if ended >= wanted:
            return number + 1
    return len(stream)


def _packets(stream: list[Page]) -> list[bytes]:
    found, part = [], bytearray()
    for page in stream:
        at = 0
        for size in page.lacing:
            part += page.body[at : at + size]
            at += size
            if size < 255:
                found.append(bytes(part))
                part.clear()
    return [*found, bytes(part)] if part else found
