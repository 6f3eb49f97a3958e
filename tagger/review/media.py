"""The sound of a file for the page: the file itself, or a plain copy where no browser plays it."""

from __future__ import annotations

import tempfile
from collections import OrderedDict
from pathlib import Path
from threading import Lock

import soundfile
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from tagger.audio.decoders import open_reader
from tagger.errors import AudioError

LONGEST_S = 1800.0  # of a copy; at 44.1 kHz 160 MB
_PART_S = 10
_COPIES = 3  # those of the files that were played last
# By the first bytes; what else there is, a browser finds out or plays the copy.
_KINDS = (
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
    (b"RIFF", "audio/wav"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"FORM", "audio/aiff"),
)


class Sounds:
    """Answers with sound. The copies it makes are gone when it is closed."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="musictag-review-")
        self._copies: OrderedDict[Path, Path] = OrderedDict()
        self._lock = Lock()

    def close(self) -> None:
        """Remove the copies."""
        self._folder.cleanup()

    def answer(self, path: Path, *, wave: bool) -> Response:
        """The file, in parts as the browser asks for them; or a WAV copy of what it sounds like."""
        try:
            given = self._wave(path) if wave else path
            return FileResponse(given, media_type="audio/wav" if wave else sound_type(path))
        except OSError as error:
            raise HTTPException(404, f"cannot be played ({error.strerror})") from error
        except AudioError as error:
            raise HTTPException(404, error.message) from error

    def _wave(self, path: Path) -> Path:
        with self._lock:
            if path not in self._copies:
                copy = Path(tempfile.mkstemp(suffix=".wav", dir=self._folder.name)[1])
                write_wave(path, copy)
                self._copies[path] = copy
            self._copies.move_to_end(path)
            while len(self._copies) > _COPIES:
                self._copies.popitem(last=False)[1].unlink(missing_ok=True)
            return self._copies[path]


def sound_type(path: Path) -> str:
    """The type of a file by its first bytes, whatever its name says."""
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] == b"ftyp":
        return "audio/mp4"
    found = (kind for start, kind in _KINDS if head.startswith(start))
    return next(found, "application/octet-stream")


def write_wave(path: Path, copy: Path) -> None:
    """Write what a file sounds like as WAV, mono; AudioError where it cannot be read."""
    with (
        open_reader(path) as reader,
        soundfile.SoundFile(copy, "w", reader.rate, 1, "PCM_16", format="WAV") as target,
    ):
        for start in range(0, round(LONGEST_S * reader.rate), reader.rate * _PART_S):
            part = reader.read(start, reader.rate * _PART_S)
            target.write(part)
            if part.size < reader.rate * _PART_S:
                return
