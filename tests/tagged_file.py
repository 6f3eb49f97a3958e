"""A music file with its instruments, written by mediafile as beets does."""

from __future__ import annotations

import mediafile

from tagger.tags.mediafile_fields import instruments_field


class TaggedFile(mediafile.MediaFile):  # type: ignore[misc]
    """A class of our own: a field can be added to mediafile's only once, and the plugin does so."""

    instruments = instruments_field()
