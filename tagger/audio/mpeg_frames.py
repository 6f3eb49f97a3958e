"""Any part of an MP3 file at once: where its frames lie, and a decoder for a run of them.

FFmpeg seeks in MP3 by reading packet after packet from the last place it knows, and PyAV hands
every frame of 26 ms through Python, which together cost a third of the decoding. Frames say
themselves how long they are (ISO/IEC 11172-3, section 2.4.2.3), so one walk over the headers finds
all of them, and FFmpeg's decoder takes many in one packet. Whatever is not quite regular is left
to FFmpeg's own way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import av
import av.error
import numpy as np
from av.audio.codeccontext import AudioCodecContext

# kbit/s of Layer III by the four bits of a header; 0 stands for what has no length of its own.
_KBIT = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),
}
_RATES = (44100, 48000, 32000)  # of MPEG 1; half of it in MPEG 2, a quarter in 2.5
_DIVISORS = {3: 1, 2: 2, 0: 4}  # by the two bits of a header for the version

_RESERVOIR = 511  # bytes of earlier frames that a frame may borrow
_OVERHEAD = 38  # bytes of a frame that nobody can borrow: header, checksum, side information
_LEAD = 2  # frames before those wanted that must be whole: overlap, and the filters' memory
_ENDS = 3  # frames at both ends that are left to FFmpeg, which drops what encoders add there
_LARGEST = 2881  # bytes of a frame; one before the first may say how many there should be
_COUNTS = (b"Xing", b"Info", b"VBRI")
_TAGS = (b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3", b"3DI")  # what may stand behind the sound


@dataclass(frozen=True, slots=True)
class MpegFrames:
    """The frames of an MP3 file, up to the first that is irregular.

    Args:
        content: the whole file.
        offsets: where each frame begins in it, in bytes.
        frame_samples: samples in a frame.
        is_whole: whether nothing but tags, or a frame that is cut off, comes after them.
        is_announced: whether the file says how many there should be.
        skipped: samples at the beginning that a player drops, of the first frame on.
        decoder: for these frames alone.
    """

    content: bytes
    offsets: Sequence[int]
    frame_samples: int
    is_whole: bool
    is_announced: bool
    skipped: int
    decoder: AudioCodecContext

    @property
    def samples(self) -> int:
        """How many there are, by counting; 0 where the file says it, or something is irregular."""
        if self.is_announced or not self.is_whole:
            return 0
        return max(0, len(self.offsets) * self.frame_samples - self.skipped)

    def ends_before(self, start: int) -> bool:
        """Whether the file surely has no sample `start`: its frames end with it, or with tags."""
        beyond = (len(self.offsets) + _ENDS) * self.frame_samples - self.skipped
        return self.is_whole and start > beyond

    def decoded(self, start: int, stop: int) -> tuple[int, list[av.AudioFrame]] | None:
        """Frames that hold the samples `[start, stop)`, and with which sample they begin.

        None near the ends, or where a frame is damaged.
        """
        first = (start + self.skipped) // self.frame_samples
        last = -(-(stop + self.skipped) // self.frame_samples)
        if first < _ENDS or last > len(self.offsets) - _ENDS:
            return None
        begin = self._with_reservoir(first - _LEAD)
        packet = av.Packet(self.content[self.offsets[begin] : self.offsets[last]])
        try:
            self.decoder.flush_buffers()
            frames = self.decoder.decode(packet)
        except (av.error.FFmpegError, ValueError):
            return None
        if len(frames) != last - begin or {f.samples for f in frames} != {self.frame_samples}:
            return None
        return first * self.frame_samples - self.skipped, frames[first - begin :]

    def _with_reservoir(self, frame: int) -> int:
        """The frame before `frame` with which to begin so that all it borrows is there."""
        left = _RESERVOIR
        while left > 0 and frame > 0:
            left -= self.offsets[frame] - self.offsets[frame - 1] - _OVERHEAD
            frame -= 1
        return frame


def find_frames(content: bytes, first: int, skipped: int) -> MpegFrames:
    """Walk from frame to frame; `first` is where FFmpeg found the first one."""
    sizes, samples = _sizes(content[first : first + 4])
    offsets: list[int] = []
    at, add = first, offsets.append
    try:
        while size := sizes[content[at + 2]]:
            add(at)
            at += size
    except IndexError:
        at = len(content)
    regular = _regular(content, offsets)
    if regular < len(offsets):
        offsets, at = offsets[:regular], offsets[regular]
    is_whole = at >= len(content) or content.startswith(_TAGS, at)
    before = content[max(0, first - _LARGEST) : first]
    is_announced = any(mark in before for mark in _COUNTS)
    decoder = av.CodecContext.create("mp3float", "r")
    assert isinstance(decoder, AudioCodecContext)
    return MpegFrames(content, offsets, samples, is_whole, is_announced, skipped, decoder)


def _regular(content: bytes, offsets: list[int]) -> int:
    """How many places, from the first on, begin as the first does; told of all of them at once."""
    if not offsets:
        return 0
    values, at = np.frombuffer(content, np.uint8), np.array(offsets, np.int64)
    begins = (values[at] == 0xFF) & (values[at + 1] == content[offsets[0] + 1])
    return len(offsets) if begins.all() else int(np.argmin(begins))


def _sizes(header: bytes) -> tuple[list[int], int]:
    """Bytes of a frame by the third byte of its header, 0 for another rate; samples in a frame."""
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    rate = header[2] >> 2 & 3
    if version not in _DIVISORS or layer != 1 or rate >= len(_RATES):
        return [0] * 256, 1152
    divisor = _DIVISORS[version]
    samples, table = (1152, _KBIT[1]) if divisor == 1 else (576, _KBIT[2])
    sizes = [
        samples // 8 * 1000 * table[byte >> 4] * divisor // _RATES[rate] + (byte >> 1 & 1)
        if byte >> 2 & 3 == rate and table[byte >> 4]
        else 0
        for byte in range(256)
    ]
    return sizes, samples
