"""Sound to audio files, the codec chosen by the name of the file.

Both writers take the sound a second at a time: libsndfile's Vorbis encoder overflows its stack on
long blocks (https://github.com/libsndfile/libsndfile/issues/431), and memory stays small.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
import soxr
from mutagen.ogg import OggPage
from numpy.typing import NDArray

from tagger.errors import MusicTagError

if TYPE_CHECKING:
    from av.container import OutputContainer

# File name ending -> libsndfile (format, subtype).
_SOUNDFILE = {
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
    ".aiff": ("AIFF", "PCM_16"),
}


@dataclass(frozen=True, slots=True)
class _Codec:
    """An encoder of FFmpeg and how it is asked: container, bits a second (0: lossless), options."""

    encoder: str
    container: str
    bit_rate: int = 0
    options: tuple[tuple[str, str], ...] = ()


# Perceptual noise substitution makes a decoder fill bands with noise of its own, so that two
# decoders (or two runs of one) would not agree on the samples.
_AAC = _Codec("aac", "ipod", 192_000, (("aac_pns", "0"),))
_FFMPEG = {
    ".m4a": _AAC,
    ".opus": _Codec("libopus", "opus", 128_000),
    ".wma": _Codec("wmav2", "asf", 192_000),
    ".wv": _Codec("wavpack", "wv"),
}
_ALAC = _Codec("alac", "ipod")

_LAYOUTS = {1: "mono", 2: "stereo"}

SUFFIXES = (*_SOUNDFILE, *_FFMPEG)


def write_audio(path: Path, samples: NDArray[np.float32], rate: int, *, alac: bool = False) -> None:
    """Write sound (-1 to 1, `rate` in Hz) in the format of the file's name; equal bytes each time.

    `alac` makes an .m4a lossless. Opus is written at 48000 Hz, the only rate near the usual ones
    it has. WMA has no place to note its encoder's delay: a decoder gives the sound without its
    first 2048 samples. All other formats come back aligned. An existing file is replaced.
    Shape: samples (C, T).
    """
    if samples.ndim != 2 or samples.shape[0] not in _LAYOUTS:
        raise ValueError(
            f"sound of shape {samples.shape} is not (channels, samples), mono or stereo"
        )
    suffix = path.suffix.lower()
    if suffix in _SOUNDFILE:
        _write_with_soundfile(path, samples, rate)
    elif suffix in _FFMPEG:
        _write_with_ffmpeg(path, samples, rate, _ALAC if alac else _FFMPEG[suffix])
    else:
        choices = ", ".join(SUFFIXES)
        raise MusicTagError(
            f"cannot write {suffix or 'a name without ending'}; use {choices}", path
        )


def _write_with_soundfile(path: Path, samples: NDArray[np.float32], rate: int) -> None:
    form, subtype = _SOUNDFILE[path.suffix.lower()]
    try:
        with soundfile.SoundFile(
            path, "w", rate, samples.shape[0], subtype=subtype, format=form
        ) as file:
            for _, block in _blocks(samples, rate):
                file.write(block.T)
    except (soundfile.LibsndfileError, OSError) as error:
        raise MusicTagError(f"cannot be written: {error}", path) from error
    if form == "OGG":
        _name_stream(path)


def _write_with_ffmpeg(path: Path, samples: NDArray[np.float32], rate: int, codec: _Codec) -> None:
    import av  # slow to load, and half of the formats do without it

    if codec.encoder not in av.codecs_available:
        raise MusicTagError(f"this PyAV has no encoder {codec.encoder}; use another format", path)
    if codec.encoder == "libopus" and rate != 48000:
        samples, rate = soxr.resample(samples.T, rate, 48000).T, 48000
    try:
        # bitexact: without it Ogg streams are numbered at random and files name the FFmpeg version.
        with av.open(path, "w", format=codec.container, options={"fflags": "bitexact"}) as out:
            _encode(out, samples, rate, codec)
    except (av.error.FFmpegError, OSError) as error:
        raise MusicTagError(f"cannot be written: {error}", path) from error


def _encode(out: OutputContainer, samples: NDArray[np.float32], rate: int, codec: _Codec) -> None:
    """Encode and write all of the sound through an open FFmpeg container."""
    import av

    layout = _LAYOUTS[samples.shape[0]]
    stream = out.add_stream(codec.encoder, rate=rate, options=dict(codec.options), layout=layout)
    assert isinstance(stream, av.AudioStream)
    if codec.bit_rate:
        stream.bit_rate = codec.bit_rate
    else:
        stream.codec_context.format = av.AudioFormat("s16p")
    for start, block in _blocks(samples, rate):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), "fltp", layout)
        frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), start
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


def _blocks(samples: NDArray[np.float32], size: int) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Where each run of `size` samples starts, and its sound. Shape: (C, T) -> (C, size)."""
    for start in range(0, samples.shape[-1], size):
        yield start, samples[:, start : start + size]


def _name_stream(path: Path) -> None:
    """Give an Ogg stream the serial number 1, where libsndfile draws one by the clock."""
    with path.open("r+b") as file:
        while True:
            place = file.tell()
            try:
                page = OggPage(file)  # type: ignore[no-untyped-call]
            except EOFError:
                return
            after = file.tell()
            page.serial = 1
            file.seek(place)
            file.write(page.write())  # type: ignore[no-untyped-call]
            file.seek(after)
