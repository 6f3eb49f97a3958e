"""The options of `musictag train`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """The options of the command."""

    source: Path | None
    beets: str | None  # empty: the library of beets' configuration
    reviewed: str | None = None  # empty: what `musictag review` stored
    export: Path | None = None
    like: str | None = None  # the label that `examples` teach
    examples: tuple[Path, ...] = ()
    unlike: tuple[Path, ...] = ()
    among: Path | None = None
    query: str = ""
    folders: bool = False
    name: str | None = None
    table: Path | None = None
    min_tracks: int = 10
    keep: bool = True
    fast: bool = True
    suggest: int | None = None
    base: str = "small"
    force: bool = False
    replace: bool = False
    jobs: int | None = None
    device: str = "cpu"
    steps: int | None = None
    seed: int = 1
    trust_own_tags: bool = False
