"""The containers of music: each cut into items and pieces, and put together again.

`identify` tells which one a file is by its content, whatever it is called; `values` and `make`
translate between items and text. Nothing here writes a file.

In the order of the data:

- `ape`        APEv2 tags, at the end of WavPack, Monkey's Audio and Musepack files
- `asf`        ASF, which holds WMA: a header of objects, then the sound
- `atoms`      the atoms of MP4: each a size, a name and a content, which may be atoms again
- `chunks`     WAV and AIFF: chunks, one of which holds an ID3v2 tag; and DSF, which ends with one
- `flac`       FLAC: blocks of metadata, one of them of Vorbis comments, then the sound
- `id3`        ID3v2 tags, cut into frames and put together in the version they have
- `id3text`    text as frames of ID3v2 hold it: in one of four codes, genres as names or numbers
- `id3v1`      the ID3v1 tag at the end of old MP3 files, which is read and never written
- `lengths`    whether sound in front of a tag is as long as its own headers say
- `mp3`        MP3 (and TTA): an ID3v2 tag, the sound, then perhaps an APEv2 and an ID3v1 tag, left
               alone
- `mp4`        MP4: atoms in atoms; tags are in moov.udta.meta.ilst, the sound in mdat
- `mp4text`    the text in the atoms of MP4's item list, read and written
- `ogg`        ogg: Vorbis, Opus, Speex and FLAC streams with comments in their second packet
- `packed`     how much unpacks from a frame of ID3, found out without keeping any of it
- `parts`      what all containers are described with: items of tags, pieces of files, and what is
               damaged
- `synchsafe`  numbers of ID3v2 in four bytes of which each gives seven bits, so that none looks
               like sound
- `vorbis`     vorbis comments, the tags of FLAC and of all that Ogg carries
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
