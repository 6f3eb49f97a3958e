"""What a scan ends with: how many files have no sure genre, and what can be done about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tagger.inference.thresholds import Choice, choose_tags
from tagger.models.card import ModelCard
from tagger.scanning.results import Result, Track
from tagger.vocabulary import KINDS


@dataclass(slots=True)
class Closing:
    """Counts over the files of a scan."""

    card: ModelCard
    choice: Choice
    unsure: int = 0  # classified files without a sure genre
    balanced: int = 0  # of those: files that --profile balanced would give one
    experimental: int = 0  # the same of --experimental
    fillable: int = 0  # files with an empty field that would be filled by default

    def add(self, result: Result) -> None:
        """Count one file."""
        track = result.track
        if track is None:
            return
        self.fillable += bool(result.existing.audio) and any(
            track.of(kind) and not any(value.strip() for value in result.existing.of(kind))
            for kind in KINDS
        )
        if track.of("genre") or not self.choice.most["genre"]:
            return
        self.unsure += 1
        self.balanced += self._would_tag(track, replace(self.choice, profile="balanced"))
        self.experimental += self._would_tag(track, replace(self.choice, experimental=True))

    def unsure_lines(self) -> Iterator[str]:
        """How many files have no sure genre, and the option that would tag most of them."""
        if not self.unsure:
            return
        have = "file has" if self.unsure == 1 else "files have"
        line = f"{self.unsure} {have} no sure genre"
        if self.balanced:
            line += f"; --profile balanced would tag {self.balanced} of them"
        elif self.experimental:
            line += f"; --experimental would tag {self.experimental} of them"
        yield line

    def nothing_written(self) -> str:
        """That nothing was written, and how it would be."""
        if not self.fillable:
            return "nothing was written; no field is empty that could be filled"
        files = "1 file" if self.fillable == 1 else f"{self.fillable} files"
        return f"nothing was written; --write would fill empty fields of {files}, after asking"

    def _would_tag(self, track: Track, choice: Choice) -> bool:
        return any(tag.kind == "genre" for tag in choose_tags(track.scores, self.card, choice))
