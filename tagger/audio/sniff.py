"""What the first bytes of a file say, whatever its name says."""

from __future__ import annotations

# Enough for the header of an ASF file with its protection objects and for the first Ogg pages.
HEAD_BYTES = 65536

# The containers that libsndfile seeks in exactly and cheaply. MP3 is missing on
# purpose: FFmpeg seeks as exactly in it and costs the same, while mpg123 inside libsndfile writes
# warnings about damaged files to the terminal, past every means of silencing it.
_SNDFILE_MAGIC = (
    b"fLaC",
    b"RIFF",
    b"RIFX",
    b"RF64",
    b"riff",  # Wave64
    b"FORM",  # AIFF, AIFF-C, 8SVX
    b"caff",
    b".snd",
    b"NIST_1A",
    b"Creative Voice",
)

# Of what travels in Ogg, libsndfile takes these; it is three times slower than FFmpeg on Opus.
_SNDFILE_IN_OGG = (b"\x01vorbis", b"\x7fFLAC")

# FFmpeg would follow these to other files.
_PLAYLISTS = (b"#EXTM3U", b"ffconcat", b"[playlist]", b"<?xml", b"v=0\r\n", b"v=0\n", b"RTSPtext")


def suits_libsndfile(head: bytes) -> bool:
    r"""Whether libsndfile should be the first to try.

    >>> suits_libsndfile(b"fLaC\x00\x00\x00\x22")
    True
    >>> suits_libsndfile(b"OggS...OpusHead")
    False
    """
    if head.startswith(b"OggS"):
        return any(mark in head for mark in _SNDFILE_IN_OGG)
    return head.startswith(_SNDFILE_MAGIC)


def is_playlist(head: bytes) -> bool:
    r"""Whether the file only points at other files.

    >>> is_playlist(b"#EXTM3U\nhttp://example.org/song.mp3")
    True
    """
    return head.removeprefix(b"\xef\xbb\xbf").startswith(_PLAYLISTS)
