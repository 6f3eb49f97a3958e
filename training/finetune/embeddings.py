"""Path -> what the base model makes of each slice, heard once and kept on disk.

Everything that is learned comes from the kept values, so a run that was stopped and one that was
not learn from the same numbers.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
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
from tagger.models.model import find_card, load_model
from tagger.models.session import Network, open_network
from tagger.scan.parallel import Settings
from training.finetune.onnx_graph import read_network, with_embedding

Array = npt.NDArray[np.float32]

FEWEST_FOR_A_POOL = 8  # fewer tracks are done sooner than a process has started


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """The slices of a track that sound. Shape: `(S, D)` and `(S, K)` of the base model."""

    embeddings: Array
    logits: Array
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Base:
    """The model that everything starts from."""

    card: ModelCard
    path: Path  # of the card

    @property
    def weights(self) -> Path:
        """The ONNX file."""
        return self.path.with_name(self.card.weights)


def load_base(name: str) -> Base:
    """A model by name, its checksum and shapes verified."""
    return Base(load_model(name).card, find_card(name))


def cache_folder() -> Path:
    """Where embeddings are kept from run to run."""
    return Path(appdirs.user_cache_dir("musictag", appauthor=False)) / "embeddings"


def hear_all(
    paths: Sequence[Path],
    base: Base,
    cache: Path,
    jobs: int,
    progress: Callable[[], object] = lambda: None,
) -> Iterator[tuple[Path, Sound | MusicTagError]]:
    """What is heard in each file, in their order; a file that cannot be heard gives its error."""
    folder = cache / base.card.sha256[:16]
    folder.mkdir(parents=True, exist_ok=True)
    missing = [path for path in paths if not _kept(path, folder).exists()]
    failed: dict[Path, str] = {}
    for path, failure in _hear_missing(missing, base, folder, jobs):
        progress()
        if failure:
            failed[path] = failure
    for path in paths:
        if path not in missing:
            progress()
        yield path, AudioError(failed[path], path) if path in failed else _read(path, folder)


def _hear_missing(
    paths: Sequence[Path], base: Base, folder: Path, jobs: int
) -> Iterator[tuple[Path, str]]:
    """Fill the cache; gives each path, and why it could not be heard or nothing."""
    setup = (str(base.path), folder)
    if jobs == 1 or len(paths) < FEWEST_FOR_A_POOL:
        _start_worker(*setup)
        yield from map(_work, paths)
        return
    # Fork would copy ONNX Runtime's and FFmpeg's locks.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, context, initializer=_start_worker, initargs=setup)
    try:
        yield from pool.map(_work, paths, chunksize=4)
    except BrokenProcessPool as error:
        raise MusicTagError("a process that hears files died; run it again to go on") from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_worker: tuple[Network, ModelCard, Path] | None = None  # set once in each worker process


def _start_worker(card: str, folder: Path) -> None:
    global _worker  # the only state a worker has
    if multiprocessing.parent_process() is not None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    base = load_base(card)
    content = with_embedding(read_network(base.weights), base.weights)
    _worker = open_network(content, base.weights), base.card, folder


def _work(path: Path) -> tuple[Path, str]:
    assert _worker is not None
    try:
        _hear(path, *_worker)
    except MusicTagError as error:
        return path, error.message
    except OSError as error:
        return path, f"cannot be read ({error.strerror})"
    return path, ""


def _hear(path: Path, network: Network, card: ModelCard, folder: Path) -> None:
    spec, count = card.mel, Settings().windows
    windows = iter_windows(path, rate=spec.rate, length=spec.slice_samples, count=count)
    found = predict_slices(network, iter_mel(windows, spec))
    output, notes = found.sounding(), found.slices.notes
    if not len(output.logits) or output.embeddings is None:
        reason = f" ({', '.join(notes)})" if notes else ""
        raise AudioError(f"nothing sounds in it{reason}", path)
    _write(
        _kept(path, folder),
        embeddings=output.embeddings.astype(np.float16),
        logits=output.logits,
        notes=np.array(list(notes), dtype=str),
    )


def _write(kept: Path, **arrays: npt.NDArray[Any]) -> None:
    unfinished = kept.with_suffix(f".{os.getpid()}.tmp")
    with unfinished.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    unfinished.replace(kept)


def _read(path: Path, folder: Path) -> Sound | MusicTagError:
    kept = _kept(path, folder)
    try:
        with np.load(kept, allow_pickle=False) as arrays:
            return Sound(
                arrays["embeddings"].astype(np.float32),
                arrays["logits"],
                tuple(str(note) for note in arrays["notes"]),
            )
    except (OSError, EOFError, ValueError, KeyError, BadZipFile):
        kept.unlink(missing_ok=True)
        return AudioError("what was kept of it was damaged; run it again to hear it anew", path)


def _kept(path: Path, folder: Path) -> Path:
    """Where the embeddings of a file are kept: another place once the file changes."""
    try:
        status = path.stat()
        key = f"{path.resolve()}:{status.st_size}:{status.st_mtime_ns}"
    except OSError:
        key = str(path)  # hearing it will tell what is wrong
    return folder / f"{hashlib.sha256(key.encode('utf-8', 'surrogateescape')).hexdigest()[:32]}.npz"
