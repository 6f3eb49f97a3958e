from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tagger.errors import JournalError
from tagger.tags.reader import read_tags
from tagger.writing.apply import apply_plan
from tagger.writing.journal import Journal
from tagger.writing.journal_entries import Entry
from tagger.writing.plan import TagPlan
from tagger.writing.undo import UndoPlan, find_run, plan_undo
from tests.faults import change
from tests.music_files import make_file


@pytest.fixture
def songs(tmp_path: Path, short_song: Path) -> list[Path]:
    """Two files with different sound."""
    folder = tmp_path / "music"
    folder.mkdir()
    return [Path(shutil.copy(short_song, folder / "1.mp3")), make_file("flac", folder / "2.flac")]


def write(journal: Journal, songs: list[Path], *values: str) -> None:
    plan = TagPlan(tuple(change(song, *values) for song in songs), roots=(songs[0].parent,))
    assert [outcome.status for outcome in apply_plan(plan, journal)] == ["changed"] * len(songs)


def undo(journal: Journal, number: int | None = None) -> UndoPlan:
    undoing = plan_undo(journal, find_run(journal, number))
    list(apply_plan(undoing.plan, journal, undoes=undoing.run.id))
    return undoing


def test_runs_are_taken_back_from_the_newest(journal: Journal, songs: list[Path]) -> None:
    write(journal, songs, "A")
    write(journal, songs, "B")
    undo(journal)
    assert read_tags(songs[0]).genres == ("A",)
    undo(journal)
    assert read_tags(songs[0]).genres == ()
    with pytest.raises(JournalError, match="there is no run to undo"):
        undo(journal)
    assert [run.undone for run in journal.runs()] == [True, True, False, False]


def test_undo_of_an_undo(journal: Journal, songs: list[Path]) -> None:
    write(journal, songs, "A")
    undo(journal)
    undo(journal, 2)
    assert read_tags(songs[1]).genres == ("A",)
    assert [run.undone for run in journal.runs()] == [False, True, False]
    undo(journal)  # the first run counts again
    assert read_tags(songs[1]).genres == ()


def test_what_was_changed_since_is_left_and_listed(journal: Journal, songs: list[Path]) -> None:
    write(journal, songs, "A")
    list(apply_plan(TagPlan((change(songs[0], "by hand"),)), journal))
    undoing = undo(journal, 1)
    assert [(left.path, left.reason) for left in undoing.left] == [
        (songs[0], "its genre was changed since")
    ]
    assert read_tags(songs[0]).genres == ("by hand",)
    assert read_tags(songs[1]).genres == ()


def test_moved_files_are_found_by_their_sound(journal: Journal, songs: list[Path]) -> None:
    write(journal, songs, "A")
    target = songs[0].parent / "sorted" / "elsewhere.mp3"
    target.parent.mkdir()
    songs[0].rename(target)
    undoing = undo(journal)
    assert undoing.moved == ((songs[0], target),)
    assert read_tags(target).genres == ()


def test_file_that_took_the_name_of_another_is_left(journal: Journal, songs: list[Path]) -> None:
    write(journal, songs, "A")
    songs[0].unlink()
    shutil.copy(songs[1], songs[0])  # holds A as well, but is another song
    undoing = undo(journal)
    assert [left.reason for left in undoing.left] == ["not found, here or under another name"]
    assert read_tags(songs[0]).genres == ("A",)


def test_lost_file_is_listed(journal: Journal, songs: list[Path]) -> None:
    write(journal, songs, "A")
    songs[1].unlink()
    undoing = undo(journal)
    assert [left.path for left in undoing.left] == [songs[1]]
    assert read_tags(songs[0]).genres == ()


def test_version_that_another_program_changed_gets_the_text(
    journal: Journal, songs: list[Path]
) -> None:
    import mutagen.id3

    write(journal, songs, "Före")
    write(journal, songs, "Efter")
    tags = mutagen.id3.ID3(songs[0])  # type: ignore[no-untyped-call]
    tags.update_to_v23()  # type: ignore[no-untyped-call]
    tags.save(songs[0], v2_version=3)
    undo(journal)
    assert read_tags(songs[0]).genres == ("Före",)


def test_unknown_run(journal: Journal) -> None:
    with pytest.raises(JournalError, match="there is no run 7"):
        find_run(journal, 7)


def test_journal_outlives_its_process(tmp_path: Path, songs: list[Path]) -> None:
    with Journal(tmp_path / "journal") as first:
        write(first, songs, "A")
    with Journal(tmp_path / "journal") as second:
        (run,) = second.runs()
        assert run.counts == {"changed": 2}
        assert run.ended
        entries = second.entries(run.id)
        assert all(isinstance(entry, Entry) for entry in entries)
        assert entries[0].after["genre"].values == ("A",)
        assert entries[0].after["genre"].items[0].raw.startswith(b"TCON")
