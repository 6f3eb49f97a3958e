"""Libraries to measure on: rendered by the demo generator, so anybody can make the same ones."""

from __future__ import annotations

import os
import shutil
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tagger.demo import STYLES, render, write_audio
from tagger.demo.synth import RATE

SUFFIXES = (".mp3", ".flac", ".ogg", ".m4a", ".opus", ".wav")
PIECES = tuple(STYLES)[::2]  # six of the twelve, from strings to rock
ALBUM = 12  # tracks in a folder


def long_library(folder: Path, tracks: int, seconds: float) -> None:
    """`tracks` files of stereo sound at 44.1 kHz in six containers, six pieces each; goes on."""
    for i in range(tracks):
        path, first = _place(folder, i), _place(folder, i % (len(PIECES) * len(SUFFIXES)))
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            if path == first:
                _write(path, PIECES[i // len(SUFFIXES)], seconds)
            else:
                shutil.copy(first, path)


def short_library(folder: Path, tracks: int, seconds: float) -> None:
    """`tracks` names for a few short files, MP3 and FLAC."""
    source = folder.with_name(f"{folder.name}-source")
    for i in range(tracks):
        suffix = SUFFIXES[i % 2]
        first = source / f"{i // 2 % len(PIECES)}{suffix}"
        path = folder / f"{i // 1000:02d}" / f"{i:05d}{suffix}"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            if not first.exists():
                first.parent.mkdir(parents=True, exist_ok=True)
                _write(first, PIECES[i // 2 % len(PIECES)], seconds)
            os.link(first, path)


def evict(folder: Path) -> None:
    """Drop the files of a library from the page cache, as far as the system follows the advice."""
    for path in folder.rglob("*.*"):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def warm(folder: Path) -> None:
    """Read all files once."""
    for path in folder.rglob("*.*"):
        path.read_bytes()


def _place(folder: Path, i: int) -> Path:
    return folder / f"{i // ALBUM:03d}" / f"{i:04d}{SUFFIXES[i % len(SUFFIXES)]}"


def _write(path: Path, piece: str, seconds: float) -> None:
    unfinished = path.with_name(f"new{path.suffix}")
    write_audio(unfinished, _rendered(piece, seconds), RATE)
    unfinished.rename(path)


@lru_cache(maxsize=1)  # one piece goes into six containers in a row
def _rendered(piece: str, seconds: float) -> NDArray[np.float32]:
    return render(piece, seconds)
