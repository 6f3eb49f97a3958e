"""mutagen looks at every file and its copy; what it no longer finds keeps the file as it was."""

from __future__ import annotations

import ast
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import mutagen
import mutagen.id3
import pytest

import tagger.writing.referee
from tagger.errors import TagError
from tagger.tags.containers import id3
from tagger.writing.apply import apply_plan
from tagger.writing.filesystem import Disk
from tagger.writing.journal import Journal
from tagger.writing.plan import TagPlan
from tagger.writing.referee import Snapshot, check, take_snapshot
from tagger.writing.shared_blocks import Extent
from tests.careless_files import add, atom, data
from tests.faults import change
from tests.music_files import KINDS, make_file

OURS = {"TCON", "GENRE", "\xa9GEN", "WM/GENRE"}


def snapshot(path: Path) -> Snapshot:
    with io.FileIO(path) as file:
        return take_snapshot(file, path.name)


def foreign_change(path: Path) -> None:
    """Let mutagen change one value of one foreign tag."""
    file: Any = mutagen.File(path)
    if isinstance(file.tags, mutagen.id3.ID3):
        file.tags["TALB"] = mutagen.id3.TALB(3, ["Another"])  # type: ignore[no-untyped-call]
    else:
        names = {type(None): "", "MP4Tags": "\xa9ART", "ASFTags": "Author"}
        key = names.get(type(file.tags).__name__, "Artist")
        file.tags[key] = ["One", "Three"]
    file.save()


def test_it_knows_nothing_of_our_own_parsers() -> None:
    source = Path(tagger.writing.referee.__file__).read_text(encoding="utf-8")
    imported = {n.module for n in ast.walk(ast.parse(source)) if isinstance(n, ast.ImportFrom)}
    assert {name for name in imported if name and name.startswith("tagger")} == {"tagger.errors"}


@pytest.mark.parametrize("kind", KINDS)
def test_changes_of_foreign_tags_are_seen_in_every_container(kind: str, tmp_path: Path) -> None:
    path = make_file(kind, tmp_path / f"song{KINDS[kind]}")
    before = snapshot(path)
    assert before.kind
    assert before.others
    check(before, snapshot(path), set())
    foreign_change(path)
    with pytest.raises(TagError, match="its copy came out with other tags for mutagen"):
        check(before, snapshot(path), OURS)


def test_lost_pictures_and_chapters_are_named(tmp_path: Path) -> None:
    path = make_file("mp3", tmp_path / "song.mp3")
    before = snapshot(path)
    tags: Any = mutagen.id3.ID3(path)  # type: ignore[no-untyped-call]
    tags.delall("APIC")
    tags.delall("CHAP")
    tags.save(path)
    with pytest.raises(TagError, match="APIC:COVER, CHAP:C1"):
        check(before, snapshot(path), OURS)


@pytest.mark.parametrize("kind", KINDS)
def test_file_is_seen_from_wherever_it_was_read_before(kind: str, tmp_path: Path) -> None:
    path = make_file(kind, tmp_path / f"song{KINDS[kind]}").rename(tmp_path / "song")
    with io.FileIO(path) as file:
        whole = take_snapshot(file, path.name)
        file.seek(-100, io.SEEK_END)
        assert take_snapshot(file, path.name) == whole


def test_file_that_mutagen_cannot_read_is_left_to_our_own_parser(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(b"nothing" * 100)
    assert snapshot(path) == Snapshot()
    check(Snapshot(), Snapshot(), set())


def test_reading_more_than_any_tag_needs_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tagger.writing.referee, "LARGEST", 1000)
    assert snapshot(make_file("flac", tmp_path / "song.flac")) == Snapshot()


class Sharing(Disk):
    """Says that all bytes of all files lie in the same blocks."""

    def shared(self, target: int) -> list[Extent]:
        return [Extent(0, 1 << 40, 4096)]


@pytest.mark.parametrize("disk", [Disk(), Sharing()])
def test_loss_that_our_own_parser_cannot_see(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A parser that overlooks a frame compares equal with itself; mutagen does not.

    It reads both files wherever they lie on a disk.
    """
    path = make_file("mp3 v2.2", tmp_path / "song.mp3")
    before = path.read_bytes()
    wanted = change(path, "Jazz")
    real = id3.read_tag

    def blind(*arguments: Any) -> id3.Id3Tag:
        tag = real(*arguments)
        return replace(tag, items=tuple(item for item in tag.items if item.key != "TPE1"))

    monkeypatch.setattr(id3, "read_tag", blind)
    with Journal(tmp_path / "journal") as journal:
        (outcome,) = apply_plan(TagPlan((wanted,)), journal, disk=disk)
    assert (outcome.status, "TPE1" in outcome.reason) == ("failed", True), outcome
    assert path.read_bytes() == before


def test_numbered_genre_of_mp4_may_become_one_in_words(tmp_path: Path) -> None:
    path = make_file("aac", tmp_path / "song.m4a")
    add(path, [atom(b"gnre", data(0, b"\0\x12"))])
    with Journal(tmp_path / "journal") as journal:
        (outcome,) = apply_plan(TagPlan((change(path, "Jazz"),)), journal)
    assert outcome.status == "changed", outcome
