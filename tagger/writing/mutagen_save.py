"""Saves our fields with mutagen's own save, the default for nearly every file.

Each file is opened by mutagen as its documentation shows, gets the values, and is saved. What
became of all else is for others to check.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO

import mutagen.apev2
import mutagen.id3
from mutagen import File
from mutagen.aiff import AIFF
from mutagen.asf import ASF
from mutagen.asf._objects import FilePropertiesObject
from mutagen.dsf import DSF
from mutagen.flac import FLAC
from mutagen.mp4 import MP4
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from tagger.tags.containers.base import BLOCK
from tagger.tags.containers.id3_frames import JOINT, is_latin
from tagger.tags.reader import OpenFile

_IN_CHUNKS: dict[str, Any] = {"WAV": WAVE, "AIFF": AIFF, "DSF": DSF}
_FILES: dict[str, Any] = {"FLAC": FLAC, "M4A": MP4, "WMA": ASF}
_STREAMS = [OggVorbis, OggOpus, OggSpeex]
# Untyped: mutagen's own types stop at its surface.
_id3: Any = mutagen.id3
_apev2: Any = mutagen.apev2
_UTF8, _UTF16, _LATIN = 3, 1, 0
Values = Mapping[str, tuple[str, ...]]  # by the key of a field; none: the field goes


def save(file: BinaryIO, old: OpenFile, values: Values) -> None:
    """Give the copy of a file other values.

    MutagenError, or what else mutagen lets out, where it cannot.
    """
    container, dialect = old.parsed.name, old.layout.dialect
    if dialect.startswith("id3"):
        _save_id3(file, container, dialect, values)
        return
    tagged: Any = _opened(file, container)
    if tagged.tags is None:
        tagged.add_tags()
    for key, texts in values.items():
        for name in [name for name in tagged.tags.keys() if name.upper() == key.upper()]:  # noqa: SIM118
            del tagged.tags[name]
        if texts:
            free = key.startswith("----")  # free forms of MP4 are bytes
            tagged.tags[key] = [text.encode() if free else text for text in texts]
    options = (
        {} if dialect == "ape" else {"padding": same_padding if container == "Ogg" else in_blocks}
    )
    file.seek(0)
    tagged.save(file, **options)
    if dialect == "asf":
        state_size(file, old)


def opened_stream(file: BinaryIO) -> Any:
    """A file of Ogg pages."""
    return File(file, options=_STREAMS)


def state_size(file: BinaryIO, old: OpenFile) -> None:
    """Write the size of the whole file into ASF's header, where mutagen leaves the old one."""
    file.seek(0)
    head = file.read()
    place = head.find(FilePropertiesObject.GUID)
    if place > 0:
        file.seek(place + 40)
        size = len(head) + old.source.size - old.parsed.head()
        file.write(size.to_bytes(8, "little"))


def in_blocks(info: Any) -> int:
    """Padding with which a tag that does not fit into its room grows by whole blocks of a disk."""
    room = int(info.padding)
    return room if room >= 0 else room % BLOCK


def same_padding(info: Any) -> int:
    """The padding there is, as long as it lasts."""
    return max(0, int(info.padding))


def _opened(file: BinaryIO, container: str) -> Any:
    if container == "Ogg":
        return opened_stream(file)
    if container in _FILES:
        return _FILES[container](file)
    return _Ape(file)


class _Ape:
    """An APEv2 tag, with the surface of a file."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            self.tags: Any = _apev2.APEv2(file)
        except _apev2.APENoHeaderError:
            self.tags = _apev2.APEv2()
        self.save = self.tags.save


def _save_id3(file: BinaryIO, container: str, dialect: str, values: Values) -> None:
    version = int(dialect[6])
    tags = _id3_tags(file, container)
    for key, texts in values.items():
        for name in [name for name in tags.keys() if name.upper() == key]:  # noqa: SIM118
            del tags[name]
        if texts:
            tags.add(_frame(key, texts, version))
    file.seek(0)
    tags.save(file, v2_version=version, v23_sep=None, padding=in_blocks)


def _id3_tags(file: BinaryIO, container: str) -> Any:
    if container in _IN_CHUNKS:
        tagged = _IN_CHUNKS[container](file, translate=False, load_v1=False)
        if tagged.tags is None:
            tagged.add_tags()
        return tagged.tags
    try:
        return _id3.ID3(file, translate=False, load_v1=False)
    except _id3.ID3NoHeaderError:
        return _id3.ID3()


def _frame(key: str, texts: tuple[str, ...], version: int) -> Any:
    name, _, description = key.partition(":")
    if version < 4:
        texts = (JOINT.join(texts),)
    latin = is_latin(description + texts[0])
    encoding = _UTF8 if version == 4 else _LATIN if latin else _UTF16
    if name == "TXXX":
        return _id3.TXXX(encoding, description, list(texts))
    return _id3.TCON(encoding, list(texts))
