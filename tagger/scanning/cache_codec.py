"""An entry of the cache as bytes with a checksum, and back.

A flipped bit on a disk must not become a wrong tag: what does not fit its checksum is absent.
"""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import asdict

import numpy as np

from tagger.inference.slice_scores import SliceScores
from tagger.tags.reader import FileTags

_COUNTS = struct.Struct("<II")  # S, K
_SUM = struct.Struct("<I")


def pack_tags(tags: FileTags, note: str) -> bytes:
    """Tags, and the note that stands for tags that cannot be read."""
    return _sealed(json.dumps([asdict(tags), note]).encode("ascii"))


def unpack_tags(packed: bytes) -> tuple[FileTags, str] | None:
    """The inverse of `pack_tags`; None where it is damaged."""
    if not (body := _unsealed(packed)):
        return None
    values, note = json.loads(body)
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return FileTags(**{**values, **lists}), note


def pack_slices(slices: SliceScores) -> bytes:
    """Slice scores, to the bit."""
    parts = [
        _COUNTS.pack(*slices.values.shape),
        np.asarray([slices.duration_s, *slices.starts], "<f8").tobytes(),
        np.asarray(slices.values, "<f4").tobytes(),
        np.asarray(slices.silent, "u1").tobytes(),
        json.dumps(slices.notes).encode("ascii"),
    ]
    return _sealed(b"".join(parts))


def unpack_slices(packed: bytes) -> SliceScores | None:
    """The inverse of `pack_slices`; None where it is damaged."""
    if not (body := _unsealed(packed)):
        return None
    n_slices, n_labels = _COUNTS.unpack_from(body)
    times = np.frombuffer(body, "<f8", 1 + n_slices, at := _COUNTS.size)
    values = np.frombuffer(body, "<f4", n_slices * n_labels, at := at + times.nbytes)
    silent = np.frombuffer(body, "u1", n_slices, at := at + values.nbytes)
    return SliceScores(
        values.reshape(n_slices, n_labels).astype(np.float32),
        tuple(times[1:].tolist()),
        tuple(silent.astype(bool).tolist()),
        float(times[0]),
        tuple(json.loads(body[at + silent.nbytes :])),
    )


def _sealed(body: bytes) -> bytes:
    return _SUM.pack(zlib.crc32(body)) + body


def _unsealed(packed: bytes) -> bytes:
    """What was sealed, or nothing."""
    body = packed[_SUM.size :]
    return body if packed[: _SUM.size] == _SUM.pack(zlib.crc32(body)) else b""
