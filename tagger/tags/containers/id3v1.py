"""The ID3v1 tag at the end of old MP3 files, which is read and never written.

Source: https://id3.org/ID3v1
"""

from __future__ import annotations

from tagger.tags.containers.base import Item, Source
from tagger.tags.containers.id3_frames import make_item

SIZE = 128
_CUT = (124, 125, 126, 127)  # bytes of tags that are too short
_DIALECT = "id3v2.4"


def read_v1(source: Source) -> bytes:
    """The tag's bytes; none where there is no such tag."""
    tail = source.peek(source.size - SIZE, SIZE)
    return tail if len(tail) == SIZE and tail[:3] == b"TAG" else b""


def is_cut(source: Source) -> bool:
    """Whether there is a tag that lacks a few bytes, which some read and others do not.

    Old versions of mutagen wrote such tags.
    """
    tail = source.peek(source.size - SIZE - 2, SIZE + 2)
    places = [tail.find(b"TAG", len(tail) - size, len(tail) - size + 3) for size in _CUT]
    return any(at >= 0 and tail[max(at - 3, 0) : at] != b"APE" for at in places)


def as_frames(tag: bytes) -> tuple[Item, ...]:
    """What the tag says, as frames of version 2.4.

    A player that finds a tag of version 2 does not look at this one any more: a file that gets its
    first version 2 tag for the genre must get title and artist with it, or it would lose them.
    """
    if not tag:
        return ()
    track = str(tag[126]) if tag[125] == 0 and tag[126] else ""
    comment = _text(tag[97:125] if track else tag[97:127])
    values = {
        "TIT2": _text(tag[3:33]),
        "TPE1": _text(tag[33:63]),
        "TALB": _text(tag[63:93]),
        "TDRC": _text(tag[93:97]),
        "TRCK": track,
        "TCON": genre_of(tag),
        "TXXX:ID3V1 COMMENT": comment,
    }
    return tuple(make_item(key, (value,), _DIALECT) for key, value in values.items() if value)


def genre_of(tag: bytes) -> str:
    """The name of its genre; empty where there is none."""
    from mutagen.id3 import TCON

    number = tag[127] if tag else 255
    return str(TCON.GENRES[number]) if number < len(TCON.GENRES) else ""


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode("latin-1").strip()
