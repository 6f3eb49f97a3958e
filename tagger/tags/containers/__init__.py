"""The containers of music: each cut into items and pieces, and put together again.

`parse_file` tells which one a file is by its content, whatever it is called, and reads it; `values`
and `make` translate between items and text. Nothing here writes a file.

In the order of the data:

- `base`             what all have in common: items of tags, a parsed file, reading by place, limits
- `id3`              ID3v2 tags, cut into frames and put together in the version they have
- `id3_frames`       one frame of an ID3v2 tag: its key, its text, and a new one made from text
- `id3v1`            the ID3v1 tag at the end of old MP3 files, which is read and never written
- `mp3`              MP3 (and TTA): an ID3v2 tag, the sound, then perhaps an APEv2 and an ID3v1 tag,
                     left alone
- `riff_aiff_dsf`    WAV and AIFF: chunks, one of which holds an ID3v2 tag; and DSF, which ends with
                     one
- `ape`              APEv2 tags, at the end of WavPack, Monkey's Audio and Musepack files
- `vorbis_comments`  the tags of FLAC and of all that Ogg carries
- `flac`             FLAC: blocks of metadata, one of them of Vorbis comments, then the sound
- `ogg`              Vorbis, Opus and Speex streams with comments in their second packet
- `mp4_items`        the atoms of MP4, and those of its item list, which are tags
- `mp4`              MP4: atoms in atoms; tags are in moov.udta.meta.ilst, the sound in mdat
- `asf`              ASF, which holds WMA: a header of objects, then the sound
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType

from tagger.tags.containers import ape, asf, id3, id3_frames, mp4_items, vorbis_comments
from tagger.tags.containers.ape import read_ape
from tagger.tags.containers.asf import read_asf
from tagger.tags.containers.base import Item, Layout, ParsedFile, Source
from tagger.tags.containers.flac import read_flac
from tagger.tags.containers.mp3 import read_mp3
from tagger.tags.containers.mp4 import read_mp4
from tagger.tags.containers.ogg import read_ogg
from tagger.tags.containers.riff_aiff_dsf import read_aiff, read_dsf, read_wav

# First bytes of a file, behind an ID3v2 tag that some put in front -> what reads it.
_READERS: tuple[tuple[bytes, Callable[[Source, id3.Id3Tag], ParsedFile]], ...] = (
    (b"fLaC", read_flac),
    (b"OggS", lambda source, _: read_ogg(source)),
    (b"DSD ", lambda source, _: read_dsf(source)),
    (asf.HEADER, lambda source, _: read_asf(source)),
    (b"wvpk", partial(read_ape, name="WavPack")),
    (b"MAC ", partial(read_ape, name="Monkey's Audio")),
    (b"MPCK", partial(read_ape, name="Musepack")),
    (b"MP+", partial(read_ape, name="Musepack")),
    (b"TTA1", partial(read_mp3, name="TTA")),
)
# How the items of each dialect but those of ID3 are written.
_DIALECTS: dict[str, ModuleType] = {
    "vorbis": vorbis_comments,
    "mp4": mp4_items,
    "ape": ape,
    "asf": asf,
}


def parse_file(source: Source) -> ParsedFile | None:
    """A file cut into its parts; None for one that is not known or has no tags to write.

    Raises ValueError, struct.error or LookupError where it is damaged.
    """
    start = source.peek(0, 16)
    if start[:4] == b"RIFF" and start[8:12] == b"WAVE":
        return read_wav(source)
    if start[:4] == b"FORM" and start[8:12] in (b"AIFF", b"AIFC"):
        return read_aiff(source)
    if start[4:8] == b"ftyp":
        return read_mp4(source)
    front = id3.read_tag(source)
    behind = source.peek(front.size, 16)
    for mark, reader in _READERS:
        if behind.startswith(mark):
            return reader(source, front)
    if front.size or _is_mpeg(source.peek(0, 4096).lstrip(b"\0")):
        return read_mp3(source, front)
    return None


def _is_mpeg(start: bytes) -> bool:
    """Whether this is a frame of MPEG layer 1 to 3; layer 0 is AAC, which has no tags."""
    return len(start) > 1 and start[0] == 0xFF and start[1] & 0xE0 == 0xE0 and start[1] & 0x06 > 0


def values(item: Item, dialect: str) -> tuple[str, ...]:
    """The text values of an item; none where it holds no text."""
    if dialect.startswith("id3"):
        return id3_frames.texts(item, dialect)
    found: tuple[str, ...] = _DIALECTS[dialect].texts(item)
    return found


def is_whole(item: Item, dialect: str) -> bool:
    """Whether what `values` returns of an item is all that it holds."""
    try:
        if dialect.startswith("id3"):
            id3_frames.check_text(item, dialect)
        else:
            _DIALECTS[dialect].check_text(item)
    except ValueError:  # of damaged parts, and of text
        return False
    return True


def make(key: str, texts: tuple[str, ...], dialect: str) -> tuple[Item, ...]:
    """The items that hold these values under a key; none for no values."""
    if not texts:
        return ()
    if dialect.startswith("id3"):
        return (id3_frames.make_item(key, texts, dialect),)
    made: tuple[Item, ...] = _DIALECTS[dialect].make_items(key, texts)
    return made


def arranged(items: tuple[Item, ...], dialect: str) -> tuple[Item, ...]:
    """The items in the order in which a file of this dialect can hold them."""
    return asf.arranged(items) if dialect == "asf" else items


__all__ = [
    "Item",
    "Layout",
    "ParsedFile",
    "Source",
    "arranged",
    "is_whole",
    "make",
    "parse_file",
    "values",
]
