"""Frames of FFmpeg to mono samples, in blocks."""

from __future__ import annotations

from itertools import groupby

import av
import numpy as np
import numpy.typing as npt

from tagger.audio.downmix import mix, mix_planes
from tagger.audio.types import Samples

_TYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}


def to_mono(frames: list[av.AudioFrame]) -> Samples:
    """Mono samples of some frames, as `(T,)`.

    Frames of one kind are copied and mixed together: one by one, and each made an array by PyAV,
    it takes a third of the time of decoding MP3.
    """
    parts = [_mixed(list(alike)) for _, alike in groupby(frames, key=_kind)]
    return np.concatenate(parts) if len(parts) > 1 else (parts or [np.zeros(0, np.float32)])[0]


def _kind(frame: av.AudioFrame) -> tuple[str, int, int]:
    return frame.format.name, len(frame.planes), frame.samples


def _mixed(frames: list[av.AudioFrame]) -> Samples:
    """Mono samples of frames of one format, layout and length."""
    like = frames[0]
    planar, n_samples = like.format.is_planar, like.samples
    content = b"".join([plane for frame in frames for plane in frame.planes])
    values: npt.NDArray[np.generic] = np.frombuffer(content, _TYPES[like.format.packed.name])
    # A plane is as long as FFmpeg's alignment wants it.
    if planar:
        return mix_planes(values.reshape(len(frames), len(like.planes), -1)[..., :n_samples])
    channels = like.layout.nb_channels
    return mix(values.reshape(len(frames), -1)[:, : n_samples * channels].reshape(-1, channels))
