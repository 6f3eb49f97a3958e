"""Trials in which nothing fails: a change and its undoing, for every form; and fuzzed forms."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from benchmarks.safety.attacked import Intent, Outcome, carry_out, intend, take_back
from benchmarks.safety.forms import Form
from benchmarks.safety.packets import program_hash
from benchmarks.safety.referee import Look, Problem, judge, same_again
from benchmarks.safety.trial import NAMES, Check, Place, make, put
from tests.mutations import mutate

_HUGE = (b"\xff" * 4, b"\x7f\xff\xff\xff", b"\x7f" * 4, b"\x80\0\0\0", bytes(4), b"\0\0\0\1",
         b"\0\0\0\x7f", b"\0\0\0\x80", b"\xff" * 8, bytes(8))  # fmt: skip


def change_and_undo(place: Place, rng: random.Random, name: str) -> Iterator[Check]:
    """A file gets new tags, and its old ones again."""
    form = make(name, rng)
    path = put(form, place.empty())
    heard = rng.random() < 0.02 and program_hash(path)
    yield from _there_and_back(place, rng, name, form, path)
    if heard and program_hash(path) != heard:
        yield Check(name, "undone", (Problem("damaged", "ffmpeg finds other streams"),))


def fuzz(place: Place, rng: random.Random, name: str) -> Iterator[Check]:
    """The same with a file whose tags were damaged before."""
    form = make(name, rng)
    other = make(rng.choice(place.names), rng).content if rng.random() < 0.2 else b""
    content = mutate(form.content, other, rng) if other else fuzzed(form, rng)
    damaged = Form(form.suffix, content, blind=form.blind)
    path = put(damaged, place.empty())
    yield from _there_and_back(place, rng, name, damaged, path)


def fuzzed(form: Form, rng: random.Random) -> bytes:
    """A form's bytes with damage outside of its sound."""
    content = bytearray(form.content)
    places = _tag_places(form)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        place = rng.choice(places)
        way = rng.randrange(5)
        if way == 0:
            content[place % len(content)] ^= 1 << rng.randrange(8)
        elif way == 1:
            value = rng.choice(_HUGE)
            content[place : place + len(value)] = value
        elif way == 2:
            content[place % len(content)] = rng.randrange(256)
        elif way == 3:
            del content[place : place + rng.choice((1, 2, 10))]
        else:
            content[place:place] = rng.randbytes(rng.choice((1, 2, 10)))
    return bytes(content)


def _tag_places(form: Form) -> range | list[int]:
    """Where a form's tags are: all but the largest part that is called sound."""
    sounds = [raw for what, raw in form.exact if what == "sound"]
    if not sounds or (start := form.content.find(sounds[0])) < 0:
        return range(len(form.content))
    behind = start + len(sounds[0])
    return [*range(start + 4), *range(behind, len(form.content))]


def _there_and_back(
    place: Place, rng: random.Random, name: str, form: Form, path: Path
) -> Iterator[Check]:
    before = Look(form.content, form.suffix)
    intent = intend(path, rng)
    if intent is None:
        yield _untouched(name, "left at planning", before, path)
        return
    journal = place.journal
    (outcome,) = carry_out([intent], journal, keep_time=rng.random() < 0.3)
    yield outcome_check(name, outcome, intent, before, path, form)
    if outcome.status != "changed":
        return
    (undone,) = take_back(journal)
    after = Look(path.read_bytes(), form.suffix)
    problems = same_again(before, after, form) if undone.status == "changed" else []
    if undone.status != "changed":
        problems = [Problem("false", f"cannot be undone: {undone.reason}")]
    same = "undone to the byte" if after.content == before.content else "undone"
    yield Check(name, same, tuple(problems))


def outcome_check(
    name: str, outcome: Outcome, intent: Intent, before: Look, path: Path, form: Form | None
) -> Check:
    """Whether what is said of a file is true of it."""
    if outcome.status != "changed":
        return _untouched(name, "as before", before, path, outcome.reason)
    after = Look(path.read_bytes(), before.suffix)
    problems = judge(before, after, intent.wish, form)
    if not (form and form.blind):
        problems += _kept_values(before, after, intent)
    return Check(name, "as wished", (*problems, *left_behind(path)))


def _kept_values(before: Look, after: Look, intent: Intent) -> list[Problem]:
    """Whether a mode that keeps what is there has kept what mutagen saw."""
    if intent.mode == "replace" or not after.seen.readable:
        return []
    pairs = [
        (name, set(getattr(before.seen, name)) - set(getattr(after.seen, name)))
        for name in ("genres", "instruments")
    ]
    return [
        Problem("lost", f"{name} that were to stay: {gone}")
        for name, gone in pairs
        if gone and "; " not in str(getattr(after.seen, name))
    ]


def left_behind(*paths: Path) -> list[Problem]:
    """Other files in the folder of these."""
    others = set(paths[0].parent.iterdir()) - set(paths)
    return [Problem("false", f"{other.name[:9]}... was left behind") for other in others]


def _untouched(name: str, status: str, before: Look, path: Path, reason: str = "") -> Check:
    problems = left_behind(path)
    if path.read_bytes() != before.content:
        problems.append(Problem("damaged", f"said to be left ({reason}), and was changed"))
    if "unexpected" in reason:
        problems.append(Problem("false", reason))
    return Check(name, status, tuple(problems), reason)


__all__ = ["NAMES", "change_and_undo", "fuzz", "fuzzed", "left_behind", "outcome_check"]
