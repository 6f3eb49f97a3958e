"""Disks that fail: at the k-th thing that is done to them, or by keeping other bytes."""

from __future__ import annotations

import errno
import hashlib
import io
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tagger.tags.containers import Source, parse_file
from tagger.tags.reader import opened, read_tags
from tagger.writing.apply import Outcome, apply_plan
from tagger.writing.filesystem import Disk
from tagger.writing.journal import Journal
from tagger.writing.plan import FileChange, TagChange, TagPlan
from tagger.writing.replace_file import FileState

NEW = ("Jazz", "Bossa Nova")


class FaultyDisk(Disk):
    """Fails at its k-th use, from 1; a write or a copy that fails has done half of it."""

    def __init__(self, k: int, number: int = errno.EIO) -> None:
        self.k, self.used, self.number = k, 0, number
        self.failed_at = ""

    def fails(self, verb: str) -> bool:
        self.used += 1
        if self.used == self.k:
            self.failed_at = verb
        return self.used == self.k

    def error(self) -> OSError:
        return OSError(self.number, os.strerror(self.number))

    def create(self, path: Path) -> int:
        if self.fails("create"):
            raise self.error()
        return super().create(path)

    def write(self, target: int, content: bytes) -> None:
        if self.fails("write"):
            super().write(target, content[: len(content) // 2])
            raise self.error()
        super().write(target, content)

    def copy(self, source: int, target: int, start: int, end: int) -> None:
        if self.fails("copy"):
            super().copy(source, target, start, (start + end) // 2)
            raise self.error()
        super().copy(source, target, start, end)

    def copy_metadata(self, source: int, target: int, *, keep_time: bool) -> None:
        if self.fails("copy_metadata"):
            raise self.error()
        super().copy_metadata(source, target, keep_time=keep_time)

    def start_writeback(self, target: int) -> None:
        if self.fails("start_writeback"):
            raise self.error()
        super().start_writeback(target)

    def truncate(self, target: int, size: int) -> None:
        if self.fails("truncate"):
            raise self.error()
        super().truncate(target, size)

    def sync(self, target: int) -> None:
        if self.fails("sync"):
            raise self.error()
        super().sync(target)

    def close(self, target: int) -> None:
        super().close(target)
        if self.fails("close"):
            raise self.error()

    def reopen(self, path: Path) -> int:
        if self.fails("reopen"):
            raise self.error()
        return super().reopen(path)

    def replace(self, copy: Path, path: Path, expected: FileState) -> None:
        if self.fails("replace"):
            raise self.error()
        super().replace(copy, path, expected)

    def sync_folder(self, folder: Path) -> None:
        if self.fails("sync_folder"):
            raise self.error()
        super().sync_folder(folder)


class LyingDisk(Disk):
    """Says that all is written, but one byte of the copy is another."""

    def __init__(self, where: Callable[[Source], int]) -> None:
        self.where = where

    def sync(self, target: int) -> None:
        super().sync(target)
        with io.FileIO(os.dup(target), "r+") as file:
            place = self.where(Source(file))
            file.seek(place)
            (byte,) = file.read(1) or b""
            file.seek(place)
            file.write(bytes([byte ^ 0x55]))


def in_the_sound(source: Source) -> int:
    parsed = parse_file(source)
    assert parsed
    start, end = max(parsed.audio(), key=lambda part: part[1] - part[0])
    return (start + end) // 2


def in_a_foreign_tag(source: Source) -> int:
    content = source.at(0, source.size)
    titles = ("Tïtle".encode(), "Tïtle".encode("utf-16-le"), b"Old title", b"Old Title")
    return max(content.find(title) for title in titles) + 2


def change(path: Path, *after: str) -> FileChange:
    tags = read_tags(path)
    return FileChange(path, tags.audio, (TagChange("genre", tags.genres, after),))


def audio_digest(path: Path) -> str:
    """A hash of every byte of the sound of a file."""
    found = hashlib.blake2b(digest_size=16)
    with opened(path) as file:
        for start, end in file.parsed.audio():
            for block in file.source.blocks(start, end):
                found.update(block)
    return found.hexdigest()


def fail_everywhere(
    paths: Sequence[Path], journal: Journal
) -> Iterator[tuple[FaultyDisk, list[Outcome]]]:
    """Apply one plan again and again, with a disk that fails one use later each time.

    Raises AssertionError where a file is neither as before nor as wished for, where something is
    left behind, or where the journal says something else than the file. Ends with the time at which
    nothing fails any more; the files are put back before each. They need folders of their own.
    """
    before = {path: (path.read_bytes(), audio_digest(path)) for path in paths}
    k = 0
    while True:
        k += 1
        disk = FaultyDisk(k)
        plan = TagPlan(tuple(change(path, *NEW) for path in paths))
        outcomes = list(apply_plan(plan, journal, disk=disk, threads=1))
        entries = journal.entries(journal.runs()[-1].id)
        assert [out.path for out in outcomes] == list(paths), "the outcomes are in another order"
        said = [(entry.path, entry.status) for entry in entries]
        assert said == [(out.path, out.status) for out in outcomes], "the journal says otherwise"
        for outcome in outcomes:
            content, audio = before[outcome.path]
            if outcome.status == "changed":
                assert read_tags(outcome.path).genres == NEW, "said to be changed, and is not"
                assert audio_digest(outcome.path) == audio, "the sound was damaged"
            else:
                assert outcome.path.read_bytes() == content, "said to have failed, and was changed"
        for folder in {path.parent for path in paths}:
            assert set(folder.iterdir()) <= set(paths), "something was left behind"
        yield disk, outcomes
        if not disk.failed_at:
            return
        for path, (content, _) in before.items():
            path.write_bytes(content)
