"""Trials with processes: killed ones, two at once, and an undo that is killed."""

from __future__ import annotations

import json
import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.safety import forking
from benchmarks.safety.attacked import (
    Intent,
    Journal,
    Outcome,
    carry_out,
    intend,
    recover,
    run_command,
    save,
    take_back,
)
from benchmarks.safety.faults import Target, targets, told
from benchmarks.safety.plain import left_behind
from benchmarks.safety.referee import Look, Problem, Wish, judge, same_again
from benchmarks.safety.trial import Check, Place

_FILES = 40


def kills(place: Place, rng: random.Random, name: str) -> Iterator[Check]:
    """A run over many files is killed at a random moment; then undone, which nobody kills."""
    place.close()
    files = targets(place, rng, name, _FILES)
    home = _new(place.folder / "home")
    intents = [file.intent for file in files]

    def run() -> None:
        with Journal(home) as journal:
            carry_out(intents, journal)

    spent = _spent(lambda: forking.wait(forking.start(run)))
    for file in files:
        file.path.write_bytes(file.form.content)
    _new(home)
    ready = forking.replaced([file.path for file in files], rng.randrange(1, len(files) + 1))
    if rng.random() < 0.4:
        ready = forking.after(rng.uniform(0, spent))
    forking.kill_when(forking.start(run), ready)
    with Journal(home) as journal:
        recover(journal)
        entries = [entry for made in journal.runs() for entry in journal.entries(made.id)]
        said = {entry.path: entry.status for entry in entries}
        for file in files:
            yield _after_kill(file, said.get(file.path) or "nothing")
        yield from _nothing_left(files)
        if "changed" in said.values():
            take_back(journal)
            yield from (_back_again(file) for file in files)


def _after_kill(file: Target, said: str) -> Check:
    after = Look(file.path.read_bytes(), file.form.suffix)
    if after.content == file.form.content:
        wrong = [Problem("false", "said to be changed")] if said == "changed" else []
        return Check(file.name, "as before", tuple(wrong))
    problems = judge(file.before, after, file.intent.wish, file.form)
    if said != "changed":
        problems.append(Problem("false", f"said to be {said}, and was changed"))
    return Check(file.name, "as wished", tuple(problems))


def _back_again(file: Target, before: Look | None = None) -> Check:
    after = Look(file.path.read_bytes(), file.form.suffix)
    before = before or file.before
    same = "undone to the byte" if after.content == before.content else "undone"
    return Check(file.name, same, tuple(same_again(before, after, file.form)))


def _nothing_left(files: list[Target]) -> Iterator[Check]:
    found = left_behind(*(file.path for file in files)) if files else []
    if found:
        yield Check(files[0].name, "as before", tuple(found))


def two_at_once(place: Place, rng: random.Random, name: str) -> Iterator[Check]:
    """Two programs, each with a journal of its own, want other tags in the same files."""
    place.close()
    files = targets(place, rng, name, _FILES)
    pairs = [(file, intend(file.path, rng, "replace")) for file in files]
    wishes = [(file, other) for file, other in pairs if other and other.wish != file.intent.wish]
    sides: list[list[Intent]] = [
        [file.intent for file, _ in wishes],
        [other for _, other in wishes],
    ]
    told_by = [place.folder / f"told{side}" for side in (0, 1)]

    def run(side: int) -> Callable[[], None]:
        def deed() -> None:
            with Journal(_new(place.folder / f"home{side}")) as journal:
                outcomes = carry_out(sides[side], journal)
            told_by[side].write_text(json.dumps([out.status for out in outcomes]))

        return deed

    children = [forking.start(run(side)) for side in (0, 1)]
    codes = [forking.wait(child) for child in children]
    if any(codes):
        yield Check(name, "unforeseen", (Problem("false", f"a program ended with {codes}"),))
        return
    said = [json.loads(path.read_text()) for path in told_by]
    for (file, other), *both in zip(wishes, *said, strict=True):
        yield _one_of_two(file, other, both)
    yield from _nothing_left(files)


def _one_of_two(file: Target, other: Intent, said: list[str]) -> Check:
    """Both may say that they changed a file only where it holds what either wished."""
    both = together(file.intent.wish, other.wish) if said == ["changed", "changed"] else None
    if said == ["changed", "changed"] and both is None:
        problem = Problem("false", "two programs say changed; one change is gone")
        return Check(file.name, "as wished", (problem,))
    if "changed" not in said:
        outcome = Outcome(file.path, "refused")
        return told(file, outcome)
    wish = both or (file.intent if said[0] == "changed" else other).wish
    after = Look(file.path.read_bytes(), file.form.suffix)
    return Check(file.name, "as wished", tuple(judge(file.before, after, wish, file.form)))


def together(one: Wish, other: Wish) -> Wish | None:
    """What two wish that do not contradict each other; None where they do.

    Whoever comes second finds done what both wish, and does the rest.
    """
    pairs = ((one.genres, other.genres), (one.instruments, other.instruments))
    if any(None not in pair and pair[0] != pair[1] for pair in pairs):
        return None
    return Wish(*(first if first is not None else second for first, second in pairs))


def killed_undo(place: Place, rng: random.Random, name: str) -> Iterator[Check]:
    """Two runs; the undoing of the second is killed, and asked for again, and then the first's."""
    place.close()
    everything = files = targets(place, rng, name, _FILES)
    home = _new(place.folder / "home")
    os.environ["XDG_DATA_HOME"] = str(home)
    states = [{file.path: file.before for file in files}]
    for field in ("genre", "instrument"):
        plan = save([file.intent for file in files], field, home / f"{field}.json")
        forking.wait(forking.start(partial(run_command, "apply", str(plan), "--yes")))
        states.append(_looks(files))
    files = [f for f in files if states[0][f.path].content != states[1][f.path].content]
    files = [f for f in files if states[1][f.path].content != states[2][f.path].content]

    undo = partial(run_command, "undo", "--yes")
    ready = forking.replaced([file.path for file in files], rng.randrange(1, len(files) + 1))
    forking.kill_when(forking.start(undo), ready)
    done = all(_same(file, states[1]) for file in files)
    for state in ([] if done else [states[1]]) + [states[0]]:
        forking.wait(forking.start(undo))
        yield from (_back_again(file, state[file.path]) for file in files)
    yield from _nothing_left(everything)


def _same(file: Target, state: dict[Path, Look]) -> bool:
    """Whether a file is as it was in a state, as far as our fields go."""
    now, then = Look(file.path.read_bytes(), file.form.suffix).seen, state[file.path].seen
    return (now.genres, now.instruments) == (then.genres, then.instruments)


def _looks(files: list[Target]) -> dict[Path, Look]:
    return {file.path: Look(file.path.read_bytes(), file.form.suffix) for file in files}


def _new(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _spent(deed: Callable[[], object]) -> float:
    start = time.perf_counter()
    deed()
    return time.perf_counter() - start
