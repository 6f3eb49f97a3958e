"""Patterns -> files, each once; a file of any Beam filesystem -> a path the decoders can open."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from apache_beam.io.filesystem import CompressionTypes, FileMetadata
from apache_beam.io.filesystems import FileSystems

from tagger.errors import AudioError, MusicTagError
from tagger.scanning.discovery import SUFFIXES, find_files

LARGEST = 4 * 2**30  # bytes of a remote file; a worker holds one copy at a time on its disk


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was found. Size and time tell later whether it is still the same."""

    path: str  # with its scheme (gs://, s3://, hdfs://); absolute where it is local
    size: int  # bytes
    modified: float  # seconds since 1970


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be classified, and why: a dead letter."""

    path: str
    error: str


def is_local(path: str) -> bool:
    """Whether a path has no scheme, and so lies on the machine's own disks."""
    return FileSystems.get_scheme(path) is None


def find(pattern: str) -> Iterator[File | Failure]:
    """The audio files that a file name, a folder or a glob stands for; a file may come twice.

    In a glob `*` stays inside a folder and `**` does not; a remote folder ends in a slash.
    """
    if is_local(pattern) and os.path.lexists(pattern):
        # Not a glob to Beam: the names of folders may hold brackets.
        found = list(_on_disk(Path(pattern)))
    else:
        found = list(_matched(pattern))
    yield from found or [Failure(pattern, "no audio file there")]


@contextmanager
def fetched(file: File) -> Iterator[Path]:
    """A path on this machine's disks that holds what the file holds.

    The decoders seek back and forth, which costs a request each time on remote storage; one
    sequential read is faster and asks no more of a filesystem than that it can be read.
    """
    if is_local(file.path):
        yield Path(file.path)
        return
    if file.size > LARGEST:
        raise AudioError(f"larger than {LARGEST // 2**30} GB: copy it and scan it by itself")
    with tempfile.TemporaryDirectory(prefix="musictag-") as folder:
        copy = Path(folder) / "audio"
        # Beam would unpack a name that ends in .gz by itself.
        raw = FileSystems.open(file.path, compression_type=CompressionTypes.UNCOMPRESSED)
        with raw, copy.open("wb") as target:
            shutil.copyfileobj(raw, target, 2**20)
        yield copy


def _on_disk(path: Path) -> Iterator[File | Failure]:
    for item in find_files([Path(os.path.normpath(path.absolute()))]):
        if isinstance(item, MusicTagError):
            yield Failure(_shown(str(item.path)), item.message)
            continue
        try:
            status = item.stat()
        except OSError as error:
            yield Failure(_shown(str(item)), (error.strerror or str(error)).lower())
        else:
            yield _checked(File(str(item), status.st_size, status.st_mtime))


def _matched(pattern: str) -> Iterator[File | Failure]:
    pattern += "**" if pattern.endswith("/") else ""
    is_glob = any(sign in pattern for sign in "*?[")
    (result,) = FileSystems.match([pattern])
    for entry in result.metadata_list:
        if not is_glob or _is_audio(entry.path):
            yield _checked(_file(entry))


def _file(entry: FileMetadata) -> File:
    local = is_local(entry.path)
    path = os.path.normpath(Path(entry.path).absolute()) if local else entry.path
    return File(path, entry.size_in_bytes, entry.last_updated_in_seconds or 0.0)


def _is_audio(path: str) -> bool:
    name = PurePosixPath(path.replace("\\", "/"))
    return name.suffix.lower() in SUFFIXES and not name.name.startswith("._")


def _checked(file: File) -> File | Failure:
    """The file itself, unless neither Beam nor Parquet could carry its name."""
    if (shown := _shown(file.path)) != file.path:
        return Failure(shown, "its name is not UTF-8: rename it, or use musictag scan")
    return file


def _shown(path: str) -> str:
    return path.encode("utf-8", "backslashreplace").decode("utf-8")
