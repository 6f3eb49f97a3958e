"""All kinds of trials, and how many of all each gets."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.safety import faults, hostile, plain, processes
from benchmarks.safety.hostile import HOSTILE
from benchmarks.safety.trial import NAMES, Trial


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of trial."""

    trial: Trial
    what: str
    share: float  # of all checks
    names: tuple[str, ...] = NAMES  # the forms that it takes


KINDS: dict[str, Kind] = {
    "forms": Kind(plain.change_and_undo, "tags written, and taken back", 0.275),
    "fuzz": Kind(plain.fuzz, "the same with damaged tags", 0.20),
    "faults": Kind(faults.failures, "each use of the disk fails in turn", 0.15),
    "full": Kind(faults.full, "the disk is full from each of its uses on", 0.08),
    "small": Kind(faults.small_disk, "a small disk without room, then with room", 0.005),
    "wrong": Kind(faults.wrong_byte, "the disk keeps one wrong byte of the copy", 0.06),
    "edits": Kind(faults.edits, "another program edits the file and puts its time back", 0.05),
    "last": Kind(faults.last_edits, "the same, right before the copy takes its place", 0.01),
    "kills": Kind(processes.kills, "killed at a random moment, then undone", 0.10),
    "two": Kind(processes.two_at_once, "two programs at once, each with its journal", 0.04),
    "hostile": Kind(
        hostile.attack, "sparse, endless, nested and packed files", 0.0005, tuple(HOSTILE)
    ),
    "undo": Kind(processes.killed_undo, "an undo killed, and asked for again", 0.03),
}
