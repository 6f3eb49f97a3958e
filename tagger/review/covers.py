"""The picture in a file, for the page to show."""

from __future__ import annotations

from pathlib import Path

import mediafile

LARGEST = 16 << 20  # bytes
# By the first bytes, whatever the tag says: only what a browser shows as a picture and runs nothing
# of (SVG may hold scripts).
_KINDS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
)


def cover_of(path: Path) -> tuple[bytes, str] | None:
    """The front cover of a file, or its first picture, and the type of it; None without one."""
    try:
        images = mediafile.MediaFile(path).images
    except (mediafile.UnreadableFileError, OSError, ValueError):
        return None
    fronts = (one for one in images or () if one.type == mediafile.ImageType.front)
    found = next(fronts, images[0] if images else None)
    data = bytes(found.data or b"") if found else b""
    kind = picture_type(data)
    return (data, kind) if kind and len(data) <= LARGEST else None


def picture_type(data: bytes) -> str | None:
    r"""The type of a picture; None where it is no kind that is safe to show.

    >>> picture_type(b"\x89PNG\r\n\x1a\n..."), picture_type(b"<svg>")
    ('image/png', None)
    """
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for head, kind in _KINDS if data.startswith(head)), None)
