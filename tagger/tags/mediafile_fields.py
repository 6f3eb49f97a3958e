"""The instruments of a track as a field of mediafile, which beets reads and writes files with.

Apart from `field_map`, so that a beets that starts need not load how containers are built.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mediafile

# Between values before ID3 2.4, which has no several values; as in `containers.id3_frames`, which
# need not be loaded for it.
JOINT = "; "


class _Style(mediafile.MP3ListDescStorageStyle):  # type: ignore[misc]
    """A TXXX frame, whose values are joined in ID3 2.3."""

    def fetch(self, mutagen_file: Any) -> list[str]:
        """The values of the frame; mediafile itself splits those of ID3 2.3 at each "/"."""
        values = super().fetch(mutagen_file)
        if mutagen_file.tags.version >= (2, 4, 0):
            return list(values)
        return [part.strip() for value in values for part in value.split(JOINT) if part.strip()]


class _Instruments(mediafile.ListMediaField):  # type: ignore[misc]
    """Several values, which are joined as musictag joins them where beets writes ID3 2.3."""

    def __set__(self, file: mediafile.MediaFile, values: Sequence[str] | None) -> None:
        joined = [JOINT.join(values)] if values and file.id3v23 else values
        super().__set__(file, joined)


def instruments_field() -> mediafile.ListMediaField:
    """A field for the instruments of a track, stored where `field_map` stores them."""
    return _Instruments(
        _Style(desc="INSTRUMENT", split_v23=True),
        mediafile.MP4ListStorageStyle("----:com.apple.iTunes:INSTRUMENT"),
        mediafile.ListStorageStyle("INSTRUMENT"),
        mediafile.ASFStorageStyle("INSTRUMENT"),
    )
