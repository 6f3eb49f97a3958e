"""Songs coded once more, as people own them: MP3, AAC, Vorbis and Opus at many settings.

How a file was made should not matter to a network, so it hears the same music in several codings.
A decoder takes off what its encoder put before the sound; what is left of a delay is below a slice
of a mel spectrogram, so that labels and teachers of the original hold for the copy at each moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np
import numpy.typing as npt
import soundfile

from tagger.errors import DataError

Sound = npt.NDArray[np.float32]  # (C, T)

# Codec -> suffix, encoder of FFmpeg (Vorbis: libsndfile), rates in Hz. Opus has no 44.1 kHz.
_HIGH = (22_050, 24_000, 32_000, 44_100, 48_000)
CODECS: dict[str, tuple[str, str, tuple[int, ...]]] = {
    "mp3": (".mp3", "libmp3lame", _HIGH),
    "aac": (".m4a", "aac", _HIGH),
    "vorbis": (".ogg", "", _HIGH),
    "opus": (".opus", "libopus", (24_000, 48_000)),
}
KBPS = (48, 64, 96, 128, 160, 192, 256)
# What libvorbis makes of its qualities, for two channels at 44.1 kHz.
_VORBIS_KBPS = (64, 80, 96, 112, 128, 160, 192, 224, 256)
_VORBIS_QUALITY = tuple(i / 10 for i in range(len(_VORBIS_KBPS)))
_BLOCK = 65_536  # samples; libvorbis overflows its stack on more at once


@dataclass(frozen=True, slots=True)
class Setting:
    """How a song is coded."""

    codec: str
    kbps: int
    rate: int  # Hz
    channels: int

    @property
    def suffix(self) -> str:
        """Of the file's name."""
        return CODECS[self.codec][0]


def draw_setting(rng: np.random.Generator) -> Setting:
    """Any codec, high rates and two channels more often, as in people's libraries."""
    codec = str(rng.choice(list(CODECS)))
    rates = CODECS[codec][2]
    rate = rates[-1 - int(rng.integers(2))] if rng.random() < 0.6 else int(rng.choice(rates))
    return Setting(codec, int(rng.choice(KBPS)), rate, 2 if rng.random() < 0.75 else 1)


def code(source: Path, target: Path, setting: Setting) -> None:
    """Write a copy of a song's sound; a DataError names a song that cannot be decoded."""
    sound = _decoded(source, setting)
    if setting.codec == "vorbis":
        _write_vorbis(target, sound, setting)
    else:
        _write(target, sound, setting)


def _decoded(path: Path, setting: Setting) -> Sound:
    """The whole sound, at the rate and with the channels of a setting."""
    layout = "stereo" if setting.channels == 2 else "mono"
    resampler = av.AudioResampler("fltp", layout, setting.rate)
    try:
        with av.open(str(path)) as container:
            frames = [f for frame in container.decode(audio=0) for f in resampler.resample(frame)]
        frames += resampler.resample(None)
    except (av.error.FFmpegError, OSError, IndexError) as error:
        raise DataError(f"cannot be read ({error})", path) from error
    if not frames:
        raise DataError("cannot be read (there is no sound in it)", path)
    sound = np.concatenate([frame.to_ndarray() for frame in frames], axis=1)
    return np.asarray(np.clip(sound, -1, 1), dtype=np.float32)


def _write(path: Path, sound: Sound, setting: Setting) -> None:
    encoder = CODECS[setting.codec][1]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(encoder, rate=setting.rate)
        assert isinstance(stream, av.AudioStream)
        stream.layout = layout = "stereo" if setting.channels == 2 else "mono"
        stream.bit_rate = 1000 * setting.kbps
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound), "fltp", layout)
        frame.sample_rate, frame.pts, frame.time_base = setting.rate, 0, Fraction(1, setting.rate)
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)


def _write_vorbis(path: Path, sound: Sound, setting: Setting) -> None:
    kbps = setting.kbps * 2 / setting.channels
    quality = float(np.interp(kbps, _VORBIS_KBPS, _VORBIS_QUALITY))
    with soundfile.SoundFile(
        path, "w", setting.rate, setting.channels, "VORBIS", format="OGG",
        compression_level=1 - quality,
    ) as file:  # fmt: skip
        for part in _blocks(sound):
            file.write(part.T)


def _blocks(sound: Sound) -> Sequence[Sound]:
    return [sound[:, at : at + _BLOCK] for at in range(0, sound.shape[1], _BLOCK)]
