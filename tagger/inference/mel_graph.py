"""The log-mel transform of one slice as a graph for ONNX Runtime, with matrix products throughout.

A discrete Fourier transform of N = A * C points is one of A points over every C-th sample, then one
of C points over the results, turned by a twiddle factor (Cooley and Tukey 1965). With A and C near
the square root of N both are small matrix products over all frames at once, which a processor does
faster than numpy does its FFT, 2.5 times with all that surrounds it; and ONNX Runtime does them in
one thread, where BLAS would wake others that spin.
"""

from __future__ import annotations

from math import gcd

import numpy as np
import numpy.typing as npt

from tagger.models.card import MelSpec
from tagger.models.onnx_writer import Node, write_graph

Array = npt.NDArray[np.float32]


def mel_graph(spec: MelSpec, filters: Array, window: Array) -> bytes:
    """An ONNX file that takes "samples" `(used_samples,)` and gives "mel" `(M, F)`.

    Args:
        spec: of the transform.
        filters: the filter bank. Shape: `(M, n_fft // 2 + 1)`
        window: of each frame. Shape: `(n_fft,)`
    """
    columns = _columns(spec)
    rows, groups = spec.n_fft // columns, spec.n_fft // columns // 2 + 1
    constants: dict[str, npt.NDArray[np.float32] | npt.NDArray[np.int64]] = {
        "window": window.reshape(rows, columns),
        "over_rows": _over_rows(rows),
        "over_columns": _over_columns(spec.n_fft, rows),
        "filters": _grouped(filters, rows, columns),
        "frame_rows": _frame_rows(spec, rows, columns),
        "in_rows": np.array([-1, columns], np.int64),
        "by_part": np.array([spec.n_frames, 2, groups, columns], np.int64),
        "by_group": np.array([groups, spec.n_frames, 2 * columns], np.int64),
        "by_frame": np.array([spec.n_frames, groups * columns], np.int64),
        "halves": np.array([columns, columns], np.int64),
        "floor": np.array(spec.power_floor, np.float32),
        "gain": np.array(spec.log_gain, np.float32),
        "one": np.array(1, np.float32),
        "bels": np.array(1 / np.log(10), np.float32),
    }
    output = {"mel": (spec.n_mels, spec.n_frames)}
    return write_graph(_NODES, constants, {"samples": (used_samples(spec),)}, output)


def used_samples(spec: MelSpec) -> int:
    """Samples of a slice that its frames reach."""
    return (spec.n_frames - 1) * spec.hop + spec.n_fft


_NODES = (
    Node("Reshape", ["samples", "in_rows"], ["sample_rows"]),
    Node("Gather", ["sample_rows", "frame_rows"], ["frames"], {"axis": 0}),
    Node("Mul", ["frames", "window"], ["windowed"]),
    Node("MatMul", ["over_rows", "windowed"], ["first"]),  # real parts above imaginary ones
    Node("Reshape", ["first", "by_part"], ["parts"]),
    Node("Transpose", ["parts"], ["apart"], {"perm": [2, 0, 1, 3]}),
    Node("Reshape", ["apart", "by_group"], ["grouped"]),
    Node("MatMul", ["grouped", "over_columns"], ["spectrum"]),
    Node("Mul", ["spectrum", "spectrum"], ["squares"]),
    Node("Split", ["squares", "halves"], ["real", "imaginary"], {"axis": 2}),
    Node("Add", ["real", "imaginary"], ["power"]),
    Node("Transpose", ["power"], ["by_time"], {"perm": [1, 0, 2]}),
    Node("Reshape", ["by_time", "by_frame"], ["bins"]),
    Node("MatMul", ["bins", "filters"], ["bands"]),
    # The same as `mel_spectrogram.compress`.
    Node("ReduceMean", ["bands"], ["mean"], {"axes": [0, 1], "keepdims": 1}),
    Node("Max", ["mean", "floor"], ["level"]),
    Node("Div", ["gain", "level"], ["scale"]),
    Node("Mul", ["bands", "scale"], ["scaled"]),
    Node("Add", ["scaled", "one"], ["above_one"]),
    Node("Log", ["above_one"], ["log"]),
    Node("Mul", ["log", "bels"], ["compressed"]),
    Node("Transpose", ["compressed"], ["mel"], {"perm": [1, 0]}),
)


def _columns(spec: MelSpec) -> int:
    """The factor of `n_fft` nearest to its square root of which a hop is a multiple."""
    common = gcd(spec.n_fft, spec.hop)
    divisors = [d for d in range(1, common + 1) if common % d == 0]
    return min(divisors, key=lambda d: abs(d * d - spec.n_fft))


def _frame_rows(spec: MelSpec, rows: int, columns: int) -> npt.NDArray[np.int64]:
    """Which rows of samples each frame holds. Shape: `(F, A)`."""
    firsts = np.arange(spec.n_frames)[:, None] * (spec.hop // columns)
    return (firsts + np.arange(rows)).astype(np.int64)


def _over_rows(rows: int) -> Array:
    """The transform of real columns, half of it: the other half is its mirror image.

    Shape: `(2G, A)`, G groups of frequencies
    """
    turn = np.exp(-2j * np.pi * np.outer(np.arange(rows // 2 + 1), np.arange(rows)) / rows)
    return np.concatenate([turn.real, turn.imag]).astype(np.float32)


def _over_columns(n_fft: int, rows: int) -> Array:
    """Twiddle factors and the second transform in one, for complex numbers as pairs.

    Shape: `(G, 2C, 2C)`
    """
    columns = n_fft // rows
    bins = np.arange(rows // 2 + 1)[:, None] + rows * np.arange(columns)
    turn = np.exp(-2j * np.pi * np.arange(columns)[None, :, None] * bins[:, None] / n_fft)
    return np.block([[turn.real, turn.imag], [-turn.imag, turn.real]]).astype(np.float32)


def _grouped(filters: Array, rows: int, columns: int) -> Array:
    """The filters in the order in which the transform gives its bins, mirror images left out.

    Shape: `(G * C, M)`
    """
    n_fft = rows * columns
    bins = (np.arange(rows // 2 + 1)[:, None] + rows * np.arange(columns)).ravel()
    bins = np.minimum(bins, n_fft - bins)
    _, first = np.unique(bins, return_index=True)
    grouped = np.zeros((len(bins), len(filters)), np.float32)
    grouped[first] = filters[:, bins[first]].T
    return grouped
