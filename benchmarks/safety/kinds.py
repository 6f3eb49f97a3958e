"""All kinds of trials, and how many of a hundred each gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.safety import plain
from benchmarks.safety.trial import Trial


def _all(names: tuple[str, ...]) -> tuple[str, ...]:
    return names


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of trial."""

    trial: Trial
    what: str
    share: float  # of all checks
    names: Callable[[tuple[str, ...]], tuple[str, ...]] = _all  # the forms that it takes


KINDS: dict[str, Kind] = {
    "forms": Kind(plain.change_and_undo, "tags are written, and taken back", 0.30),
    "fuzz": Kind(plain.fuzz, "the same with damaged tags", 0.20),
}
