"""ID3v2 tags, cut into frames and put together in the version they have.

Source: https://id3.org/id3v2.3.0, https://id3.org/id3v2.4.0-structure, https://id3.org/id3v2-00

Frames that are not ours keep their bytes, so none is translated from one version to another. Two
things go, as in every tag editor: the extended header, whose checksum would no longer be true,
and unsynchronisation of whole tags before 2.4, which no decoder of this century needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tagger.containers.parts import DamagedError, Item, Source

# Names of version 2.2 -> those of 2.3 and 2.4, for the frames that we look at.
_OLD_NAMES = {"TCO": "TCON", "TXX": "TXXX", "TT2": "TIT2", "TP1": "TPE1", "TAL": "TALB",
              "TP2": "TPE2", "TCP": "TCMP"}  # fmt: skip
_NEW_NAMES = {new: old for old, new in _OLD_NAMES.items()}
_NAME = re.compile(rb"[A-Z0-9]{4}|[A-Z0-9]{3}[\0 ]")  # iTunes put names of 2.2 into tags of 2.3
_CODECS = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}
JOINT = "; "  # between values before version 2.4, which has no sign for it


@dataclass(frozen=True, slots=True)
class Id3Tag:
    """A whole tag: version 2 to 4, its frames, and the bytes it takes in the file."""

    version: int = 4
    items: tuple[Item, ...] = ()
    size: int = 0
    flags: int = 0  # of the header, as far as we write them again

    @property
    def dialect(self) -> str:
        """The name of this way to write frames."""
        return f"id3v2.{self.version}"


def read_tag(source: Source, start: int = 0) -> Id3Tag:
    """The tag at a place of a file; an empty one of size 0 where there is none."""
    head = source.peek(start, 10)
    if len(head) < 10 or head[:3] != b"ID3":
        return Id3Tag()
    version, flags = head[3], head[5]
    if version not in (2, 3, 4) or max(head[6:]) > 0x7F:
        raise DamagedError("its ID3 tag is of no known version")
    length = _synchsafe(head[6:])
    body = source.at(start + 10, length)
    footer = 10 if version == 4 and flags & 0x10 else 0
    if version < 4 and flags & 0x80:
        body = body.replace(b"\xff\0", b"\xff")
    if flags & 0x40:
        body = body[_extended(body, version) :]
    kept = flags & 0x80 if version == 4 else 0
    return Id3Tag(version, tuple(_frames(body, version)), 10 + length + footer, kept)


def build_tag(tag: Id3Tag, items: Iterable[Item], size: int = 0) -> bytes:
    """A tag of these frames, in the version of `tag`, filled up to `size` bytes."""
    frames = b"".join(item.raw for item in items)
    length = max(len(frames), size - 10)
    if length >= 1 << 28:
        raise DamagedError("its ID3 tag would be larger than such a tag can be")
    size_bytes = bytes(length >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3" + bytes([tag.version, 0, tag.flags]) + size_bytes + frames.ljust(length, b"\0")


def texts(item: Item, dialect: str) -> tuple[str, ...]:
    """The values of a text frame."""
    version = _version(dialect)
    body = _body(item.raw, version)
    if not body:
        return ()
    codec = _CODECS.get(body[0], "latin-1")
    text = _decode(body[1:], codec)
    parts = text.split("\0")
    if item.key.startswith("TXXX:"):
        # The description ends with the first zero; the value may have a byte order mark again.
        parts = [part.removeprefix("\ufeff").removeprefix("\ufffe") for part in parts[1:]]
    if version < 4:
        parts = [value for part in parts for value in part.split(JOINT)]
    if item.key == "TCON":
        parts = _genres(parts)
    return tuple(value for part in parts if (value := part.strip()))


def make_item(key: str, values: tuple[str, ...], dialect: str) -> Item:
    """A text frame; where the version has no several values, they are joined."""
    version = _version(dialect)
    name, _, description = key.partition(":")
    text = ("\0" if version == 4 else JOINT).join(values)
    encoding = 3 if version == 4 else 0 if _is_latin(description + text) else 1
    codec = _CODECS[encoding]
    body = bytes([encoding])
    if description:
        body += description.encode(codec) + (b"\0\0" if encoding == 1 else b"\0")
    return Item(key, _frame(name, body + text.encode(codec), version))


def _frames(body: bytes, version: int) -> Iterator[Item]:
    if version == 2:
        return iter(_walk(body, 2, plain=True))
    try:
        return iter(_walk(body, version, plain=version == 3))
    except DamagedError:
        if version == 3:
            raise
        return iter(_walk(body, 4, plain=True))  # old versions of iTunes wrote plain sizes


def _walk(body: bytes, version: int, *, plain: bool) -> list[Item]:
    """All frames up to the padding; an error where they do not fit one behind the other."""
    head = 6 if version == 2 else 10
    items, at = [], 0
    while at + head <= len(body) and body[at]:
        name = body[at : at + (3 if version == 2 else 4)]
        number = body[at + len(name) : at + (6 if version == 2 else 8)]
        if not _NAME.fullmatch(name.ljust(4, b"\0")) or (not plain and max(number) > 0x7F):
            raise DamagedError("its ID3 tag is damaged")
        size = int.from_bytes(number, "big") if plain else _synchsafe(number)
        raw = body[at : at + head + size]
        if len(raw) < head + size:
            raise DamagedError("its ID3 tag is damaged")
        if plain and version == 4:
            raw = name + _to_synchsafe(size) + raw[8:]
        items.append(Item(_key(name, raw, version), raw))
        at += head + size
    return items


def _key(name: bytes, raw: bytes, version: int) -> str:
    text = name.rstrip(b"\0 ").decode("ascii")
    text = _OLD_NAMES.get(text, text)
    if text != "TXXX":
        return text
    try:
        body = _body(raw, version)
    except DamagedError:
        return text
    description = _decode(body[1:], _CODECS.get(body[0], "latin-1")) if body else ""
    return f"TXXX:{description.split(chr(0))[0].upper()}"


def _body(raw: bytes, version: int) -> bytes:
    """A frame without its header and whatever its flags put in front."""
    if version == 2:
        return raw[6:]
    flags, body = raw[9], raw[10:]
    if flags & (0xC0 if version == 3 else 0x0C):
        raise DamagedError("a field of its ID3 tag is packed or encrypted")
    if flags & (0x20 if version == 3 else 0x40):
        body = body[1:]
    if version == 4 and flags & 0x01:
        body = body[4:]
    if version == 4 and flags & 0x02:
        body = body.replace(b"\xff\0", b"\xff")
    return body


def _frame(name: str, body: bytes, version: int) -> bytes:
    if version == 2:
        return _NEW_NAMES[name].encode("ascii") + len(body).to_bytes(3, "big") + body
    size = len(body).to_bytes(4, "big") if version == 3 else _to_synchsafe(len(body))
    return name.encode("ascii") + size + b"\0\0" + body


def _extended(body: bytes, version: int) -> int:
    if version == 2 or len(body) < 4:
        raise DamagedError("its ID3 tag is packed in a way nobody uses")
    length = 4 + int.from_bytes(body[:4], "big") if version == 3 else _synchsafe(body[:4])
    if length > len(body):
        raise DamagedError("its ID3 tag is damaged")
    return length


def _genres(values: list[str]) -> list[str]:
    """Names for numbers such as "17" and "(17)"."""
    from mutagen.id3 import TCON  # 30 ms that other commands need not pay

    return list(TCON(encoding=3, text=values).genres)  # type: ignore[no-untyped-call]


def _decode(content: bytes, codec: str) -> str:
    if codec == "utf-16" and content[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        codec = "utf-16-le"
    return content.decode(codec, "replace")


def _is_latin(text: str) -> bool:
    return all(ord(sign) < 256 for sign in text)


def _version(dialect: str) -> int:
    return int(dialect[-1])


def _synchsafe(content: bytes) -> int:
    number = 0
    for byte in content:
        number = number << 7 | byte & 0x7F
    return number


def _to_synchsafe(number: int) -> bytes:
    if number >= 1 << 28:
        raise DamagedError("a field is too large for an ID3 tag")
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))
