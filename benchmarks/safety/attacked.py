"""The program under attack, as the trials use it: plans, changes, undoing, and finding out."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.safety.referee import Wish
from tagger.cli import main
from tagger.errors import MusicTagError
from tagger.tags.reader import read_tags
from tagger.vocabulary import KINDS, Tag
from tagger.writing.apply import Outcome, apply_plan, recover
from tagger.writing.filesystem import Disk
from tagger.writing.journal import Journal
from tagger.writing.plan import MODES, ClassifiedFile, FileChange, Mode, Policy, TagPlan, make_plan
from tagger.writing.plan_json import save_plan
from tagger.writing.undo import find_run, plan_undo

# Some that every tag can hold as it is, and some that need another alphabet.
_GENRES = ("Jazz", "Bossa Nova", "Música", "R&B", "Техно")
_INSTRUMENTS = ("Flute", "Electric Guitar", "Violão")


@dataclass(frozen=True, slots=True)
class Intent:
    """What is wished of a file: in the program's words, and in the referee's."""

    change: FileChange
    wish: Wish
    mode: Mode


def intend(path: Path, rng: random.Random, mode: Mode | None = None) -> Intent | None:
    """A wish for a file; None where the program cannot read it, or would leave it as it is."""
    chosen: Mode = rng.choice(MODES) if mode is None else mode
    heard = [Tag("genre", name, 0.9) for name in rng.sample(_GENRES, rng.choice((1, 1, 2, 3)))]
    if rng.random() < 0.7:
        heard += [Tag("instrument", name, 0.9) for name in rng.sample(_INSTRUMENTS, 2)]
    try:
        existing = read_tags(path)
    except MusicTagError:
        return None
    policy = Policy(dict.fromkeys(KINDS, chosen))
    plan = make_plan([ClassifiedFile(path, existing, tuple(heard))], policy)
    if not plan.files:
        return None
    wanted = {change.field: change.after for change in plan.files[0].changes}
    return Intent(plan.files[0], Wish(wanted.get("genre"), wanted.get("instrument")), chosen)


def carry_out(
    intents: list[Intent], journal: Journal, disk: Disk | None = None, *, keep_time: bool = False
) -> list[Outcome]:
    """Apply wishes together."""
    plan = TagPlan(tuple(intent.change for intent in intents), mode="attack")
    return list(apply_plan(plan, journal, disk=disk, keep_time=keep_time, threads=1))


def take_back(journal: Journal) -> list[Outcome]:
    """Undo the newest run."""
    undoing = plan_undo(journal, find_run(journal, None))
    outcomes = list(apply_plan(undoing.plan, journal, undoes=undoing.run.id, threads=1))
    return outcomes + [Outcome(left.path, "refused", left.reason) for left in undoing.left]


def save(intents: list[Intent], field: str, path: Path) -> Path:
    """Write a plan for one field of files; gives its path."""
    files = []
    for intent in intents:
        changes = tuple(change for change in intent.change.changes if change.field == field)
        if changes:
            files.append(replace(intent.change, changes=changes))
    roots = tuple({file.path.parent for file in files})
    save_plan(TagPlan(tuple(files), mode="attack", roots=roots), path)
    return path


def run_command(*arguments: str) -> None:
    """Do in this process what a command of the program does; ends with SystemExit."""
    main(list(arguments))


__all__ = [
    "Disk", "Intent", "Journal", "Outcome", "carry_out", "intend", "recover", "run_command", "save",
    "take_back",
]  # fmt: skip
