"""Reading with libsndfile: WAV, FLAC, Ogg Vorbis, AIFF and their kin, which it seeks in exactly."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soundfile

from tagger.audio.downmix import mix
from tagger.audio.quiet_io import OPENING, SilentFile
from tagger.audio.types import Samples
from tagger.errors import AudioError

# libsndfile claims 2**63 - 1 samples for a stream whose header does not count them (FLAC from a
# pipe) and then cannot seek in it; 2**40 samples are 66 days at 192 kHz.
_MOST_FRAMES = 2**40


class SndfileReader:
    """A file open in libsndfile."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        # In a FLAC that ends early it searches the next frame to the end of the file, at each
        # step of each search; where that is filled up with zeros it must be told to give up.
        self._silent = SilentFile(file) if is_flac(file) else None
        self._file = self._open()
        self._at = 0
        self.rate: int = self._file.samplerate
        self.channels: int = self._file.channels
        self.frames: int = self._file.frames
        self.codec = _codec(self._file.format, self._file.subtype)
        if self.frames > _MOST_FRAMES:
            self.close()
            raise AudioError("its header does not say how long it is", path)

    def read(self, start: int, count: int) -> Samples:
        """Samples from `start` on, mono; none where libsndfile meets damage.

        Shape:
            - Output: `(n,)` with `n <= count`
        """
        try:
            with _translated(self._path):
                if self._silent:
                    self._silent.be_patient(seeking=True)
                return self._read(start, count)
        except AudioError:
            # A FLAC that ends early: after a failed seek its decoder fails everywhere.
            self._reopen()
            return np.zeros(0, np.float32)

    def close(self) -> None:
        """Give back the file."""
        self._file.close()

    def _read(self, start: int, count: int) -> Samples:
        if start >= self.frames:
            return np.zeros(0, np.float32)
        if start != self._at:
            if self.codec == "vorbis":
                # libsndfile 1.2.2 misses by 448 samples on a short way forward after it has read
                # less than one block at the beginning; from the beginning itself it does not.
                self._file.seek(0)
            self._file.seek(start)
        mono = mix(self._file.read(count, dtype="float32", always_2d=True))
        self._at = start + mono.size
        return mono

    def _reopen(self) -> None:
        self.close()
        self._file = self._open()
        self._at = 0

    def _open(self) -> Any:
        # Bytes, because soundfile encodes text strictly and some names are not text.
        name = str(self._path) if sys.platform == "win32" else os.fsencode(self._path)
        with _translated(self._path):
            if not self._silent:
                return soundfile.SoundFile(name)
            self._silent.be_patient(OPENING)
            self._silent.seek(0)
            return soundfile.SoundFile(self._silent)


def is_flac(file: BinaryIO) -> bool:
    """Whether an open file is FLAC; leaves it at its beginning."""
    file.seek(0)
    mark = file.read(4)
    file.seek(0)
    return mark == b"fLaC"


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """The one place where libsndfile's errors become ours."""
    try:
        yield
    except soundfile.LibsndfileError as error:
        raise AudioError(f"libsndfile: {error.error_string.rstrip('.')}", path) from error
    except (soundfile.SoundFileError, OSError, ValueError, TypeError) as error:
        raise AudioError(f"libsndfile: {error}", path) from error


def _codec(container: str, subtype: str) -> str:
    if container in {"FLAC", "MP3"}:
        return container.lower()
    if subtype.startswith("PCM") or subtype in {"FLOAT", "DOUBLE"}:
        return "flac" if container == "OGG" else "pcm"
    return subtype.lower()
