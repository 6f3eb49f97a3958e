"""The containers of music: each cut into items and pieces, and put together again.

`identify` tells which one a file is by its content, whatever it is called; `values` and `make`
translate between items and text. Nothing here writes a file.
"""

from __future__ import annotations

from tagger.tags.containers import ape, asf, id3, mp4text, vorbis
from tagger.tags.containers.ape import Ape
from tagger.tags.containers.asf import Asf
from tagger.tags.containers.chunks import Chunked, Dsf
from tagger.tags.containers.flac import Flac
from tagger.tags.containers.mp3 import Mp3
from tagger.tags.containers.mp4 import Mp4
from tagger.tags.containers.ogg import Ogg
from tagger.tags.containers.parts import Container, Item, Layout, Source

_WAV = Chunked("WAV", "<", b"data", (b"id3 ", b"ID3 "))
_AIFF = Chunked("AIFF", ">", b"SSND", (b"ID3 ",))
_MARKS: tuple[tuple[bytes, Container], ...] = (
    (b"fLaC", Flac()),
    (b"OggS", Ogg()),
    (b"DSD ", Dsf()),
    (asf.HEADER, Asf()),
    (b"wvpk", Ape("WavPack")),
    (b"MAC ", Ape("Monkey's Audio")),
    (b"MPCK", Ape("Musepack")),
    (b"MP+", Ape("Musepack")),
    (b"TTA1", Mp3("TTA")),
)


def identify(source: Source) -> Container | None:
    """The container of a file; None for one that is not known or has no tags to write."""
    start = source.peek(0, 16)
    if start[:4] == b"RIFF" and start[8:12] == b"WAVE":
        return _WAV
    if start[:4] == b"FORM" and start[8:12] in (b"AIFF", b"AIFC"):
        return _AIFF
    if start[4:8] == b"ftyp":
        return Mp4()
    tagged = id3.read_tag(source).size
    behind = source.peek(tagged, 16)
    for mark, container in _MARKS:
        if behind.startswith(mark):
            return container
    return Mp3() if tagged or _is_mpeg(source.peek(0, 4096).lstrip(b"\0")) else None


def _is_mpeg(start: bytes) -> bool:
    """Whether this is a frame of MPEG layer 1 to 3; layer 0 is AAC, which has no tags."""
    return len(start) > 1 and start[0] == 0xFF and start[1] & 0xE0 == 0xE0 and start[1] & 0x06 > 0


def values(item: Item, dialect: str) -> tuple[str, ...]:
    """The text values of an item; none where it holds no text."""
    if dialect.startswith("id3"):
        return id3.texts(item, dialect)
    reader = {"vorbis": vorbis.texts, "mp4": mp4text.texts, "ape": ape.texts, "asf": asf.texts}
    return reader[dialect](item)


def is_whole(item: Item, dialect: str) -> bool:
    """Whether what `values` gives of an item is all that it holds."""
    checks = {"vorbis": vorbis, "mp4": mp4text, "ape": ape, "asf": asf}
    try:
        if dialect.startswith("id3"):
            id3.check_text(item, dialect)
        else:
            checks[dialect].check_text(item)
    except ValueError:  # of damaged parts, and of text
        return False
    return True


def make(key: str, texts: tuple[str, ...], dialect: str) -> tuple[Item, ...]:
    """The items that hold these values under a key; none for no values."""
    if not texts:
        return ()
    if dialect == "vorbis":
        return vorbis.make_items(key, texts)
    if dialect == "asf":
        return asf.make_items(key, texts)
    if dialect == "mp4":
        return (mp4text.make_item(key, texts),)
    return (ape.make_item(key, texts) if dialect == "ape" else id3.make_item(key, texts, dialect),)


def arranged(items: tuple[Item, ...], dialect: str) -> tuple[Item, ...]:
    """The items in the order in which a file of this dialect can hold them."""
    return asf.arranged(items) if dialect == "asf" else items


__all__ = [
    "Container",
    "Item",
    "Layout",
    "Source",
    "arranged",
    "identify",
    "is_whole",
    "make",
    "values",
]
