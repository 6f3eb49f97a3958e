"""Paths from the command line -> the audio files under them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from tagger.errors import MusicTagError
from tagger.scanning.ignore import IGNORE_FILE, Rules

# What a folder is searched for; a file that is named itself is taken whatever it is called.
SUFFIXES = frozenset(
    {
        ".aac", ".aif", ".aiff", ".alac", ".ape", ".asf", ".caf", ".dsf", ".flac", ".m4a", ".m4b",
        ".mka", ".mp2", ".mp3", ".mp4", ".mpc", ".oga", ".ogg", ".opus", ".spx", ".tta", ".w64",
        ".wav", ".wave", ".wma", ".wv",
    }
)  # fmt: skip


def find_files(
    paths: Iterable[Path], exclude: Sequence[str] = (), *, ignore_files: bool = True
) -> Iterator[Path | MusicTagError]:
    """All audio files under the paths, each once, folder by folder in order of name.

    What cannot be opened comes as an error in its place, so that the rest goes on. Paths that
    match a pattern of `exclude` or, unless `ignore_files` is off, of a .musictagignore are left
    out; a pattern that is none is a ValueError.
    """
    seen: set[tuple[int, int]] = set()
    for path in paths:
        folder = path if _is_dir(path) else path.parent
        rules = Rules().adding(folder, exclude) if exclude else Rules()
        if _is_dir(path):
            yield from _walk(path, seen, rules, ignore_files=ignore_files)
        elif not os.path.lexists(path):
            yield MusicTagError("no such file or folder", path)
        elif not rules.ignores(path):
            yield path


def is_wanted(path: Path, top: Path, exclude: Sequence[str] = ()) -> bool:
    """Whether a walk of a folder would give this file that lies below it."""
    if not path.is_relative_to(top):
        return False
    rules = Rules().adding(top, exclude) if exclude else Rules()
    for folder in (*reversed(path.parents[: len(path.relative_to(top).parts)]),):
        if folder != top and rules.ignores(folder, is_folder=True):
            return False
        if (folder / IGNORE_FILE).is_file():
            with suppress(MusicTagError):  # a walk says what is wrong with it
                rules = rules.adding_file(folder)
    return not rules.ignores(path)


def _walk(
    top: Path, seen: set[tuple[int, int]], rules: Rules, *, ignore_files: bool
) -> Iterator[Path | MusicTagError]:
    """Folder by folder; by a list of its own, since Python gives up at a thousand levels."""
    waiting = [(top, rules)]
    while waiting:
        folder, rules = waiting.pop()
        if ignore_files and os.path.lexists(folder / IGNORE_FILE):
            try:
                rules = rules.adding_file(folder)
            except MusicTagError as error:
                yield error
        found, inner = _look_into(folder, seen)
        yield from (i for i in found if isinstance(i, MusicTagError) or not rules.ignores(i))
        folders = (path for path in reversed(inner) if not rules.ignores(path, is_folder=True))
        waiting += ((path, rules) for path in folders)


def _look_into(
    folder: Path, seen: set[tuple[int, int]]
) -> tuple[list[Path | MusicTagError], list[Path]]:
    """The audio files of a folder, or why they cannot be listed, and the folders in it."""
    try:
        status = folder.stat()
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        return [MusicTagError(f"folder cannot be read ({error.strerror})", folder)], []
    # Windows gives no inode before 3.12 in some cases; a zero would make all folders one.
    identity = (status.st_dev, status.st_ino)
    if identity in seen and status.st_ino:
        return [], []
    seen.add(identity)
    files = [Path(entry.path) for entry in entries if _is_audio(entry)]
    return [*files], [Path(entry.path) for entry in entries if _is_folder(entry)]


def _is_dir(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name that is too long; what opens it says so
        return False


def _is_audio(entry: os.DirEntry[str]) -> bool:
    # "._name" is macOS' shadow of a file on foreign disks: it has the suffix but no sound.
    named = Path(entry.name).suffix.lower() in SUFFIXES and not entry.name.startswith("._")
    return named and not _is_folder(entry)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False
