"""Makes the copy of a file with new tags: by mutagen's save, or spliced where that fails."""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Callable
from dataclasses import replace
from typing import BinaryIO, cast

from mutagen import MutagenError

from tagger.tags.containers import parse_file
from tagger.tags.containers.base import LARGEST, DamagedError, Item, Layout, Source, in_order
from tagger.tags.field_map import FIELDS, items_of, key_of, values_of
from tagger.tags.reader import OpenFile
from tagger.writing.filesystem import Disk
from tagger.writing.mutagen_save import Values, save
from tagger.writing.splice import splice

Write = Callable[[BinaryIO], None]


class CopyFile:
    """A copy as a file to read and write, which is written to by the verbs of a disk."""

    def __init__(self, disk: Disk, target: int) -> None:
        self._disk, self._target = disk, target
        self.error: OSError | None = None  # what went wrong with the disk first
        self.name = ""

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes; all that are left for -1."""
        left = os.fstat(self._target).st_size - self.tell()
        size = max(0, min(left, size if size >= 0 else left))
        if size > LARGEST:
            raise OSError("a part of it is larger than any tag")
        content = os.read(self._target, size)
        while len(content) < size and (more := os.read(self._target, size - len(content))):
            content += more
        return content

    def write(self, content: bytes) -> int:
        """Write all of it where the file is read next."""
        self._capturing(lambda: self._disk.write(self._target, content) if content else None)
        return len(content)

    def truncate(self, size: int | None = None) -> int:
        """Make it shorter, or longer by zeros."""
        length = self.tell() if size is None else size
        self._capturing(lambda: self._disk.truncate(self._target, length))
        return length

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go somewhere else."""
        return os.lseek(self._target, offset, whence)

    def tell(self) -> int:
        """Where it is read next."""
        return os.lseek(self._target, 0, os.SEEK_CUR)

    def flush(self) -> None:
        """Nothing is held back."""

    def _capturing(self, do: Callable[[], None]) -> None:
        try:
            do()
        except OSError as error:
            self.error = self.error or error
            raise


def write_copy(old: OpenFile, items: tuple[Item, ...], disk: Disk, target: int) -> str:
    """Fill an empty file with another one that has these items instead of its own.

    Returns why bytes were spliced; nothing where mutagen's save kept all else as it was. Raises
    OSError, and DamagedError where it cannot be done.
    """
    old.parsed.check_sound()
    wanted = replace(old.layout, items=items)
    reason = _unfit(wanted)
    if not reason:
        values = _values(old.layout, wanted)
        error = fill(old, disk, target, lambda file: save(file, old, values))
        reason = f"mutagen refuses it ({error})" if error else _change(old, wanted, target)
        if not reason:
            return ""
        disk.truncate(target, 0)
        os.lseek(target, 0, os.SEEK_SET)
    if error := fill(old, disk, target, lambda file: splice(file, old, items)):
        raise DamagedError(f"mutagen refuses it: {error}")
    return reason


def _unfit(layout: Layout) -> str:
    if layout.dialect == "id3v2.2":
        return "mutagen cannot write ID3v2.2"
    return "it is unsynchronised" if layout.dialect.endswith("unsynchronised") else ""


def _values(before: Layout, wanted: Layout) -> Values:
    changed = [name for name in FIELDS if items_of(before, name) != items_of(wanted, name)]
    return {key_of(wanted, name): values_of(wanted, name) for name in changed}


def fill(old: OpenFile, disk: Disk, target: int, write: Write) -> str:
    """Copy a file into an empty one and let tags be written; returns what is said against it."""
    source, head = old.source.file.fileno(), old.parsed.head()
    if head:
        disk.copy(source, target, 0, head)
    file = CopyFile(disk, target)
    file.seek(0)
    try:
        write(cast("BinaryIO", file))
    except DamagedError:
        raise
    except (MutagenError, ValueError, LookupError, TypeError, AttributeError, OSError) as error:
        if file.error:
            raise file.error from None
        return f"{type(error).__name__}: {error}"
    with io.FileIO(target, closefd=False) as edited:
        for piece in old.parsed.rest(Source(edited)):
            os.lseek(target, 0, os.SEEK_END)
            if isinstance(piece, bytes):
                disk.write(target, piece)
            elif piece[0] < piece[1]:
                disk.copy(source, target, *piece)
    return ""


def _change(old: OpenFile, wanted: Layout, target: int) -> str:
    """What became other than wanted; nothing where all is as it should be."""
    with io.FileIO(target, closefd=False) as file:
        try:
            parsed = parse_file(Source(file))
        except (DamagedError, ValueError, LookupError, ArithmeticError, struct.error) as error:
            return f"mutagen would damage it ({error})"
    if parsed is None or parsed.name != old.parsed.name:
        return "mutagen would make another kind of file of it"
    found = parsed.layout
    if found.dialect != wanted.dialect:
        return "mutagen would write another version of its tag"
    if found.rest != wanted.rest:
        return "mutagen would change more than its tags"
    one, other = in_order(found.items), in_order(wanted.items)
    if one == other:
        return ""
    keys = sorted({item.key or "a nameless one" for item in {*one} ^ {*other}})
    return f"mutagen would change {', '.join(keys[:3]) or 'doubled ones'}"
