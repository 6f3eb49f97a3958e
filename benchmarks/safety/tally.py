"""Counts of trials, kept in a file so that a run that was stopped can go on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tagger.writing.atomic_file import replacing

FAULTS = ("lost", "damaged", "false")
_MOST_EXAMPLES = 1000


@dataclass
class Tally:
    """What became of the trials of one kind."""

    next_number: int = 0
    checks: int = 0
    statuses: dict[str, int] = field(default_factory=dict)  # of checks without a problem
    faults: dict[str, int] = field(default_factory=dict)  # checks with such a problem
    hangs: int = 0
    crashes: int = 0
    peak_mb: float = 0.0
    slowest_s: float = 0.0
    seconds: float = 0.0

    def add(self, done: Mapping[str, Any]) -> None:
        """Count a trial that a worker told of."""
        self.next_number = done["done"] + 1
        self.peak_mb = max(self.peak_mb, done["mb"])
        self.slowest_s = max(self.slowest_s, done["s"])
        for check in done["checks"]:
            self.checks += 1
            found = {problem["fault"] for problem in check["problems"]}
            for fault in found:
                self.faults[fault] = self.faults.get(fault, 0) + 1
            if not found - {"rewritten"}:
                status = check["status"]
                self.statuses[status] = self.statuses.get(status, 0) + 1

    def of(self, *statuses: str) -> int:
        """How many checks ended so."""
        return sum(self.statuses.get(status, 0) for status in statuses)

    @property
    def bad(self) -> int:
        """How often something went wrong."""
        return sum(self.faults.get(fault, 0) for fault in FAULTS) + self.hangs + self.crashes


@dataclass
class Record:
    """All tallies of a run, and examples of what went wrong."""

    seed: int
    code: str  # the version that was attacked
    tallies: dict[str, Tally] = field(default_factory=dict)
    examples: dict[str, list[int]] = field(default_factory=dict)  # what -> how often, first number

    def note(self, kind: str, number: int, problems: Iterable[tuple[str, str, str]]) -> None:
        """Keep examples: form, fault and what it was."""
        for form, fault, what in problems:
            key = f"{kind} | {form} | {fault} | {what[:140]}"
            if key in self.examples or len(self.examples) < _MOST_EXAMPLES:
                self.examples.setdefault(key, [0, number])[0] += 1

    def save(self, path: Path) -> None:
        """Write it down."""
        with replacing(path) as part:
            part.write_text(
                json.dumps(asdict(self), indent=1, ensure_ascii=False), encoding="utf-8"
            )


def load(path: Path, seed: int, code: str) -> Record:
    """The record of a run that was stopped, or a new one where the seed or the code is another."""
    if path.exists():
        kept = json.loads(path.read_text(encoding="utf-8"))
        if (kept["seed"], kept["code"]) == (seed, code):
            tallies = {kind: Tally(**values) for kind, values in kept["tallies"].items()}
            return Record(seed, code, tallies, kept["examples"])
    return Record(seed, code)
