"""What a recording goes through on its way into a library, applied to its samples.

FFmpeg's filters do pitch and tempo: PyAV, which the tagger needs anyway, brings them, so nothing
has to be installed; its `atempo` overlaps and adds in the time domain (after Verhelst and Roelands
1993), which keeps drums sharp where a phase vocoder smears them.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt
from scipy.signal import butter, sosfilt

Array = npt.NDArray[np.float32]

RATE = 44100  # Hz, at which sound is changed: MP3 at 64 kbit/s is no hardship at lower rates
MP3_BIT_RATE = 64_000  # bits a second, one channel
NOISE_DB = 20.0  # how far the noise lies below the sound
LOW_PASS_HZ = 4000.0


@dataclass(frozen=True, slots=True)
class Change:
    """One way to change sound. Shape of `apply`: `(T,)` at `RATE` in, `(T',)` out."""

    name: str
    apply: Callable[[Array], Array]


def mp3(samples: Array) -> Array:
    """Through an MP3 of 64 kbit/s and back, in memory."""
    coded = io.BytesIO()
    with av.open(coded, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=RATE, layout="mono")
        stream.bit_rate = MP3_BIT_RATE
        for packet in [*stream.encode(_frame(samples)), *stream.encode(None)]:
            container.mux(packet)
    coded.seek(0)
    with av.open(coded, "r") as container:
        return _joined(list(container.decode(container.streams.audio[0])))


def tempo(samples: Array, factor: float) -> Array:
    """Faster (`factor` above 1) or slower, at the same pitch."""
    return _filtered(samples, [("atempo", f"{factor}")])


def pitch(samples: Array, semitones: float) -> Array:
    """Higher or lower, at the same tempo: played faster, then slowed down."""
    factor = 2 ** (semitones / 12)
    return _filtered(
        samples,
        [
            ("asetrate", f"{round(RATE * factor)}"),
            ("aresample", f"{RATE}"),
            ("atempo", f"{1 / factor}"),
        ],
    )


def noise(samples: Array, below_db: float = NOISE_DB) -> Array:
    """With white noise, `below_db` dB under the sound; the same noise every time."""
    hiss = np.random.default_rng(0).standard_normal(len(samples)).astype(np.float32)
    level = np.sqrt(np.mean(np.square(samples, dtype=np.float64))) * 10 ** (-below_db / 20)
    return np.asarray(samples + np.float32(level) * hiss, dtype=np.float32)


def low_pass(samples: Array, hz: float = LOW_PASS_HZ) -> Array:
    """Without what lies above `hz`, as from an old tape or a telephone (48 dB an octave)."""
    sections = butter(8, hz, fs=RATE, output="sos")
    return np.asarray(sosfilt(sections, samples), dtype=np.float32)


PANEL = (
    Change("MP3 at 64 kbit/s", mp3),
    Change("2 semitones up", lambda samples: pitch(samples, 2)),
    Change("2 semitones down", lambda samples: pitch(samples, -2)),
    Change("10 % faster", lambda samples: tempo(samples, 1.1)),
    Change("10 % slower", lambda samples: tempo(samples, 0.9)),
    Change("noise 20 dB below", noise),
    Change("nothing above 4 kHz", low_pass),
)


def _frame(samples: Array) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(samples[None], np.float32), format="fltp", layout="mono"
    )
    frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
    return frame


def _filtered(samples: Array, steps: list[tuple[str, str]]) -> Array:
    graph = av.filter.Graph()
    source = graph.add_abuffer(
        sample_rate=RATE, format="fltp", layout="mono", time_base=Fraction(1, RATE)
    )
    last = source
    # Filters answer in formats of their own; the sink takes what is asked for.
    for name, arguments in [*steps, ("aformat", f"fltp:{RATE}:mono"), ("abuffersink", "")]:
        following = graph.add(name, arguments) if arguments else graph.add(name)
        last.link_to(following)
        last = following
    graph.configure()
    source.push(_frame(samples))
    source.push(None)
    frames: list[av.AudioFrame] = []
    while True:
        try:
            frame = last.pull()
        except (av.BlockingIOError, av.EOFError):
            return _joined(frames)
        assert isinstance(frame, av.AudioFrame)
        frames.append(frame)


def _joined(frames: list[av.AudioFrame]) -> Array:
    """Frames of one channel of float32, one after the other. Shape: `(T,)`."""
    parts = [frame.to_ndarray()[0].astype(np.float32) for frame in frames]
    return np.concatenate([*parts, np.zeros(0, np.float32)])
