"""What every kind of trial has: a place to work in, and how its result is told."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.safety.attacked import Journal
from benchmarks.safety.forms import FORMS, Form
from benchmarks.safety.referee import Problem

_TRIALS_PER_JOURNAL = 40  # a long journal would make every trial slower
NAMES = tuple(FORMS)


@dataclass(frozen=True, slots=True)
class Check:
    """One file, looked at after one thing that was done to it."""

    form: str
    status: str  # as before, as wished, refused at reading, ...
    problems: tuple[Problem, ...] = ()
    note: str = ""


@dataclass
class Place:
    """A folder for trials: music, and a journal that is begun anew from time to time."""

    folder: Path
    names: tuple[str, ...] = NAMES  # of the forms to choose from
    _used: int = 0
    _journal: Journal | None = field(default=None, repr=False)

    @property
    def music(self) -> Path:
        """Where files are."""
        return self.folder / "music"

    def empty(self) -> Path:
        """The folder of music, with nothing in it."""
        shutil.rmtree(self.music, ignore_errors=True)
        self.music.mkdir(parents=True)
        return self.music

    @property
    def journal(self) -> Journal:
        """The journal of the trials at hand."""
        self._used += 1
        if self._journal is None or self._used > _TRIALS_PER_JOURNAL:
            self.close()
            self._journal = Journal(self.folder / "journal")
        return self._journal

    def close(self) -> None:
        """Close the journal and forget it."""
        if self._journal:
            self._journal.close()
        shutil.rmtree(self.folder / "journal", ignore_errors=True)
        self._journal, self._used = None, 0


Trial = Callable[[Place, random.Random, str], Iterator[Check]]


def make(name: str, rng: random.Random) -> Form:
    """A file of a form."""
    return FORMS[name](rng)


def put(form: Form, folder: Path, number: int = 0) -> Path:
    """Write a form's file."""
    path = folder / f"song{number}{form.suffix}"
    path.write_bytes(form.content)
    return path
