"""Mel power of every file, computed once and cached on disk.

Power, not its logarithm, since sounds add in power: clips are mixed after this stage, for next to
nothing. It is stored as log10 in float16, which rounds by at most 0.02 dB (0.04 dB below 1e-8, far
below audibility).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soxr
import torch

from tagger.audio.decoders import open_reader
from tagger.audio.window_positions import place_windows
from tagger.errors import AudioError, DataError
from tagger.models.card import MelSpec
from tagger.writing.atomic_file import replacing
from training.data.datasets import Clip
from training.networks.mel_frontend import compress, mel_power

Mel = npt.NDArray[np.float16]  # (F, M): log10 of mel power, frames first so that crops are views

Power = npt.NDArray[np.float32]

SONG_WINDOWS = 10  # as in a scan
BLOCK = 1 << 22  # samples decoded at once
DECODER = "tagger"  # part of the cache key
LEAST_POWER = 1e-10  # log10 needs a floor; far below `MelSpec.power_floor`


def load_features(
    clips: Iterable[Clip], spec: MelSpec, cache: Path, progress: Callable[[], object] = lambda: None
) -> dict[str, Mel]:
    """Mel power of each clip, by its id; `progress` is called once per clip.

    Clips of a file that cannot be read are left out, with a warning that names the file.
    """
    folder = cache / hashlib.sha256(_front_end(spec).encode()).hexdigest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[Path, Mel | None] = {}
    features: dict[str, Mel] = {}
    for clip in clips:
        if clip.path not in files:
            files[clip.path] = _readable(clip.path, spec, folder)
        if (mel := files[clip.path]) is not None:
            features[clip.id] = _part(mel, clip, spec)
        progress()
    return features


def spread(mel: Mel, spec: MelSpec, count: int) -> torch.Tensor:
    """Slices spread evenly over a sound, as a network takes them; a shorter sound ends in silence.

    Shape: `(F', M)` of log10 power in, `(count, M, F)` of log-mel out
    """
    starts = np.linspace(0, max(0, len(mel) - spec.n_frames), count).astype(int)
    power = torch.zeros(count, spec.n_mels, spec.n_frames)
    for i, start in enumerate(starts):
        part = torch.from_numpy(mel[start : start + spec.n_frames].astype(np.float32))
        power[i, :, : len(part)] = 10**part.T
    return compress(power, spec)


def song_windows(mel: Mel, spec: MelSpec, count: int = SONG_WINDOWS) -> Iterator[Power]:
    """Mel power of windows spread over a song, as a scan spreads them. Shape: `(M, F)` each."""
    for start in place_windows(0, len(mel), length=spec.n_frames, count=count):
        part = mel[start : start + spec.n_frames].astype(np.float32).T
        power = np.zeros((spec.n_mels, spec.n_frames), dtype=np.float32)
        power[:, : part.shape[1]] = np.power(np.float32(10), part)
        yield power


def _front_end(spec: MelSpec) -> str:
    """What the mel power of a file depends on; how it is cut and compressed comes later."""
    return repr((DECODER, spec.rate, spec.n_fft, spec.hop, spec.n_mels, spec.fmin, spec.fmax))


def read_mono(path: Path, rate: int) -> npt.NDArray[np.float32]:
    """A whole file as mono at `rate` Hz, decoded as the tagger decodes it. Shape: `(T,)`."""
    try:
        with open_reader(path) as reader:
            blocks = [reader.read(0, BLOCK)]
            while len(blocks[-1]) == BLOCK:
                blocks.append(reader.read(BLOCK * len(blocks), BLOCK))
            source_rate = reader.rate
    except AudioError as error:
        raise DataError(f"cannot be read ({error.message})", path) from error
    samples = np.concatenate(blocks)
    return np.asarray(soxr.resample(samples, source_rate, rate), dtype=np.float32)


def _readable(path: Path, spec: MelSpec, folder: Path) -> Mel | None:
    try:
        return _cached(path, spec, folder)
    except DataError as error:
        logging.getLogger(__name__).warning("%s; left out", error)
        return None


def _cached(path: Path, spec: MelSpec, folder: Path) -> Mel:
    return cached_array(path, folder, lambda: _compute(path, spec))


def cached_array(
    path: Path, folder: Path, compute: Callable[[], npt.NDArray[Any]]
) -> npt.NDArray[Any]:
    """`compute()` of a file, cached in `folder` until the file changes; returns the array."""
    try:
        status = path.stat()
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", path) from error
    key = f"{path.resolve()}:{status.st_size}:{status.st_mtime_ns}"
    cached = folder / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.npy"
    if cached.exists():
        return np.asarray(np.load(cached))
    values = compute()
    with replacing(cached, contended=True) as part, part.open("wb") as file:
        np.save(file, values)
    return values


def _compute(path: Path, spec: MelSpec) -> Mel:
    samples = read_mono(path, spec.rate)
    if len(samples) < spec.n_fft:
        samples = np.pad(samples, (0, spec.n_fft - len(samples)))
    power = mel_power(torch.from_numpy(samples)[None], spec)[0]
    return power.clamp_min(LEAST_POWER).log10().T.numpy().astype(np.float16)


def _part(mel: Mel, clip: Clip, spec: MelSpec) -> Mel:
    frames_per_s = spec.rate / spec.hop
    start = round(clip.start_s * frames_per_s)
    end = None if clip.end_s is None else round(clip.end_s * frames_per_s)
    return mel[start:end]
