"""From a path to a reader, or one clear line about why there is none."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO

from tagger.audio.drm import is_protected
from tagger.audio.ffmpeg import FfmpegReader
from tagger.audio.libsndfile import SndfileReader
from tagger.audio.sniff import HEAD_BYTES, is_playlist, suits_libsndfile
from tagger.audio.types import Reader
from tagger.errors import AudioError

# Beyond these a header is a lie, and believing it would ask for gigabytes: DSD runs at 2.8 MHz
# (DSD64; FFmpeg hands it out at an eighth), ambisonics of the seventh order has 64 channels.
_RATES = range(100, 3_000_000)
_MOST_CHANNELS = 64


_Opener = Callable[[Path, BinaryIO], Reader]


@contextmanager
def open_reader(path: Path) -> Iterator[Reader]:
    """An open reader that has at least one sample to give; AudioError says why not."""
    _check_kind(path)
    with _opened(path) as file:
        openers = _suited(path, file)
        with closing(_first_working(openers, path, file)) as reader:
            yield reader


def _check_kind(path: Path) -> None:
    try:
        status = path.stat()
    except FileNotFoundError as error:
        wrong = "link to a missing file" if path.is_symlink() else "no such file"
        raise AudioError(wrong, path) from error
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise AudioError(_reason(error), path) from error
    if stat.S_ISDIR(status.st_mode):
        raise AudioError("a directory, not a file", path)
    if not stat.S_ISREG(status.st_mode):  # a pipe would block for ever
        raise AudioError("not a regular file", path)
    if status.st_size == 0:
        raise AudioError("empty file (0 bytes)", path)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise AudioError(_reason(error), path) from error


def _suited(path: Path, file: BinaryIO) -> list[_Opener]:
    """How to open this file, best way first; refuses what must not or cannot be opened."""
    try:
        head = file.read(HEAD_BYTES)
        protected = is_protected(file, head)
    except OSError as error:
        raise AudioError(_reason(error), path) from error
    if is_playlist(head):
        raise AudioError("a playlist, not audio", path)
    if protected:
        raise AudioError("protected by DRM: cannot be decoded", path)
    # Never libsndfile on anything unknown: by the name alone it would let mpg123 complain aloud.
    return [_with_sndfile, _with_ffmpeg] if suits_libsndfile(head) else [_with_ffmpeg]


def _first_working(openers: list[_Opener], path: Path, file: BinaryIO) -> Reader:
    for opener in openers[:-1]:
        try:
            return opener(path, file)
        except AudioError:
            continue
    return openers[-1](path, file)


def _with_sndfile(path: Path, file: BinaryIO) -> Reader:
    return _sane(SndfileReader(path, file), path)


def _with_ffmpeg(path: Path, file: BinaryIO) -> Reader:
    return _sane(FfmpegReader(path, file), path)


def _sane(reader: Reader, path: Path) -> Reader:
    """The reader itself, after it has given one sample and said nothing absurd."""
    wrong = None
    if reader.rate not in _RATES:
        wrong = f"its header claims {reader.rate} Hz"
    elif reader.channels > _MOST_CHANNELS:
        wrong = f"its header claims {reader.channels} channels"
    elif not reader.read(0, 1).size:
        wrong = "not audio, or nothing in it that can be decoded"
    if wrong:
        reader.close()
        raise AudioError(wrong, path)
    return reader


def _reason(error: Exception) -> str:
    if isinstance(error, PermissionError):
        return "permission denied"
    return (getattr(error, "strerror", None) or str(error)).lower()
