"""The instruments of a track as a field of mediafile, which beets reads and writes files with.

Apart from `fields`, so that a beets that starts need not load how containers are built.
"""

from __future__ import annotations

import mediafile


def instruments_field() -> mediafile.ListMediaField:
    """A field for the instruments of a track, kept where `fields` keeps them."""
    return mediafile.ListMediaField(
        mediafile.MP3ListDescStorageStyle(desc="INSTRUMENT", split_v23=True),
        mediafile.MP4ListStorageStyle("----:com.apple.iTunes:INSTRUMENT"),
        mediafile.ListStorageStyle("INSTRUMENT"),
        mediafile.ASFStorageStyle("INSTRUMENT"),
    )


class TaggedFile(mediafile.MediaFile):  # type: ignore[misc]
    """A music file with its instruments as a field.

    A class of our own, since a field can be added to mediafile's only once and the beets plugin
    adds it there.
    """

    instruments = instruments_field()
