"""Which field of a file holds each kind of tag, container by container.

mediafile knows the genre fields already. Instruments go where Jaikoz, SongKong and other editors
keep them: TXXX:INSTRUMENT in ID3, ----:com.apple.iTunes:INSTRUMENT in MP4, INSTRUMENT elsewhere.
ID3's TMCL and the Vorbis PERFORMER are for who played, and stay untouched.
"""

from __future__ import annotations

import mediafile


def instruments_field() -> mediafile.ListMediaField:
    """A mediafile field for the instruments of a track."""
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
