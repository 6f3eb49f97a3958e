"""What can go wrong, in words for the person at the terminal.

One root that carries the path; foreign errors (libsndfile, FFmpeg, mutagen, ONNX Runtime) are
translated into these where each library is called, so that the rest never meets them.
"""

from __future__ import annotations

from pathlib import Path


class MusicTagError(Exception):
    """A failure with one clear line: what is wrong, with which file, and the way out."""

    exit_code = 1

    def __init__(self, message: str, path: Path | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.path = path

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message

    def __reduce__(self) -> tuple[type[MusicTagError], tuple[str, Path | None]]:
        # Exceptions cross process borders during a scan; without this the path would be lost.
        return type(self), (self.message, self.path)


class AudioError(MusicTagError):
    """The sound of a file cannot be read."""


class TagError(MusicTagError):
    """The tags of a file cannot be read or written."""


class RefusedError(TagError):
    """A file is left as it is, since it is not what it should be for this change."""


class PlanError(MusicTagError):
    """A plan cannot be read or made sense of."""


class JournalError(MusicTagError):
    """The journal cannot be used, or another run is using it."""


class ModelError(MusicTagError):
    """A model is missing, damaged, or does not fit this program."""

    exit_code = 3


class DeviceError(MusicTagError):
    """The network was to run on something that is not there."""

    exit_code = 2


class DataError(MusicTagError):
    """Training data is missing or malformed."""
