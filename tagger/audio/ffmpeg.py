"""Reading with FFmpeg through PyAV: MP3, AAC, ALAC, Opus, WMA, WavPack and whatever else it knows.

A seek lands on some frame before the place asked for; the time stamp of that first frame is turned
into a sample position and from there samples are counted, because later stamps jitter. The decoder
needs a run-up before its output is that of a whole decode: MP3 and AAC carry half a frame over,
Opus has filters with a long memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import av
import av.error
import av.logging
import numpy as np
from av.container import InputContainer

from tagger.audio.ffmpeg_frames import to_mono
from tagger.audio.mpeg_frames import MpegFrames, find_frames
from tagger.audio.quiet_io import OPENING, SilentFile
from tagger.audio.types import Samples
from tagger.errors import AudioError

# Seconds of run-up. What codes each block by itself needs none; after 0.35 s Opus is 1e-4 off at
# most, after 0.25 s 2e-4, after 0.1 s 8e-3. MP3 of the lowest bit rates borrows bits from up to
# ten frames before. AAC makes up noise that depends on where decoding began: after 0.1 s it is no
# worse, but other noise, and moves probabilities by up to 0.002.
_RUN_UP_S = {
    "opus": 0.35,
    **dict.fromkeys(("wmav1", "wmav2"), 0.1),
    **dict.fromkeys(("alac", "wavpack", "flac", "pcm"), 0.0),
}
_LONG_RUN_UP_S = 0.5

# An MP3 file up to this size is taken into memory, at an hour and a half of 128 kbit/s.
_LARGEST_MP3 = 96 << 20

# Seconds further back to try when a seek lands too late.
_FURTHER_S = (0, 10, 60)

# The file is handed over open, so FFmpeg needs no protocol; a playlist in disguise then cannot make
# it open other files or the network.
_OPTIONS = {"protocol_whitelist": "none"}

# Tags are not our business here and may be in any encoding. PyAV 19 took the option away and is
# lenient by itself.
_LENIENT: dict[str, Any] = (
    {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
)

# Demuxers that take a picture or plain text for video.
_NOT_MEDIA = ("tty", "image2", "gif", "apng")


class FfmpegReader:
    """A file open in FFmpeg; `file` stays the caller's to close."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = SilentFile(file)
        self._first_packet: av.Packet[av.AudioStream] | None = None
        self._open()
        try:
            self._learn()
        except BaseException:
            self.close()
            raise

    def read(self, start: int, count: int) -> Samples:
        """Samples from `start` on, mono; fewer where the stream ends.

        Shape:
            - Output: `(n,)` with `n <= count`
        """
        if not self._at <= start <= self._at + self._held.size + max(self._run_up, self._step):
            if (samples := self._by_frames(start, count)) is not None:
                return samples
            self._seek(start)
        self._fill(start, start + count)
        return self._held[start - self._at :][:count]

    def close(self) -> None:
        """Give back FFmpeg's side of the file."""
        self._container.close()

    def _open(self) -> None:
        av.logging.set_level(None)  # FFmpeg would write to the terminal
        self._file.be_patient(OPENING)
        self._file.seek(0)
        with _translated(self._path):
            self._container: InputContainer = av.open(
                self._file, mode="r", options=_OPTIONS, **_LENIENT
            )
        if not self._container.streams.audio:
            self.close()
            raise AudioError(_without_sound(self._container.format.name), self._path)
        self._stream = self._container.streams.audio[0]
        self._frames = chain.from_iterable(self._decoded())

    def _learn(self) -> None:
        """Take from the first frames what the header may not know: AAC doubles its rate later."""
        if self._stream.codec_context is None:
            raise AudioError("no decoder for its audio codec", self._path)
        self.codec = _short(self._stream.codec_context.codec.canonical_name)
        self.rate = 0
        first = next(self._frames, None)
        if first is None:
            raise AudioError("not audio, or nothing in it that can be decoded", self._path)
        self.rate, self.channels = first.sample_rate, first.layout.nb_channels
        self._run_up = round(self.rate * _RUN_UP_S.get(self.codec, _LONG_RUN_UP_S))
        second = next(self._frames, None)
        self._origin = Fraction(first.pts or 0) * (first.time_base or 0)
        self._first, self._step = first.samples, second.samples if second else first.samples
        self._at, self._held = 0, to_mono([first, second] if second else [first])
        # Where an MP3 file does not say how long it is, FFmpeg takes the bit rate of its first
        # frames for that of all, and is wrong by several times where it varies.
        counted = self._mpeg.samples if self._mpeg else 0
        self.frames = counted or round(self._claimed_s() * self.rate)

    def _claimed_s(self) -> Fraction:
        if self._stream.duration is not None and self._stream.time_base is not None:
            return Fraction(self._stream.duration * self._stream.time_base)
        return Fraction(self._container.duration or 0, av.time_base)

    def _decoded(self) -> Iterator[list[av.AudioFrame]]:
        """Frames from here on; a damaged packet is passed over, a change of rate is the end."""
        with _ended():
            self._file.be_patient()
            for packet in self._container.demux(self._stream):
                self._file.be_patient()
                self._first_packet = self._first_packet or packet
                frames = _frames_of(packet)
                if self.rate and frames and frames[-1].sample_rate != self.rate:
                    return
                yield frames

    def _by_frames(self, start: int, count: int) -> Samples | None:
        """The same as `read` from a place in the middle of an MP3 file; None where that fails."""
        if self._mpeg is None:
            return None
        if self._mpeg.ends_before(start):
            return np.zeros(0, np.float32)
        if (found := self._mpeg.decoded(start, start + count)) is None:
            return None
        at, frames = found
        return to_mono(frames)[start - at :][:count]

    @cached_property
    def _mpeg(self) -> MpegFrames | None:
        """Where the frames of an MP3 file lie; None for anything else."""
        first = self._first_packet
        if self.codec != "mp3" or self._container.format.name != "mp3" or first is None:
            return None
        content = self._file.content(_LARGEST_MP3)
        if first.pos is None or first.pts is None or first.time_base is None:
            return None
        if not 0 <= first.pos <= len(content) - 4:
            return None
        skipped = round((self._origin - first.pts * first.time_base) * self.rate)
        return find_frames(content, first.pos, skipped)

    def _fill(self, start: int, stop: int) -> None:
        """Hold the samples `[start, stop)`, as far as there are any, and forget those before."""
        end, frames = self._at + self._held.size, []
        while end < stop and (frame := next(self._frames, None)) is not None:
            end += frame.samples
            frames.append(frame)
        held = to_mono(frames) if frames else self._held
        if frames and self._held.size:
            held = np.concatenate([self._held, held])
        passed = min(start - self._at, held.size)
        self._at, self._held = self._at + passed, held[passed:]

    def _seek(self, start: int) -> None:
        """Go so far before `start` that counting from there is right; at worst from the beginning.

        A seek that finds no frame means that the data ends before `start`.
        """
        for further_s in _FURTHER_S:
            if not self._jump(max(0, start - self._run_up - further_s * self.rate)):
                break
            frame = next(self._frames, None)
            at = self._position(frame) if frame else start
            if at is not None and at <= start:
                self._at, self._held = at, to_mono([frame] if frame else [])
                return
        self._restart()

    def _jump(self, target: int) -> bool:
        self._file.be_patient(seeking=True)
        seconds = self._origin + Fraction(target, self.rate)
        try:
            self._container.seek(
                int(seconds / (self._stream.time_base or 1)), stream=self._stream, backward=True
            )
        except (av.error.FFmpegError, OSError, ValueError):
            return False
        self._frames = chain.from_iterable(self._decoded())
        return True

    def _restart(self) -> None:
        """For what cannot be sought in: read on from the beginning, where the position is known."""
        self.close()
        self._open()
        self._at, self._held = 0, np.zeros(0, np.float32)

    def _position(self, frame: av.AudioFrame) -> int | None:
        """Which sample of the track this frame begins with, in samples."""
        if frame.pts is None or frame.time_base is None:
            return None
        exact = (frame.pts * frame.time_base - self._origin) * self.rate
        # Matroska and ASF stamp in milliseconds, 44 samples of 44.1 kHz; all frames but the first
        # and last are of one size there, so the nearest border of a frame is meant. Vorbis alone
        # varies its frames and keeps the error. Below 0 lie priming samples, which a decode from
        # the beginning drops.
        if frame.time_base * self.rate <= 1 or self.codec == "vorbis":
            return round(exact)
        if exact * 2 < self._first:
            return 0
        return self._first + self._step * round((exact - self._first) / self._step)


def _frames_of(packet: av.Packet[av.AudioStream]) -> list[av.AudioFrame]:
    try:
        return packet.decode()
    except (av.error.FFmpegError, ValueError):
        return []


@contextmanager
def _ended() -> Iterator[None]:
    """Take a failure between packets for the end: there is nothing to read on from."""
    try:
        yield
    except (av.error.FFmpegError, OSError, ValueError):
        return


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """The one place where FFmpeg's errors become ours."""
    try:
        yield
    except av.error.InvalidDataError as error:
        raise AudioError("not audio, or damaged beyond reading", path) from error
    except (av.error.FFmpegError, OSError, ValueError, EOFError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AudioError(f"FFmpeg cannot open it: {reason}", path) from error


def _without_sound(container: str) -> str:
    if container in _NOT_MEDIA or container.endswith("_pipe"):
        return "not audio"
    return "no audio stream in it"


def _short(codec: str) -> str:
    return "pcm" if codec.startswith("pcm_") else codec
