"""Renders excerpts of a whole MIDI library, resumable and the same for the same seed."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from tagger.errors import DataError
from tagger.writing.atomic_file import replacing
from training.synth.excerpt import Excerpt, make_excerpt
from training.synth.ledger import (
    Entry,
    describe,
    read_ledger,
    write_ledger,
    write_windows,
)
from training.synth.library import MidiRow, read_members, read_rows
from training.synth.render import SAMPLE_RATE, Studio, draw_studio, find_soundfonts, render
from training.synth.score import open_midi
from training.synth.windows import label_windows

log = logging.getLogger(__name__)

_SAVE_EVERY = 25  # excerpts; at most this many are rendered again after a power cut


@dataclass(frozen=True, slots=True)
class Recipe:
    """What decides an excerpt, besides its file; `seed` stands in its id, so keep one `seconds`."""

    seconds: float = 30.0
    seed: int = 1

    def id_of(self, row: MidiRow, k: int) -> str:
        """Return the id of the k-th excerpt of a file."""
        return f"midi-{row.stem}-{self.seed}-{k}"

    def rng_of(self, row: MidiRow, k: int) -> np.random.Generator:
        """Return the random numbers of an excerpt, the same in whatever order files come."""
        digest = hashlib.sha256(f"{self.seed}:{row.file}:{k}".encode()).digest()
        return np.random.default_rng(list(digest))


@dataclass(slots=True)
class Tally:
    """How many excerpts were rendered, found already there, or failed."""

    rendered: int = 0
    existing: int = 0
    failed: int = 0
    total: int = 0

    @property
    def done(self) -> int:
        """Excerpts dealt with so far."""
        return self.rendered + self.existing + self.failed


def render_library(
    data: Path,
    out: Path,
    *,
    seconds: float = 30.0,
    per_file: int = 1,
    seed: int = 1,
    limit: int | None = None,
    soundfonts: Sequence[Path] | None = None,
    progress: Callable[[Tally], None] = lambda tally: None,
) -> Tally:
    """Render `per_file` excerpts of each MIDI file of the data folder, of the first `limit` files.

    Files that cannot be played are logged and passed over.
    """
    rows = {row.file: row for row in read_rows(data)[:limit]}
    press = _Press(out, Recipe(seconds, seed), soundfonts or find_soundfonts())
    press.tally.total = len(rows) * per_file
    try:
        for file, content in read_members(data, frozenset(rows)):
            for _ in press.excerpts(rows[file], content, per_file):
                progress(press.tally)
    finally:
        press.save()
    return press.tally


@dataclass(slots=True)
class _Press:
    """The output folder with what it holds so far."""

    out: Path
    recipe: Recipe
    soundfonts: Sequence[Path]
    tally: Tally = field(default_factory=Tally)
    entries: dict[str, Entry] = field(init=False)

    def __post_init__(self) -> None:
        self.entries = read_ledger(self._ledger)

    @property
    def _ledger(self) -> Path:
        return self.out / "rendered.csv"

    def save(self) -> None:
        write_ledger(self._ledger, self.entries.values())

    def excerpts(self, row: MidiRow, content: bytes, per_file: int) -> Iterator[None]:
        for k in range(per_file):
            if self._is_there(self.recipe.id_of(row, k)):
                self.tally.existing += 1
            else:
                self._try(row, content, k)
            yield

    def _is_there(self, name: str) -> bool:
        entry = self.entries.get(name)
        return entry is not None and (self.out / entry.file).exists()

    def _try(self, row: MidiRow, content: bytes, k: int) -> None:
        try:
            self._render(row, content, k)
        except DataError as error:
            log.warning("%s", error if error.path else DataError(error.message, Path(row.file)))
            self.tally.failed += 1
            return
        self.tally.rendered += 1
        if self.tally.rendered % _SAVE_EVERY == 0:
            self.save()

    def _render(self, row: MidiRow, content: bytes, k: int) -> None:
        path, rng = Path(row.file), self.recipe.rng_of(row, k)
        studio = draw_studio(self.soundfonts, rng)
        midi = open_midi(content, path)
        excerpt = make_excerpt(midi, path, rng, seconds=self.recipe.seconds)
        self._write_audio(self.recipe.id_of(row, k), excerpt, studio)
        entry = self._label(self.recipe.id_of(row, k), row, excerpt, studio)
        self.entries[entry.id] = entry

    def _write_audio(self, name: str, excerpt: Excerpt, studio: Studio) -> None:
        sound = render(excerpt.midi, studio, seconds=excerpt.seconds)
        path = self.out / "audio" / f"{name}.flac"
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part:
            soundfile.write(part, sound, SAMPLE_RATE, subtype="PCM_16")

    def _label(self, name: str, row: MidiRow, excerpt: Excerpt, studio: Studio) -> Entry:
        windows = label_windows(excerpt.sounds, excerpt.seconds)
        write_windows(self.out / "windows" / f"{name}.csv", windows)
        instruments, absent = describe(windows)
        return Entry(
            id=name,
            file=f"audio/{name}.flac",
            source=f"midi:{studio.soundfont.stem}",
            group=f"midi:{row.stem}",
            seconds=f"{excerpt.seconds:.3f}",
            instruments=instruments,
            absent=absent,
            window_labels=f"windows/{name}.csv",
            part=row.part,
        )
