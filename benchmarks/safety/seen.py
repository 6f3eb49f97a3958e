"""What mutagen sees in a file: our fields apart from all others."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Any

import mutagen
import mutagen.aiff
import mutagen.apev2
import mutagen.asf
import mutagen.dsf
import mutagen.flac
import mutagen.id3
import mutagen.mp3
import mutagen.mp4
import mutagen.trueaudio
import mutagen.wave

# Untyped: mutagen's own types stop at its surface.
_m: Any = mutagen
# These take frames as they stand: a translation to 2.4 would hide what was lost.
_UNTRANSLATED: dict[str, Any] = {
    ".mp3": _m.mp3.MP3, ".tta": _m.trueaudio.TrueAudio, ".wav": _m.wave.WAVE,
    ".aiff": _m.aiff.AIFF, ".dsf": _m.dsf.DSF,
}  # fmt: skip
# What files begin with that are no MP3, and those of them that are opened as what they are.
_MARKS = {b"MP+\x07": "", b"MPCK": "", b"MAC ": "", b"wvpk": "", b"fLaC": "", b"OggS": "",
          b"RIFF": ".wav", b"FORM": ".aiff", b"DSD ": ".dsf", b"TTA1": ".tta"}  # fmt: skip
_GENRES = ("TCON", "GENRE", "\xa9GEN", "WM/GENRE")
_INSTRUMENTS = ("TXXX:INSTRUMENT", "INSTRUMENT", "----:COM.APPLE.ITUNES:INSTRUMENT")
_OTHERS = ("TXXX:MUSICTAG", "MUSICTAG", "----:COM.APPLE.ITUNES:MUSICTAG")
_OURS = (*_GENRES, *_INSTRUMENTS, *_OTHERS)
_INFO = ("length", "sample_rate", "channels", "bits_per_sample", "codec", "layer", "md5_signature")


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as mutagen reads it; not readable: all is empty."""

    readable: bool = False
    genres: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    others: frozenset[tuple[str, str]] = frozenset()  # key with its number, value


def see(content: bytes, suffix: str) -> Seen:
    """What mutagen sees in these bytes."""
    try:
        file = _open(content, suffix)
    except Exception:  # mutagen has many ways to say that it cannot read
        return Seen()
    if file is None:
        return Seen()
    pairs = _pairs(file)
    others = [(key, _plain(value)) for key, value in pairs if key.upper() not in _OURS]
    others += [(f"info {name}", repr(getattr(file.info, name, None))) for name in _INFO]
    others += _extras(file)
    return Seen(True, _texts(pairs, _GENRES), _texts(pairs, _INSTRUMENTS), _numbered(others))


def _open(content: bytes, suffix: str) -> Any:
    if suffix in _UNTRANSLATED and _MARKS.get(content[:4], suffix) == suffix:  # else by damage
        return _UNTRANSLATED[suffix](io.BytesIO(content), translate=False)
    stream = io.BytesIO(content)
    stream.name = f"file{suffix}"
    return _m.File(stream)


def _pairs(file: Any) -> list[tuple[str, Any]]:
    """Every field with its value, several of one name too."""
    tags = file.tags
    if tags is None:
        return []
    if isinstance(tags, list):  # Vorbis comments and ASF
        # mutagen numbers the comments that have no name, wherever they stand.
        return [(re.sub(r"^unknown\d+$", "unknown", str(key)), value) for key, value in tags]
    return list(tags.items())


def _texts(pairs: list[tuple[str, Any]], names: tuple[str, ...]) -> tuple[str, ...]:
    found: list[str] = []
    for key, value in pairs:
        if key.upper() in names:
            found += _values(value)
    return tuple(text for text in (part.strip() for part in found) if text)


def _values(value: Any) -> list[str]:
    if isinstance(value, _m.id3.TCON):
        return list(value.genres)
    if isinstance(value, _m.id3.TextFrame):
        return [str(part) for part in value.text]
    if isinstance(value, _m.apev2.APETextValue):
        return list(value)
    parts = value if isinstance(value, list) else [value]
    return [part.decode("utf-8", "replace") if isinstance(part, bytes) else str(part)
            for part in parts]  # fmt: skip


def _plain(value: Any) -> str:
    """A value in words, without the encoding that it happens to have."""
    if isinstance(value, (_m.apev2._APEValue, _m.asf.ASFBaseAttribute)):  # their repr cuts values
        return f"{type(value).__name__} {value.__dict__!r}"
    return re.sub(r"encoding=<[^>]*>, ?", "", repr(value))


def _extras(file: Any) -> list[tuple[str, str]]:
    """What mutagen keeps beside the fields."""
    tags = file.tags
    found = [("unknown frame", repr(raw)) for raw in getattr(tags, "unknown_frames", [])]
    failed = getattr(tags, "_failed_atoms", {})
    found += [(f"failed atom {name}", repr(raw)) for name, raw in failed.items()]
    found += [("picture", repr(picture.write())) for picture in getattr(file, "pictures", [])]
    for name in ("cuesheet", "seektable"):
        if (part := getattr(file, name, None)) is not None:
            found.append((name, repr(part.write())))
    chapters = getattr(file, "chapters", None)
    found += [("chapter", f"{c.start} {c.title}") for c in chapters or []]
    if hasattr(tags, "vendor"):
        found.append(("vendor", repr(tags.vendor)))
    return found


def _numbered(pairs: list[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Fields of one name in their order, as a set."""
    counts: dict[str, int] = {}
    found = []
    for key, value in pairs:
        counts[key] = counts.get(key, 0) + 1
        found.append((f"{key} #{counts[key]}", value))
    return frozenset(found)
