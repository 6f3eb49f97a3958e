"""Path -> embeddings and logits of the base model for each slice, computed once and cached.

Training only uses cached values, so a resumed run learns from the same numbers as an uninterrupted
one.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import appdirs
import numpy as np
import numpy.typing as npt

from tagger.audio import iter_windows
from tagger.errors import AudioError, MusicTagError
from tagger.inference.slice_scores import iter_mel, predict_slices
from tagger.models.card import ModelCard
from tagger.models.model import CardFile, load_model, read_card
from tagger.models.session import Network, open_network
from tagger.scanning.limits import lost_message
from tagger.scanning.pool import TIMEOUT_S, Pool
from tagger.scanning.settings import Settings
from tagger.scanning.workers import Loss
from tagger.writing.atomic_file import replacing
from training.finetune.onnx_graph import read_network, with_embedding

Array = npt.NDArray[np.float32]
DAMAGED = (OSError, EOFError, ValueError, KeyError, BadZipFile)  # what reading a bad entry raises


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """The slices of a track that are not silent. Shape: `(S, D)` and `(S, K)` of the base model."""

    embeddings: Array
    logits: Array
    notes: tuple[str, ...]


def load_base(name: str) -> CardFile:
    """The base model of that name, loaded once to verify it."""
    base = read_card(name)
    load_model(base)
    return base


def cache_folder() -> Path:
    """Where embeddings are cached from run to run."""
    return Path(appdirs.user_cache_dir("musictag", appauthor=False)) / "embeddings"


def cached_files(base: CardFile, cache: Path) -> Iterator[Path]:
    """The files whose embeddings are cached, and which are as they were."""
    folder = cache / base.card.sha256[:16]
    for entry in sorted(folder.glob("*.npz")):
        with suppress(*DAMAGED), np.load(entry, allow_pickle=False) as arrays:
            path = Path(os.fsdecode(arrays["path"].tobytes()))
            if path.exists() and _cached_at(path, folder) == entry:
                yield path


def embed_files(
    paths: Sequence[Path],
    base: CardFile,
    cache: Path,
    jobs: int,
    progress: Callable[[], object] = lambda: None,
) -> Iterator[tuple[Path, Sound | MusicTagError]]:
    """The embeddings of each file, in order; a file that cannot be read gives its error."""
    folder = cache / base.card.sha256[:16]
    folder.mkdir(parents=True, exist_ok=True)
    missing = [path for path in paths if not _cached_at(path, folder).exists()]
    failed: dict[Path, str] = {}
    for path, failure in _fill_cache(missing, base, folder, jobs):
        progress()
        if failure:
            failed[path] = failure
    for path in paths:
        if path not in missing:
            progress()
        yield path, AudioError(failed[path], path) if path in failed else _read(path, folder)


def _fill_cache(
    paths: Sequence[Path], base: CardFile, folder: Path, jobs: int
) -> Iterator[tuple[Path, str]]:
    """Yield each path once its embeddings are cached, with the error or an empty string."""

    def lost(_: Path, why: Loss) -> str:
        return lost_message(why, TIMEOUT_S)

    with Pool(_prepare, (base, folder), lost=lost, size=jobs) as pool:
        futures = [pool.submit(path) for path in paths]
        for path, future in zip(paths, futures, strict=True):
            yield path, future.result()


def _prepare(base: CardFile, folder: Path) -> Callable[[Path], str]:
    """Set up a worker process; returns the function it calls for each file."""
    base.read_weights()  # verifies their checksum
    content = with_embedding(read_network(base.weights), base.weights)
    network = open_network(content, base.weights)

    def embed(path: Path) -> str:
        try:
            _embed(path, network, base.card, folder)
        except MusicTagError as error:
            return error.message
        except OSError as error:
            return f"cannot be read ({error.strerror})"
        return ""

    return embed


def _embed(path: Path, network: Network, card: ModelCard, folder: Path) -> None:
    spec, count = card.mel, Settings().windows
    windows = iter_windows(path, rate=spec.rate, length=spec.slice_samples, count=count)
    found = predict_slices(network, iter_mel(windows, spec))
    output, notes = found.sounding(), found.slices.notes
    if not len(output.logits) or output.embeddings is None:
        reason = f" ({', '.join(notes)})" if notes else ""
        raise AudioError(f"nothing sounds in it{reason}", path)
    _write(
        _cached_at(path, folder),
        embeddings=output.embeddings.astype(np.float16),
        logits=output.logits,
        notes=np.array(list(notes), dtype=str),
        path=np.frombuffer(os.fsencode(path.resolve()), dtype=np.uint8),
    )


def _write(target: Path, **arrays: npt.NDArray[Any]) -> None:
    with replacing(target, contended=True) as part, part.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def _read(path: Path, folder: Path) -> Sound | MusicTagError:
    cached = _cached_at(path, folder)
    try:
        with np.load(cached, allow_pickle=False) as arrays:
            return Sound(
                arrays["embeddings"].astype(np.float32),
                arrays["logits"],
                tuple(str(note) for note in arrays["notes"]),
            )
    except DAMAGED:
        cached.unlink(missing_ok=True)
        return AudioError(
            "its cached embeddings were damaged and have been removed; run this again", path
        )


def _cached_at(path: Path, folder: Path) -> Path:
    """Where the embeddings of a file are cached: another place once the file changes."""
    try:
        status = path.stat()
        key = f"{path.resolve()}:{status.st_size}:{status.st_mtime_ns}"
    except OSError:
        key = str(path)  # reading it will report the error
    return folder / f"{hashlib.sha256(key.encode('utf-8', 'surrogateescape')).hexdigest()[:32]}.npz"
