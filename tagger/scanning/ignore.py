"""What of a library is passed over: patterns like those of .gitignore, by option or in the folders.

A file named .musictagignore holds patterns for the folder it lies in and all below it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.errors import MusicTagError

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILE = ".musictagignore"
_LARGEST = 1 << 20  # bytes of such a file


@dataclass(frozen=True, slots=True)
class Rules:
    """The patterns that hold in a folder, each with the folder they start from."""

    patterns: tuple[tuple[Path, GitIgnoreSpec], ...] = ()

    def adding(self, folder: Path, lines: Iterable[str]) -> Rules:
        """These and the patterns of one more folder; ValueError for one that is none."""
        from pathspec import GitIgnoreSpec  # late: most scans have no patterns

        return Rules((*self.patterns, (folder, GitIgnoreSpec.from_lines(lines))))

    def adding_file(self, folder: Path) -> Rules:
        """These and those of the folder's .musictagignore; MusicTagError if it is unreadable."""
        path = folder / IGNORE_FILE
        try:
            with path.open(encoding="utf-8") as file:
                text = file.read(_LARGEST)
            return self.adding(folder, text.splitlines())
        except OSError as error:
            raise MusicTagError(f"cannot be read ({error.strerror})", path) from error
        except ValueError as error:
            raise MusicTagError(f"not a list of patterns ({error})", path) from error

    def ignores(self, path: Path, *, is_folder: bool = False) -> bool:
        """Whether a path below the folders of the patterns is passed over."""
        end = "/" if is_folder else ""
        return any(
            spec.match_file(Path(os.path.relpath(path, folder)).as_posix() + end)
            for folder, spec in self.patterns
        )
