"""Journals that are private, damaged, hostile, full, or of an older version."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tagger.cli import main
from tagger.errors import JournalError
from tagger.tags.reader import read_tags
from tagger.writing.apply import apply_plan, recover
from tagger.writing.journal import NAME, Journal
from tagger.writing.journal_repair import examine, repair
from tagger.writing.plan import TagPlan
from tagger.writing.plan_json import save_plan
from tests.faults import NEW, change

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands keep the journal."""
    monkeypatch.setattr(
        "tagger.writing.journal.appdirs.user_data_dir", lambda *_, **__: tmp_path / "data"
    )
    return tmp_path / "data"


@pytest.fixture
def songs(tmp_path: Path, short_song: Path) -> list[Path]:
    (tmp_path / "music").mkdir()
    return [Path(shutil.copy(short_song, tmp_path / "music" / f"{i}.mp3")) for i in range(5)]


def write(folder: Path, songs: list[Path], *values: str) -> None:
    with Journal(folder) as journal:
        list(apply_plan(TagPlan(tuple(change(song, *values) for song in songs)), journal))


def musictag(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)


def execute(folder: Path, statement: str, *values: Any) -> None:
    database = sqlite3.connect(folder / NAME)
    database.execute(statement, values)
    database.commit()
    database.close()


@POSIX
def test_journal_is_for_its_user_alone(folder: Path, songs: list[Path]) -> None:
    old = os.umask(0)
    try:
        write(folder, songs, *NEW)
        with Journal(folder) as journal:  # with its -wal and -shm
            modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
            assert journal.runs()
    finally:
        os.umask(old)
    assert modes.keys() >= {NAME, f"{NAME}-wal", f"{NAME}-shm", "lock.sqlite"}
    assert set(modes.values()) == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


@POSIX
def test_journal_that_was_open_to_all_is_closed(folder: Path, songs: list[Path]) -> None:
    write(folder, songs, *NEW)
    folder.chmod(0o755)
    for path in folder.iterdir():
        path.chmod(0o644)
    with Journal(folder):
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE files SET path = x'2f6574632f706173737764' WHERE id = 3",
        "UPDATE files SET before = '{}' WHERE id = 3",
        "UPDATE files SET after = replace(after, 'Jazz', 'Rock') WHERE id = 3",
        "UPDATE files SET after = 'null' WHERE id = 3",
        "UPDATE files SET inode = 'x' WHERE id = 3",
        "UPDATE files SET status = 'lost' WHERE id = 3",
        "UPDATE files SET reason = x'ff' WHERE id = 3",
        "UPDATE runs SET roots = '[[]' WHERE id = 1",
        "UPDATE runs SET token = '../../..' WHERE id = 1",
        "UPDATE runs SET sum = NULL WHERE id = 1",
    ],
)
def test_damaged_row_is_one_line_and_the_others_are_saved(
    statement: str, folder: Path, songs: list[Path]
) -> None:
    write(folder, songs, *NEW)
    execute(folder, statement)
    done = musictag("undo", "--yes")
    assert (done.exit_code, len(done.stderr.splitlines())) == (1, 1)
    assert "musictag journal check" in done.stderr
    done = musictag("journal", "check")
    assert done.exit_code == 1
    assert done.stdout.startswith("damaged: row ")
    assert "musictag journal check --repair" in done.stderr
    assert musictag("journal", "check", "--repair").exit_code == 0
    assert "all sound" in musictag("journal", "check").stdout
    assert len(list(folder.glob("journal.damaged-*.sqlite"))) == 1
    saved = 5 - ("files" in statement)
    done = musictag("undo", "--yes")
    assert done.exit_code == 0
    assert f"{saved} changed ({saved} byte for byte)" in done.stderr
    assert [read_tags(song).genres for song in songs].count(()) == saved


@pytest.mark.parametrize("name", ["precious.mp3", ".musictag-12345678-1.tmp.mp3", "link.tmp"])
def test_row_cannot_have_another_file_removed(name: str, folder: Path, songs: list[Path]) -> None:
    """Even with a right checksum: who can write the journal is the user, but a disk is not."""
    from tagger.writing import journal_rows

    write(folder, songs, *NEW)
    victim = songs[0].with_name(name)
    shutil.copy(songs[1], victim)
    with Journal(folder) as journal:
        journal._db.execute(
            "UPDATE files SET status = NULL, copy = ? WHERE id = 1", (os.fsencode(victim),)
        )
        row = dict(journal._db.execute("SELECT * FROM files WHERE id = 1").fetchone())
        journal._db.execute("UPDATE files SET sum = ? WHERE id = 1", (journal_rows.file_sum(row),))
        with pytest.raises(JournalError, match="a copy that is none of ours"):
            recover(journal)
    assert victim.exists()


@pytest.mark.parametrize("where", ["other folder", "link", "folder"])
def test_only_plain_files_beside_the_music_are_removed(
    where: str, folder: Path, songs: list[Path], tmp_path: Path
) -> None:
    from tagger.writing import journal_rows

    write(folder, songs, *NEW)
    parent = tmp_path if where == "other folder" else songs[0].parent
    victim = parent / ".musictag-12345678-1.tmp"
    if where == "folder":
        victim.mkdir()
    elif where == "link":
        victim.symlink_to(songs[1])
    else:
        victim.write_bytes(b"precious")
    with Journal(folder) as journal:
        journal._db.execute(
            "UPDATE files SET status = NULL, copy = ? WHERE id = 1", (os.fsencode(victim),)
        )
        row = dict(journal._db.execute("SELECT * FROM files WHERE id = 1").fetchone())
        journal._db.execute("UPDATE files SET sum = ? WHERE id = 1", (journal_rows.file_sum(row),))
        (outcome,) = recover(journal)
    assert "is no copy of ours and was left" in outcome.reason
    assert os.path.lexists(victim)


def zeroed(content: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(content) // 4096) * 4096
    content[at : at + 4096] = bytes(4096)


def flipped(content: bytearray, rng: random.Random) -> None:
    for _ in range(40):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)


def cut(content: bytearray, rng: random.Random) -> None:
    del content[rng.randrange(len(content)) :]


@pytest.mark.parametrize("damage", [zeroed, flipped, cut])
def test_damage_anywhere_is_said_and_what_is_sound_is_saved(
    damage: Callable[[bytearray, random.Random], None], folder: Path, songs: list[Path]
) -> None:
    for value in "ABCDEFGH":
        write(folder, songs, value * 300)
    path = folder / NAME
    whole, saved = path.read_bytes(), 0
    for seed in range(25):
        content = bytearray(whole)
        damage(content, random.Random(seed))
        for other in folder.glob("*"):
            other.unlink()
        path.write_bytes(content)
        for command in ("history", "undo"):
            done = musictag(command, *(["--yes"] if command == "undo" else []))
            assert done.exit_code in (0, 1)
            assert "Traceback" not in done.stderr
        found = examine(folder)
        done = musictag("journal", "check", "--repair")
        assert done.exit_code == 0, done.stderr
        after = examine(folder)
        assert after.faults == ()
        assert after.files.keys() >= found.files.keys()
        saved += len(after.files)
        with Journal(folder) as journal:
            recover(journal)
    assert saved > 25 * 10  # of 40 and more each time


def test_what_is_no_journal_at_all_is_put_aside(folder: Path, songs: list[Path]) -> None:
    folder.mkdir()
    (folder / NAME).write_bytes(b"no database" * 1000)
    done = musictag("undo", "--yes")
    assert (done.exit_code, len(done.stderr.splitlines())) == (1, 1)
    assert "musictag journal check" in done.stderr
    done = musictag("journal", "check")
    assert (done.exit_code, done.stdout.splitlines()[1][-29:]) == (
        1, "0 runs, 0 files, can be saved",
    )  # fmt: skip
    done = musictag("journal", "check", "--repair")
    assert done.exit_code == 0
    (aside,) = folder.glob("journal.damaged-*")
    assert aside.read_bytes() == b"no database" * 1000
    write(folder, songs, *NEW)


def test_garbage_in_the_lock_does_not_block(folder: Path, songs: list[Path]) -> None:
    folder.mkdir()
    (folder / "lock.sqlite").write_bytes(b"no database" * 1000)
    write(folder, songs, *NEW)


def test_files_of_a_run_that_is_lost_are_saved(folder: Path, songs: list[Path]) -> None:
    write(folder, songs, *NEW)
    execute(folder, "UPDATE runs SET mode = 'other' WHERE id = 1")
    found, _ = repair(folder)
    assert found.faults == ("row 1 of runs: its checksum is wrong",)
    assert "salvaged: 5 changed" in musictag("history").stdout
    assert musictag("undo", "--yes").exit_code == 0
    assert {read_tags(song).genres for song in songs} == {()}


def test_journal_of_version_1_is_taken_over(folder: Path, songs: list[Path]) -> None:
    """Two runs, and an undo of the second that was cut off, by a musictag without checksums."""
    write(folder, songs, "A")
    write(folder, songs, "B")
    musictag("undo", "--yes")
    database = sqlite3.connect(folder / NAME)
    database.executescript(
        "DROP INDEX files_undoes; ALTER TABLE files DROP COLUMN sum; DROP TABLE patches;"
        "ALTER TABLE files DROP COLUMN undoes; ALTER TABLE runs DROP COLUMN sum;"
        "DELETE FROM files WHERE id > 13; UPDATE runs SET ended = NULL WHERE id = 3;"
        "PRAGMA user_version = 1;"
    )
    database.close()
    for song in songs[3:]:
        with Journal(folder.parent / "other") as other:
            list(apply_plan(TagPlan((change(song, "B"),)), other))
    assert "2 runs" not in musictag("journal", "check").stdout
    assert "partly undone (3 of 5)" in musictag("history").stdout
    done = musictag("undo", "--yes")
    assert "the undo of run 2 was cut off" in done.stderr
    assert "2 changed (0 byte for byte, 2 only in these fields)" in done.stderr
    runs = list(map(json.loads, musictag("history", "--json").stdout.splitlines()))
    assert {run["run"]: run["undone"] for run in runs}[2]
    assert {read_tags(song).genres for song in songs} == {("A",)}


def test_full_disk_for_the_journal_is_one_line(
    folder: Path, songs: list[Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.json"
    genres = [letter * 40 for letter in "ABCDEFGHIJKLMNOP"]
    save_plan(TagPlan(tuple(change(song, *genres) for song in songs)), plan)
    real = Journal.start

    def full(journal: Journal, *arguments: Any) -> Any:
        run = real(journal, *arguments)
        (pages,) = journal._db.execute("PRAGMA page_count").fetchone()
        journal._db.execute(f"PRAGMA max_page_count = {pages}")
        return run

    monkeypatch.setattr(Journal, "start", full)
    before = [song.read_bytes() for song in songs]
    done = musictag("apply", plan, "--yes", "--force")
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1].startswith("Error: ")
    assert "the journal cannot be used (database or disk is full)" in done.stderr
    assert "journal check" not in done.stderr
    monkeypatch.undo()
    assert [song.read_bytes() for song in songs] == before
    assert sorted(songs[0].parent.iterdir()) == songs
