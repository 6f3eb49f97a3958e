"""Inserts tag bytes exactly as they are, for files that mutagen would alter elsewhere.

mutagen still opens and saves most files, so that pages, chunks and objects are in its hands; only
what it would write for the tags is replaced by items joined here. Whoever calls this reads the
outcome and compares it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, BinaryIO

import mutagen.asf
import mutagen.flac
from mutagen._util import resize_bytes
from mutagen.aiff import _IFFID3
from mutagen.asf._objects import (
    ContentDescriptionObject,
    ExtendedContentDescriptionObject,
    HeaderExtensionObject,
    MetadataLibraryObject,
    MetadataObject,
)
from mutagen.dsf import _DSFID3
from mutagen.wave import _WaveID3

from tagger.tags.containers import ape, asf, vorbis_comments
from tagger.tags.containers.base import DamagedError, Item, grown_by_blocks
from tagger.tags.containers.id3 import build_tag
from tagger.tags.reader import OpenFile
from tagger.writing.mutagen_save import in_blocks, opened_stream, state_size

_IN_CHUNKS: dict[str, Any] = {"WAV": _WaveID3, "AIFF": _IFFID3, "DSF": _DSFID3}
# Untyped: mutagen's own types stop at its surface.
_asf_files: Any = mutagen.asf
_flac: Any = mutagen.flac
_COMMENTS = 4  # a block of FLAC
_LARGEST = 1 << 24  # bytes that such a block is shorter than


def splice(file: BinaryIO, old: OpenFile, items: Iterable[Item]) -> None:
    """Give the copy of a file these items, byte by byte, in their order."""
    writers = {"vorbis": _vorbis, "mp4": _mp4, "ape": _ape, "asf": _asf}
    writers.get(old.layout.dialect, _id3)(file, old, tuple(items))


def _id3(file: BinaryIO, old: OpenFile, items: tuple[Item, ...]) -> None:
    parsed: Any = old.parsed
    tag = parsed.tag
    content = build_tag(tag, items, grown_by_blocks(len(build_tag(tag, items)), tag.size))
    if kind := _IN_CHUNKS.get(old.parsed.name):
        tags = kind()
        tags._prepare_data = lambda *_: content
        tags.save(file)
    else:
        file.truncate(0)
        file.seek(0)
        file.write(content)


def _vorbis(file: BinaryIO, old: OpenFile, items: tuple[Item, ...]) -> None:
    parsed: Any = old.parsed
    content = vorbis_comments.build(parsed.comments, items)
    if parsed.name != "FLAC":
        stream = opened_stream(file)
        stream.tags.write = lambda framing=True: content
        stream.tags._pad_data = b""  # of Opus; it is in the content
        file.seek(0)
        stream.save(file, padding=lambda _: 0)
        return
    if len(content) >= _LARGEST:
        raise DamagedError("its comments would be larger than FLAC allows")
    flac = _flac.FLAC(file)
    block = _flac.MetadataBlock(content)
    block.code = _COMMENTS
    blocks = flac.metadata_blocks
    places = [i for i, other in enumerate(blocks) if other.code == _COMMENTS]
    blocks[places[0] if places else 1 : places[0] + 1 if places else 1] = [block]
    file.seek(0)
    flac.save(file, padding=in_blocks)


def _mp4(file: BinaryIO, old: OpenFile, items: tuple[Item, ...]) -> None:
    parsed: Any = old.parsed
    (start, end), index = parsed.spliced(items)
    resize_bytes(file, end - start, len(index), start)
    file.seek(start)
    file.write(index)


def _ape(file: BinaryIO, old: OpenFile, items: tuple[Item, ...]) -> None:
    parsed: Any = old.parsed
    start, _ = parsed.tag
    file.truncate(start)
    file.seek(start)
    file.write(ape.build(items) if items else b"")


def _asf(file: BinaryIO, old: OpenFile, items: tuple[Item, ...]) -> None:
    wma = _asf_files.ASF(file)
    header = wma._header
    extension = header.get_child(HeaderExtensionObject.GUID)
    if extension is None:
        extension = HeaderExtensionObject()  # type: ignore[no-untyped-call]
        header.objects.append(extension)
    _fix(header, ContentDescriptionObject)
    _fix(extension, MetadataObject)
    _fix(header, ExtendedContentDescriptionObject, asf.group(items, asf.IN_EXTENDED))
    _fix(extension, MetadataLibraryObject, asf.group(items, asf.IN_LIBRARY))
    file.seek(0)
    wma.save(file, padding=in_blocks)
    state_size(file, old)


def _fix(parent: Any, kind: Any, content: bytes | None = None) -> None:
    """Let an object of ASF's header be written as these bytes, or as those it was read from."""
    child = parent.get_child(kind.GUID)
    if child is None:
        if content is None:
            return
        child = kind()
        parent.objects.append(child)
    raw = child.data if content is None else content
    child.render = lambda _: kind.GUID + (24 + len(raw)).to_bytes(8, "little") + raw
