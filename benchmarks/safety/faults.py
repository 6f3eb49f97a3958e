"""Trials with disks that fail, run full, keep wrong bytes, or that others write to meanwhile."""

from __future__ import annotations

import errno
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.safety.attacked import Disk, Intent, Outcome, carry_out, intend, recover
from benchmarks.safety.disks import (
    FailingDisk,
    SharedDisk,
    WrongByteDisk,
    edited,
    failed_at,
    wrong_bytes,
)
from benchmarks.safety.forms import Form
from benchmarks.safety.plain import left_behind, outcome_check
from benchmarks.safety.referee import Look, Problem
from benchmarks.safety.trial import Check, Place, make, put

_MOST_USES = 60
_TICK_S = 0.005  # some systems count the time of a change no finer


@dataclass(frozen=True, slots=True)
class Target:
    """A file that is to be changed."""

    name: str
    form: Form
    path: Path
    intent: Intent
    before: Look

    def moved_to(self, folder: Path) -> Target:
        """The same file in another folder."""
        path = put(self.form, folder, int(self.path.stem.removeprefix("song")))
        intent = replace(self.intent, change=replace(self.intent.change, path=path))
        return replace(self, path=path, intent=intent)


def target(folder: Path, rng: random.Random, name: str, number: int = 0) -> Target | None:
    """A file and what is wished of it; None where the program would leave it."""
    form = make(name, rng)
    path = put(form, folder, number)
    intent = intend(path, rng, "replace")
    if intent is None:
        path.unlink()
        return None
    return Target(name, form, path, intent, Look(form.content, form.suffix))


def targets(place: Place, rng: random.Random, name: str, number: int) -> list[Target]:
    """Several files in a folder that was emptied, the first of them of this form."""
    folder = place.empty()
    names = [name, *rng.choices(place.names, k=number - 1)]
    found = [target(folder, rng, each, i) for i, each in enumerate(names)]
    return [each for each in found if each]


def failures(place: Place, rng: random.Random, name: str) -> Iterator[Check]:
    """Each use of the disk fails in turn, for one file or a few that are written together."""
    files = targets(place, rng, name, rng.choice((1, 1, 1, 4)))
    number = rng.choice((errno.EIO, errno.EACCES, errno.EROFS, errno.EDQUOT))
    yield from _at_every_use(place, files, number, lasting=False)


def full(place: Place, rng: random.Random, name: str) -> Iterator[Check]:
    """The disk is full from one of its uses on."""
    files = targets(place, rng, name, rng.choice((1, 3)))
    yield from _at_every_use(place, files, errno.ENOSPC, lasting=True)


def small_disk(place: Place, rng: random.Random, name: str) -> Iterator[Check]:
    """A real disk on which there is no room for a copy, and then there is; needs root on Linux."""
    files = targets(place, rng, name, 4)
    mount = place.folder / "small"
    mount.mkdir(exist_ok=True)
    size = 3 * sum(len(file.form.content) for file in files) + (1 << 20)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(mount)]
    if not files or sys.platform != "linux" or os.geteuid() or subprocess.call(command):
        return
    try:
        yield from _without_room([file.moved_to(mount) for file in files], place)
    finally:
        subprocess.run(["umount", str(mount)], check=True)


def _without_room(files: list[Target], place: Place) -> Iterator[Check]:
    folder = files[0].path.parent
    ballast = folder / "ballast"
    left = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    ballast.write_bytes(bytes(max(0, left - min(len(file.form.content) for file in files) // 2)))
    for _ in range(2):
        outcomes = carry_out([file.intent for file in files], place.journal)
        for file, outcome in zip(files, outcomes, strict=True):
            yield told(file, outcome)
        others = left_behind(*(file.path for file in files), ballast)
        if others:
            yield Check(files[0].name, "as before", tuple(others))
        if all(outcome.status == "changed" for outcome in outcomes):
            return
        ballast.unlink(missing_ok=True)


def _at_every_use(
    place: Place, files: list[Target], number: int, *, lasting: bool
) -> Iterator[Check]:
    for k in range(1, _MOST_USES * len(files)):
        for file in files:
            file.path.write_bytes(file.form.content)
        disk = FailingDisk(k, number, lasting=lasting)
        yield from applied(place, files, disk)
        if not failed_at(disk):
            return


def applied(place: Place, files: list[Target], disk: Disk) -> Iterator[Check]:
    """What became of files that were written together."""
    journal = place.journal
    outcomes = carry_out([file.intent for file in files], journal, disk)
    for file, outcome in zip(files, outcomes, strict=True):
        yield told(file, outcome)
    others = left_behind(*(file.path for file in files))
    if others:  # a disk that fails to remove a copy leaves it to the next start
        recover(journal)
        others = left_behind(*(file.path for file in files))
    if others:
        yield Check(files[0].name, "as before", tuple(others))


def told(file: Target, outcome: Outcome) -> Check:
    """Whether what is said of a file is true; what stands beside it is looked at elsewhere."""
    check = outcome_check(file.name, outcome, file.intent, file.before, file.path, file.form)
    problems = tuple(each for each in check.problems if "left behind" not in each.what)
    return Check(check.form, check.status, problems, check.note)


def wrong_byte(place: Place, rng: random.Random, name: str) -> Iterator[Check]:
    """One byte of the copy is not what was written."""
    file = target(place.empty(), rng, name)
    for _ in range(10 * (file is not None)):
        assert file
        file.path.write_bytes(file.form.content)
        disk = WrongByteDisk(rng)
        (check,) = applied(place, [file], disk)
        if wrong_bytes(disk):
            yield check


def edits(place: Place, rng: random.Random, name: str) -> Iterator[Check]:
    """Another program edits the file while its copy is made, and puts its time back."""
    yield from _edits(place, rng, name, last=False)


def last_edits(place: Place, rng: random.Random, name: str) -> Iterator[Check]:
    """The same in the very moment before the copy takes the file's name."""
    yield from _edits(place, rng, name, last=True)


def _edits(place: Place, rng: random.Random, name: str, *, last: bool) -> Iterator[Check]:
    file = target(place.empty(), rng, name)
    if file is None:
        return
    for k in range(1, _MOST_USES):
        file.path.write_bytes(file.form.content)
        time.sleep(_TICK_S)
        disk = SharedDisk(k, file.path, rng.choice((_in_place, _in_place, _replaced, _longer)))
        outcomes = carry_out([file.intent], place.journal, disk)
        verb, content = edited(disk)
        if not verb:
            return
        if (verb == "replace") == last:
            yield _edited(file, outcomes[0], verb, content)


def _edited(file: Target, outcome: Outcome, verb: str, content: bytes) -> Check:
    problems = left_behind(file.path)
    if file.path.read_bytes() != content:
        problems.append(Problem("lost", f"another program's edit, made before: {verb}"))
    if outcome.status == "changed":
        problems.append(Problem("false", f"changed, though another program did so before: {verb}"))
    return Check(file.name, "edit kept" if not problems else "edit lost", tuple(problems))


def _in_place(path: Path) -> None:
    """One byte becomes another; size and time stay."""
    status = path.stat()
    with path.open("r+b") as file:
        place = status.st_size // 3
        file.seek(place)
        (byte,) = file.read(1)
        file.seek(place)
        file.write(bytes([byte ^ 0x20]))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _replaced(path: Path) -> None:
    """Another file takes its name, of the same size and time."""
    status = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0x20
    other = path.parent.parent / "other"
    other.write_bytes(content)
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)


def _longer(path: Path) -> None:
    with path.open("ab") as file:
        file.write(bytes(10))
