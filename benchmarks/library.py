"""Libraries to measure on: real songs of a folder, and what the demo generator renders."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import av
import av.error

from tagger.demo import STYLES, render, write_audio
from tagger.demo.synth import RATE

SHORT_SUFFIXES = (".mp3", ".flac")
SONG_S = (180, 330)  # seconds, about four minutes in the mean
PIECES = tuple(STYLES)[::2]  # six of the twelve, from strings to rock
ALBUM = 12  # tracks in a folder


def songs(folder: Path, most: int) -> dict[Path, float]:
    """MP3 files of the length of a song, at any depth, and their seconds.

    Where there are more than wanted, every n-th in the order of their names.
    """
    lengths = {path: _seconds(path) for path in sorted(folder.rglob("*.mp3"))}
    fitting = [path for path, seconds in lengths.items() if SONG_S[0] <= seconds <= SONG_S[1]]
    if not fitting:
        raise SystemExit(f"no MP3 files of {SONG_S[0]} to {SONG_S[1]} s in {folder}")
    step = max(1.0, len(fitting) / most)
    chosen = [fitting[int(i * step)] for i in range(min(most, len(fitting)))]
    return {path: lengths[path] for path in chosen}


def _seconds(path: Path) -> float:
    """What the header says; 0 for what cannot be opened."""
    try:
        with av.open(str(path), metadata_errors="replace") as container:
            return (container.duration or 0) / av.time_base
    except (av.error.FFmpegError, OSError):
        return 0.0


def long_library(folder: Path, tracks: int, seconds: float) -> None:
    """`tracks` MP3 files of stereo sound at 44.1 kHz, of six pieces; goes on where it stopped."""
    for i in range(tracks):
        path, first = _place(folder, i), _place(folder, i % len(PIECES))
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            if path == first:
                _write(path, PIECES[i], seconds)
            else:
                shutil.copy(first, path)


def short_library(folder: Path, tracks: int, seconds: float) -> None:
    """`tracks` names for a few short files, MP3 and FLAC."""
    source = folder.with_name(f"{folder.name}-source")
    for i in range(tracks):
        suffix = SHORT_SUFFIXES[i % 2]
        first = source / f"{i // 2 % len(PIECES)}{suffix}"
        path = folder / f"{i // 1000:02d}" / f"{i:05d}{suffix}"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            if not first.exists():
                first.parent.mkdir(parents=True, exist_ok=True)
                _write(first, PIECES[i // 2 % len(PIECES)], seconds)
            os.link(first, path)


def evict(paths: Iterable[Path]) -> None:
    """Drop files from the page cache, as far as the system follows the advice."""
    for path in paths:
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def warm(paths: Iterable[Path]) -> None:
    """Read all files once."""
    for path in paths:
        path.read_bytes()


def _place(folder: Path, i: int) -> Path:
    return folder / f"{i // ALBUM:03d}" / f"{i:04d}.mp3"


def _write(path: Path, piece: str, seconds: float) -> None:
    unfinished = path.with_name(f"new{path.suffix}")
    write_audio(unfinished, render(piece, seconds), RATE)
    unfinished.rename(path)
