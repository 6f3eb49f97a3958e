"""mutagen's own save writes nearly all files; the journal says where bytes were spliced."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from tagger.tags.containers import Source
from tagger.tags.reader import opened
from tagger.writing.apply import Outcome, apply_plan
from tagger.writing.edited_copy import CopyFile
from tagger.writing.filesystem import Disk
from tagger.writing.journal import Journal
from tagger.writing.plan import TagPlan
from tagger.writing.undo import find_run, plan_undo
from tests.careless_files import CARELESS, make_careless_file
from tests.faults import change
from tests.music_files import KINDS, make_file

SPLICED = {"mp3 v2.2": "mutagen cannot write ID3v2.2", "mp3 v1": "mutagen would change TALB"}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal") as opened_journal:
        yield opened_journal


def jazz(path: Path, journal: Journal) -> Outcome:
    (outcome,) = apply_plan(TagPlan((change(path, "Jazz"),)), journal)
    assert outcome.status == "changed", outcome
    return outcome


@pytest.mark.parametrize("kind", KINDS)
def test_mutagen_writes_what_it_wrote_before(kind: str, tmp_path: Path, journal: Journal) -> None:
    outcome = jazz(make_file(kind, tmp_path / f"song{KINDS[kind]}"), journal)
    assert outcome.spliced.startswith(SPLICED.get(kind, "")), outcome
    assert bool(outcome.spliced) == (kind in SPLICED)


@pytest.mark.parametrize("what", CARELESS)
def test_files_of_careless_programs_are_spliced_and_the_journal_says_so(
    what: str, tmp_path: Path, journal: Journal
) -> None:
    path = make_careless_file(what, tmp_path / f"song{KINDS[CARELESS[what][0]]}")
    with opened(path) as file:
        before = file.layout
    outcome = jazz(path, journal)
    assert outcome.spliced.startswith("mutagen ")
    (entry,) = journal.entries(1)
    assert entry.reason == f"bytes spliced: {outcome.spliced}"
    with opened(path) as file:
        assert set(before.items) < set(file.layout.items)
        assert file.layout.rest == before.rest


def test_undo_puts_old_bytes_back_that_mutagen_would_not_write(
    tmp_path: Path, journal: Journal
) -> None:
    path = make_file("mp3", tmp_path / "song.mp3")
    jazz(path, journal)
    content = path.read_bytes()
    latin = content.replace(b"TCON\0\0\0\x06\0\0\3Jazz\0", b"TCON\0\0\0\x06\0\0\0Rock\0")
    assert latin != content
    path.write_bytes(latin)
    jazz(path, journal)
    list(apply_plan(plan_undo(journal, find_run(journal, None)).plan, journal))
    assert b"TCON\0\0\0\x06\0\0\0Rock\0" in path.read_bytes()


def test_size_in_the_header_of_a_wma_is_kept_true(tmp_path: Path, journal: Journal) -> None:
    path = make_file("wma", tmp_path / "song.wma")
    (outcome,) = apply_plan(TagPlan((change(path, *"abcdefgh" * 4000),)), journal)
    assert outcome.status == "changed"
    content = path.read_bytes()
    place = content.index(bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365"))
    assert struct.unpack_from("<Q", content, place + 40) == (len(content),)


def test_copy_as_a_file(tmp_path: Path) -> None:
    disk = Disk()
    target = disk.create(tmp_path / "copy")
    try:
        file = CopyFile(disk, target)
        assert file.write(b"0123456789") == 10
        assert file.seek(-3, os.SEEK_END) == 7
        assert (file.read(), file.read(), file.tell()) == (b"789", b"", 10)
        assert file.seek(2) == 2
        assert file.read(3) == b"234"
        assert file.truncate() == 5
        with (tmp_path / "copy").open("rb", buffering=0) as written:
            assert Source(written).at(0, 5) == b"01234"
    finally:
        disk.close(target)


def test_disk_that_fails_is_no_reason_to_splice(tmp_path: Path, journal: Journal) -> None:
    path = make_file("mp3", tmp_path / "song.mp3")
    before = path.read_bytes()

    class Full(Disk):
        def write(self, target: int, content: bytes) -> None:
            raise OSError(28, "No space left on device")

    (outcome,) = apply_plan(TagPlan((change(path, "Jazz"),)), journal, disk=Full())
    assert outcome.reason == "cannot be written (No space left on device)"
    assert path.read_bytes() == before
