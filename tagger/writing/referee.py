"""A second opinion on every file that is written: what mutagen saw before, it must see after.

Independent of `tagger.tags.containers`, so a mistake there cannot hide itself here. What mutagen
cannot read in the old file is not expected in the new one.
"""

from __future__ import annotations

import io
import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from typing import Any

import mutagen
import mutagen.apev2
import mutagen.flac
import mutagen.id3
from mutagen.aac import AAC
from mutagen.ac3 import AC3
from mutagen.aiff import AIFF
from mutagen.apev2 import APEv2File
from mutagen.asf import ASF
from mutagen.dsdiff import DSDIFF
from mutagen.dsf import DSF
from mutagen.flac import FLAC
from mutagen.id3 import ID3FileType
from mutagen.monkeysaudio import MonkeysAudio
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4
from mutagen.musepack import Musepack
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggtheora import OggTheora
from mutagen.oggvorbis import OggVorbis
from mutagen.optimfrog import OptimFROG
from mutagen.smf import SMF
from mutagen.tak import TAK
from mutagen.trueaudio import TrueAudio
from mutagen.wave import WAVE
from mutagen.wavpack import WavPack

from tagger.errors import TagError

log = logging.getLogger(__name__)

# No tag with its pictures is larger; a file that says so would have us take all memory.
LARGEST = 64 << 20
_DEEPEST = 20
_ID3_KINDS = (MP3, TrueAudio, WAVE, AIFF, DSF, ID3FileType)
# What mutagen.File chooses from.
_KINDS = (*_ID3_KINDS, OggTheora, OggSpeex, OggVorbis, OggFLAC, OggOpus, FLAC, APEv2File, MP4,
          WavPack, Musepack, MonkeysAudio, OptimFROG, ASF, AAC, AC3, SMF, TAK, DSDIFF)  # fmt: skip
# What mutagen reckons from the size of the file or of its tags, which changes.
_DERIVED = ("bitrate", "frame_offset")


Found = Counter[tuple[str, bytes]]  # names, with a hash of what stands there


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What mutagen read from a file; no kind if it could not."""

    kind: Any = None
    tags: Found = field(default_factory=Counter)
    others: Found = field(default_factory=Counter)  # pictures, chapters, the form of the stream


class _Bounded(io.BufferedReader):
    """A file of which no more is read at once than any tag needs."""

    def read(self, size: int | None = -1, /) -> bytes:
        """As a file's; OSError where that is too much."""
        if (size is None or size < 0 or size > LARGEST) and self._left() > LARGEST:
            raise OSError("a part of it is larger than any tag")
        return super().read(size)

    def _left(self) -> int:
        at = self.tell()
        left = self.seek(0, io.SEEK_END) - at
        self.seek(at)
        return left


def take_snapshot(file: io.FileIO, name: str, kind: Any = None) -> Snapshot:
    """What mutagen reads from an open file; `kind` forces mutagen's file type."""
    bounded = _Bounded(file)
    try:
        found = _opened(bounded, name, kind)
        if found is None:
            return Snapshot()
        others = [*_others(found), *_ape_beside(found, bounded)]
        return Snapshot(type(found), Counter(_tags(found.tags)), Counter(others))
    finally:
        bounded.detach()


def check(
    before: Snapshot, after: Snapshot, ours: Collection[str], wanted: Collection[str] = ()
) -> None:
    """Raise TagError where something is missing after that is under none of these names.

    What was wanted under a name must be there, where mutagen found tags before.
    """
    missing = [*(before.tags - after.tags), *(before.others - after.others)]
    missing = [found for found in missing if found[0] not in ours]
    there = {name for name, _ in (*after.tags, *after.others)}
    missing += [(name, b"") for name in wanted if before.tags and name not in there]
    if missing:
        names = ", ".join(sorted({name for name, _ in missing})[:3])
        raise TagError(
            f"its copy came out with other tags for mutagen ({names!r}); nothing was changed"
        )


def _opened(file: _Bounded, name: str, kind: Any) -> Any:
    """The file as mutagen has it, ID3 frames as they are written; None where it cannot."""
    try:
        return _guessed(file, name) if kind is None else _loaded(kind, file)
    except Exception as error:  # mutagen lets out errors of all kinds for damaged files
        log.debug("%s: mutagen cannot read it (%r)", name, error)
        return None


def _guessed(file: _Bounded, name: str) -> Any:
    file.seek(0)  # mutagen.File guesses from where the file happens to stand
    try:
        return mutagen.File(fileobj=file, filename=name, options=_kinds())
    except mutagen.MutagenError:
        file.seek(0)
        if file.read(3) != b"ID3":
            raise
        return _loaded(_untranslated(ID3FileType), file)  # tags before sound that it does not know


@cache
def _kinds() -> list[Any]:
    """All kinds of files that mutagen knows; those with ID3 tags read them as they are written."""
    return [_untranslated(kind) if kind in _ID3_KINDS else kind for kind in _KINDS]


@cache
def _untranslated(kind: Any) -> Any:
    """A kind of files whose ID3 frames are not brought to version 2.4 when they are read."""

    def load(self: Any, file: Any, *arguments: Any, **options: Any) -> None:
        kind.load(self, file, *arguments, **{"translate": False, **options})

    return type(kind.__name__, (kind,), {"load": load})  # the name decides between equal scores


def _loaded(kind: Any, file: _Bounded) -> Any:
    file.seek(0)
    return kind(file)


def _tags(tags: Any) -> Iterator[tuple[str, bytes]]:
    """All tags, each key with its values in their order."""
    if tags is None:
        return
    if isinstance(tags, mutagen.id3.ID3):
        yield from _unknown_frames(tags)
    values = defaultdict(list)
    for key, value in list(tags) if isinstance(tags, list) else tags.items():
        values[key.upper()].append(getattr(value, "genres", value))  # numbers of ID3 are names
    for key, value in getattr(tags, "_failed_atoms", {}).items():  # of MP4
        values[key.upper()].append(value)
    for key, content in values.items():
        yield key, _hash(content)
    if hasattr(tags, "vendor"):
        yield "vendor", _hash(tags.vendor)


def _unknown_frames(tags: mutagen.id3.ID3) -> Iterator[tuple[str, bytes]]:
    name, start = (3, 6) if tags.version[1] == 2 else (4, 8)
    for frame in tags.unknown_frames:
        yield frame[:name].decode("latin-1"), _hash(frame[start:])


def _ape_beside(found: Any, file: _Bounded) -> Iterator[tuple[str, bytes]]:
    """The APEv2 tag that some programs put behind files that have another."""
    if isinstance(found.tags, mutagen.apev2.APEv2):
        return
    try:
        tags = _loaded(mutagen.apev2.APEv2, file)
    except Exception:  # there is none, mostly
        return
    yield from _tags(tags)


def _others(found: Any) -> Iterator[tuple[str, bytes]]:
    for name, value in vars(found.info).items():
        if not name.startswith("_") and name not in _DERIVED:
            yield name, _hash(value)
    for block in getattr(found, "metadata_blocks", []):
        if block is not found.tags and not isinstance(block, mutagen.flac.Padding):
            yield type(block).__name__, _hash(block)
    for chapter in getattr(found, "chapters", None) or []:
        yield "chapter", _hash(chapter)


def _hash(value: Any) -> bytes:
    if isinstance(value, int | float):  # most that is known of a stream
        return repr(value).encode()
    hashed = blake2b(digest_size=16)
    for part in _parts(value):
        hashed.update(len(part).to_bytes(8, "big"))
        hashed.update(part)
    return hashed.digest()


def _parts(value: Any, depth: int = 0) -> Iterator[bytes]:
    """All that a value of mutagen's holds, but for the encoding that a text is kept in."""
    if depth > _DEEPEST:
        raise RecursionError("tags are too deep in each other")
    if isinstance(value, int | float | None):
        yield repr(value).encode()
        return
    if isinstance(value, bytes | str):
        yield value.encode("utf-8", "surrogateescape") if isinstance(value, str) else bytes(value)
    else:
        for part in _inside(value):
            yield from _parts(part, depth + 1)
    content = getattr(value, "__dict__", {})
    for name in sorted(content):
        if not name.startswith("_") and name != "encoding":
            yield name.encode()
            yield from _parts(content[name], depth + 1)


def _inside(value: Any) -> list[Any]:
    """What a list or a mapping holds, and how much."""
    if isinstance(value, list | tuple):
        return [len(value), *value]
    if hasattr(value, "items"):
        return [(key, value[key]) for key in sorted(value.keys())]
    return []
