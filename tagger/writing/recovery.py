"""After a crash: resolves unfinished journal entries and removes leftover copies.

A copy may be half of one, a whole one that was not used, or, since a copy and its file are
exchanged, the old file itself. It is removed only when it is one of these.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from tagger.errors import MusicTagError
from tagger.tags.reader import opened
from tagger.writing.delta import Patch
from tagger.writing.journal import Journal
from tagger.writing.journal_entries import Entry, Fields, Outcome, Status, stored_field
from tagger.writing.replace_file import put_back


def recover(journal: Journal) -> list[Outcome]:
    """Resolve the entries of a process that died and remove its copies; returns the outcomes."""
    found = [(entry.id, _resolve(entry, journal)) for entry in journal.open_entries()]
    if found:
        journal.conclude((number, out.status, out.reason) for number, out in found)
    return [outcome for _, outcome in found]


def _resolve(entry: Entry, journal: Journal) -> Outcome:
    status, reason = _state(entry)
    if entry.copy and os.path.lexists(entry.copy):
        patch = journal.patch(entry.id)
        if _is_edited(entry.copy, entry, patch):
            return _restore_edit(entry, entry.copy, patch, status, reason)
        reason += _remove(entry.copy, entry.path)
    return Outcome(entry.path, status, reason)


def _state(entry: Entry) -> tuple[Status, str]:
    try:
        with opened(entry.path) as file:
            now = {name: stored_field(file.layout, name) for name in entry.after}
    except MusicTagError as error:
        return "failed", f"interrupted; {error.message}"
    if now == entry.after or (entry.copy is None and _same_values(now, entry.after)):
        return "changed", "interrupted, found done"
    if now == entry.before:
        return "failed", "interrupted before it was changed"
    return "failed", "interrupted; another program changed it since"


def _same_values(one: Fields, other: Fields) -> bool:
    """Whether the values are equal; other programs encode them in bytes of their own."""
    return {name: a.values for name, a in one.items()} == {n: b.values for n, b in other.items()}


def _is_edited(copy: Path, entry: Entry, patch: Patch | None) -> bool:
    """Whether what lies there is the old file as another program changed it at the last moment.

    A copy that was compared holds one of two frames; one that was not is no whole file with this
    sound, or its frames are not in the journal yet.
    """
    if patch is None or not _is_plain(copy):
        return False
    with contextlib.suppress(MusicTagError), opened(copy) as file:
        frame = file.frame()
        return file.audio == entry.audio and (
            frame is None or frame.digest not in (patch.was, patch.now)
        )
    return False


def _restore_edit(
    entry: Entry, copy: Path, patch: Patch | None, status: Status, reason: str
) -> Outcome:
    """Give another program's version its name back, if what has it now is only ours."""
    reason = f"{reason}; another program changed it at that moment"
    try:
        path = entry.path.resolve(strict=True)
        with opened(path) as file:
            frame = file.frame()
        ours = patch and frame and frame.digest == patch.now
        if ours and path.parent == copy.parent:
            put_back(copy, path, path.stat().st_ino)
            return Outcome(entry.path, "failed", reason + _remove(copy, path))
    except (OSError, MusicTagError) as error:
        reason += f" ({error})"
    return Outcome(entry.path, status, f"{reason}; its version is kept in {copy}")


def _remove(copy: Path, path: Path) -> str:
    """Remove a copy that is surely one of ours; gives what there is to say if it stays."""
    folders = {path.parent}
    with contextlib.suppress(OSError):
        folders.add(path.resolve().parent)
    if copy.parent not in folders or not _is_plain(copy):
        return f"; {copy} is no copy of ours and was left"
    try:
        copy.unlink()
    except OSError as error:
        return f"; a copy was left at {copy} ({error.strerror})"
    return ""


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False
