"""WAV and AIFF: chunks, one of which holds an ID3v2 tag; and DSF, which ends with one.

Source: https://www.mmsp.ece.mcgill.ca/Documents/AudioFormats/ and the DSF file format
specification, version 1.01 (Sony 2005)
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from tagger.tags.containers.base import (
    DamagedError,
    Layout,
    ParsedFile,
    Range,
    Source,
    limited_bytes,
)
from tagger.tags.containers.id3 import Id3Tag, read_tag

_MOST_CHUNKS = 10_000  # a file of zeros would be one of chunks without name or content


@dataclass(frozen=True, slots=True)
class _Chunk:
    """A chunk: its name, where its content starts, and how long that is."""

    name: bytes
    start: int
    length: int

    @property
    def end(self) -> int:
        """Where the next chunk starts, were there one: they stand at even places."""
        return self.start + self.length + self.length % 2


@dataclass(frozen=True, slots=True)
class _Form:
    """What distinguishes one kind of files of chunks."""

    name: str
    order: str  # of bytes in numbers: "<" or ">"
    sound: bytes
    tag_names: tuple[bytes, ...]  # the first is given to new tags


_WAV = _Form("WAV", "<", b"data", (b"id3 ", b"ID3 "))
_AIFF = _Form("AIFF", ">", b"SSND", (b"ID3 ",))


@dataclass(frozen=True)
class Chunked(ParsedFile):
    """A file of chunks, or one with a tag at its end that its header points to."""

    tag: Id3Tag
    sound: tuple[Range, ...]

    def audio(self) -> Iterable[Range]:
        """The sound chunks of WAV and AIFF; of DSF all but the header and the tag."""
        return self.sound


def read_wav(source: Source) -> Chunked:
    """The frames of the ID3 chunk of a WAV file."""
    return _read_chunked(source, _WAV)


def read_aiff(source: Source) -> Chunked:
    """The frames of the ID3 chunk of an AIFF file."""
    return _read_chunked(source, _AIFF)


def _read_chunked(source: Source, form: _Form) -> Chunked:
    chunks, end = _chunks(source, form.order)
    stated = 8 + struct.unpack(f"{form.order}I", source.at(4, 4))[0]
    old = next((chunk for chunk in chunks if chunk.name in form.tag_names), None)
    tag = read_tag(source, old.start) if old else Id3Tag()
    others = (c for c in chunks if c.name != form.sound and c is not old)
    rest = limited_bytes(c.name + source.peek(c.start, c.length) for c in others)
    whole = all(chunk.start + chunk.length <= end for chunk in chunks)
    reason = "" if whole and end == stated else "it is shorter than its header says"
    if not all(c.name.isascii() and c.name.decode().isprintable() for c in chunks):
        reason = "it holds a chunk without a name"  # others would look no further
    reason = reason or (_beside(source, old, tag) if old else "") or tag.doubt
    layout = Layout(tag.dialect, tag.items, (*rest, source.peek(end, source.size)), reason)
    sound = tuple(
        (chunk.start, min(chunk.start + chunk.length, source.size))
        for chunk in chunks
        if chunk.name == form.sound
    )
    return Chunked(source, form.name, layout, tag, sound)


def _chunks(source: Source, order: str) -> tuple[list[_Chunk], int]:
    """All chunks, and where the file should end by its own header."""
    (length,) = struct.unpack(f"{order}I", source.at(4, 4))
    end, at = min(8 + length, source.size), 12
    chunks: list[_Chunk] = []
    while at + 8 <= end:
        name, size = struct.unpack(f"{order}4sI", source.at(at, 8))
        chunks.append(_Chunk(name, at + 8, size))
        at = chunks[-1].end
        if len(chunks) > _MOST_CHUNKS:
            raise DamagedError("it has too many chunks")
    return chunks, end


def _beside(source: Source, chunk: _Chunk, tag: Id3Tag) -> str:
    """Why a chunk cannot be written that is not filled by its tag; nothing where all else is 0."""
    if tag.size > chunk.length:
        return "its ID3 tag does not fit into its chunk"
    stray = source.at(chunk.start + tag.size, chunk.length - tag.size).strip(b"\0")
    if not stray:
        return ""
    return "something stands behind its ID3 tag" if tag.size else "its ID3 chunk holds no ID3 tag"


def read_dsf(source: Source) -> Chunked:
    """The frames of the tag at the end of a DSF file."""
    tag, start = _dsf_tag(source)
    stray = start + tag.size != source.size
    reason = "something stands behind its tag" if stray else tag.doubt
    if _stated(source) > source.size or _sound_end(source) > start:
        reason = "it is shorter than its header says"
    layout = Layout(tag.dialect, tag.items, (), reason)
    return Chunked(source, "DSF", layout, tag, ((28, start),))


def _dsf_tag(source: Source) -> tuple[Id3Tag, int]:
    """The tag, and where it starts or would start."""
    (start,) = struct.unpack("<Q", source.at(20, 8))
    if start == 0:
        return Id3Tag(), source.size
    if not 28 <= start <= source.size:
        raise DamagedError("its tag is not where its header says")
    return read_tag(source, start), start


def _stated(source: Source) -> int:
    """How long a DSF file should be by its own header."""
    return int.from_bytes(source.at(12, 8), "little")


def _sound_end(source: Source) -> int:
    """Where the data chunk of a DSF file ends, behind the one that tells of its form."""
    data = 28 + int.from_bytes(source.at(32, 8), "little")
    if source.at(data, 4) != b"data":
        raise DamagedError("its sound is not where its header says")
    return data + int.from_bytes(source.at(data + 4, 8), "little")
