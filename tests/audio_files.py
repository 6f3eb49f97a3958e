"""Sound made with numpy and written in every format that soundfile and the PyAV wheel can write."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

Sound = NDArray[np.float32]  # (T, C)

# suffix -> FFmpeg encoder; all else is written by soundfile.
BY_FFMPEG = {
    ".m4a": "aac",
    ".alac.m4a": "alac",
    ".opus": "libopus",
    ".wma": "wmav2",
    ".wv": "wavpack",
    ".mka": "aac",
    ".flac.mka": "flac",
    ".tta": "tta",
}

# Without this FFmpeg's AAC replaces noise by its loudness, and each decode draws other noise.
NO_NOISE_SUBSTITUTION = {"aac_pns": "0"}

LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}


def music(seconds: float, rate: int, *, channels: int = 2, seed: int = 0) -> Sound:
    """A chirp under noise, different in each channel and at each moment; `(T, C)`, within ±1."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    chirp = 0.3 * np.sin(2 * np.pi * (100 + 20 * time) * time)
    noise = 0.1 * rng.standard_normal((time.size, channels))
    return np.clip(chirp[:, None] + noise, -0.99, 0.99).astype(np.float32)


def write(path: Path, sound: Sound, rate: int, *, subtype: str | None = None) -> Path:
    """Write `(T, C)` at `rate` Hz in the format of the name's suffix."""
    suffix = "".join(path.suffixes[-2:]) if len(path.suffixes) > 1 else path.suffix
    if suffix in BY_FFMPEG:
        _write_with_ffmpeg(path, sound, rate, BY_FFMPEG[suffix])
    else:
        with soundfile.SoundFile(path, "w", rate, sound.shape[1], subtype) as file:
            for at in range(0, len(sound), 65536):  # libvorbis overflows its stack on more
                file.write(sound[at : at + 65536])
    return path


def _write_with_ffmpeg(path: Path, sound: Sound, rate: int, codec: str) -> None:
    layout = LAYOUTS[sound.shape[1]]
    # The index in front, so that a truncated file is still a file.
    movflags = {"movflags": "faststart"} if path.suffix == ".m4a" else {}
    with av.open(path, "w", options=movflags) as container:
        options = NO_NOISE_SUBSTITUTION if codec == "aac" else {}
        stream = container.add_stream(codec, rate=rate, options=options)
        assert isinstance(stream, av.AudioStream)
        stream.layout = layout
        if codec in {"aac", "wmav2"}:
            stream.bit_rate = 128_000
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(sound.T), format="fltp", layout=layout
        )
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
