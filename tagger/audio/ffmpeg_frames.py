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
    if not frames:
        return np.zeros(0, np.float32)
    if len({frame.samples for frame in frames}) == 1:
        content = _content(frames)
        if len(content) == len(frames) * len(_content(frames[:1])):
            return _mixed(content, frames[0])
    # Vorbis and WMA vary the length of their frames; other codecs, once, the layout.
    parts = [list(alike) for _, alike in groupby(frames, key=_kind)]
    return np.concatenate([_mixed(_content(part), part[0]) for part in parts])


def _kind(frame: av.AudioFrame) -> tuple[int, str, int]:
    return frame.samples, frame.format.name, frame.layout.nb_channels


def _content(frames: list[av.AudioFrame]) -> bytes:
    return b"".join([plane for frame in frames for plane in frame.planes])


def _mixed(content: bytes, like: av.AudioFrame) -> Samples:
    """Mono samples of the content of frames of one format, layout and length."""
    values: npt.NDArray[np.generic] = np.frombuffer(content, _TYPES[like.format.packed.name])
    channels, n_samples = like.layout.nb_channels, like.samples
    # A plane is as long as FFmpeg's alignment wants it.
    if like.format.is_planar:
        frames = values.size * values.itemsize // (channels * like.planes[0].buffer_size)
        return mix_planes(values.reshape(frames, channels, -1)[..., :n_samples])
    size = like.planes[0].buffer_size // values.itemsize
    return mix(values.reshape(-1, size)[:, : n_samples * channels].reshape(-1, channels))
