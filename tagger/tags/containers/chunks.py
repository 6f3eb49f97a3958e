"""WAV and AIFF: chunks, one of which holds an ID3v2 tag; and DSF, which ends with one.

Source: https://www.mmsp.ece.mcgill.ca/Documents/AudioFormats/ and the DSF file format
specification, version 1.01 (Sony 2005)
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from tagger.tags.containers.id3 import Id3Tag, read_tag
from tagger.tags.containers.parts import Container, DamagedError, Layout, Range, Source, kept

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
class Chunked(Container):
    """A file of chunks."""

    name: str
    order: str  # of bytes in numbers: "<" or ">"
    sound: bytes
    tag_names: tuple[bytes, ...]  # the first is given to new tags

    def read(self, source: Source) -> Layout:
        """The frames of its ID3 chunk."""
        chunks, end = self._chunks(source)
        stated = 8 + struct.unpack(f"{self.order}I", source.at(4, 4))[0]
        old, tag = self._tag(source, chunks)
        others = (c for c in chunks if c.name != self.sound and c is not old)
        rest = kept(c.name + source.peek(c.start, c.length) for c in others)
        whole = all(chunk.start + chunk.length <= end for chunk in chunks)
        reason = "" if whole and end == stated else "it is shorter than its header says"
        if not all(c.name.isascii() and c.name.decode().isprintable() for c in chunks):
            reason = "it holds a chunk without a name"  # others would look no further
        reason = reason or (_beside(source, old, tag) if old else "") or tag.doubt
        return Layout(tag.dialect, tag.items, (*rest, source.peek(end, source.size)), reason)

    def audio(self, source: Source) -> Iterator[Range]:
        """The sound chunks."""
        for chunk in self._chunks(source)[0]:
            if chunk.name == self.sound:
                yield chunk.start, min(chunk.start + chunk.length, source.size)

    def tag(self, source: Source) -> Id3Tag:
        """The tag in its chunk."""
        return self._tag(source, self._chunks(source)[0])[1]

    def _chunks(self, source: Source) -> tuple[list[_Chunk], int]:
        """All chunks, and where the file should end by its own header."""
        (length,) = struct.unpack(f"{self.order}I", source.at(4, 4))
        end, at = min(8 + length, source.size), 12
        chunks: list[_Chunk] = []
        while at + 8 <= end:
            name, size = struct.unpack(f"{self.order}4sI", source.at(at, 8))
            chunks.append(_Chunk(name, at + 8, size))
            at = chunks[-1].end
            if len(chunks) > _MOST_CHUNKS:
                raise DamagedError("it has too many chunks")
        return chunks, end

    def _tag(self, source: Source, chunks: list[_Chunk]) -> tuple[_Chunk | None, Id3Tag]:
        """The first chunk of that name, and the tag in it."""
        for chunk in chunks:
            if chunk.name in self.tag_names:
                return chunk, read_tag(source, chunk.start)
        return None, Id3Tag()


def _beside(source: Source, chunk: _Chunk, tag: Id3Tag) -> str:
    """Why a chunk cannot be written that is not filled by its tag; nothing where all else is 0."""
    if tag.size > chunk.length:
        return "its ID3 tag does not fit into its chunk"
    stray = source.at(chunk.start + tag.size, chunk.length - tag.size).strip(b"\0")
    if not stray:
        return ""
    return "something stands behind its ID3 tag" if tag.size else "its ID3 chunk holds no ID3 tag"


@dataclass(frozen=True, slots=True)
class Dsf(Container):
    """A header that says where the tag is, the sound, and the tag."""

    name: str = "DSF"

    def read(self, source: Source) -> Layout:
        """The frames of its tag."""
        tag, start = self._tag(source)
        stray = start + tag.size != source.size
        reason = "something stands behind its tag" if stray else tag.doubt
        if _stated(source) > source.size or _sound_end(source) > start:
            reason = "it is shorter than its header says"
        return Layout(tag.dialect, tag.items, (), reason)

    def audio(self, source: Source) -> Iterator[Range]:
        """All but the header and the tag."""
        yield 28, self._tag(source)[1]

    def tag(self, source: Source) -> Id3Tag:
        """The tag at its end."""
        return self._tag(source)[0]

    def _tag(self, source: Source) -> tuple[Id3Tag, int]:
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
