"""Undo gives back every byte, all of a run, and goes on where it was cut off."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import mutagen.id3
import pytest

from tagger.tags.reader import read_tags
from tagger.writing.apply import BYTES, FIELDS, Outcome, apply_plan
from tagger.writing.delta import Frame, Patch, make_patch
from tagger.writing.journal import Journal
from tagger.writing.plan import FileChange, TagChange, TagPlan
from tagger.writing.plan_json import save_plan
from tagger.writing.undo import find_run, plan_undo, was_interrupted
from tests.careless_files import CARELESS, make_careless_file
from tests.faults import NEW, change
from tests.killing import Library
from tests.music_files import KINDS, make_file


def undo(journal: Journal, number: int | None = None) -> list[Outcome]:
    undoing = plan_undo(journal, find_run(journal, number))
    return list(apply_plan(undoing.plan, journal, undoes=undoing.run.id))


def write(journal: Journal, *changes: FileChange) -> None:
    outcomes = list(apply_plan(TagPlan(changes), journal))
    assert {outcome.status for outcome in outcomes} == {"changed"}


@pytest.mark.parametrize("kind", KINDS)
def test_undo_gives_back_every_byte(kind: str, journal: Journal, tmp_path: Path) -> None:
    song = make_file(kind, tmp_path / f"song{KINDS[kind]}")
    before = song.read_bytes()
    write(journal, change(song, *NEW))
    tagged = song.read_bytes()
    write(journal, change(song, "Un genre très long " * 500))
    for wanted in (tagged, before):
        (outcome,) = undo(journal)
        assert (outcome.status, outcome.reason) == ("changed", BYTES)
        assert song.read_bytes() == wanted
    (outcome,) = undo(journal, 4)  # an undo of the undo
    assert (outcome.reason, song.read_bytes()) == (BYTES, tagged)


@pytest.mark.parametrize("kind", CARELESS)
def test_undo_gives_back_every_byte_of_careless_files(
    kind: str, journal: Journal, tmp_path: Path
) -> None:
    song = make_careless_file(kind, tmp_path / f"song{KINDS[CARELESS[kind][0]]}")
    before = song.read_bytes()
    write(journal, change(song, *NEW))
    (outcome,) = undo(journal)
    assert (outcome.reason, song.read_bytes()) == (BYTES, before)


def test_where_other_tags_were_changed_since_the_fields_are_given_back(
    journal: Journal, tmp_path: Path, short_song: Path
) -> None:
    song = Path(shutil.copy(short_song, tmp_path / "song.mp3"))
    write(journal, change(song, *NEW))
    tags: Any = mutagen.id3.ID3(song)  # type: ignore[no-untyped-call]
    tags["TIT2"].text = ["By hand"]
    tags.save(song)
    (outcome,) = undo(journal)
    assert (outcome.status, outcome.reason) == ("changed", FIELDS)
    tagged = read_tags(song)
    assert (tagged.title, tagged.genres) == ("By hand", ())


def test_where_a_patch_is_damaged_the_fields_are_given_back(
    journal: Journal, tmp_path: Path, short_song: Path
) -> None:
    song = Path(shutil.copy(short_song, tmp_path / "song.mp3"))
    before, tags = song.read_bytes(), read_tags(song)
    for damage in (lambda kept: kept[:-9], lambda kept: kept[:40], lambda _: 7, lambda _: b""):
        song.write_bytes(before)
        write(journal, change(song, *NEW))
        (number,) = (entry.id for entry in journal.entries(journal.runs()[-1].id))
        (kept,) = journal._db.execute("SELECT patch FROM patches WHERE file = ?", (number,))
        query = "UPDATE patches SET patch = ? WHERE file = ?"
        journal._db.execute(query, (damage(kept["patch"]), number))
        (outcome,) = undo(journal)
        assert (outcome.status, outcome.reason) == ("changed", FIELDS)
        assert read_tags(song) == tags


def test_recipe_that_makes_another_file_changes_nothing(
    journal: Journal, tmp_path: Path, short_song: Path
) -> None:
    song = Path(shutil.copy(short_song, tmp_path / "song.mp3"))
    write(journal, change(song, *NEW))
    tagged, kept = song.read_bytes(), journal.patch(1)
    assert kept is not None
    wrong = make_patch(Frame((b"ID3 of another",), ()), Frame((b"",), ()))
    assert wrong is not None
    journal.save_patches([(1, Patch(kept.was, kept.now, wrong.recipe))])
    (outcome,) = undo(journal)
    assert outcome.status == "failed"
    assert song.read_bytes() == tagged


def test_partly_undone_run_is_said_to_be_and_finished(
    journal: Journal, tmp_path: Path, short_song: Path
) -> None:
    songs = [Path(shutil.copy(short_song, tmp_path / f"{i}.mp3")) for i in range(4)]
    write(journal, *(change(song, *NEW) for song in songs))
    undoing = plan_undo(journal, find_run(journal, None))
    steps = apply_plan(TagPlan(undoing.plan.files[:3]), journal, undoes=1)
    list(zip(range(3), steps, strict=False))
    steps.close()  # as the end of the process would
    runs = journal.runs()
    assert (runs[0].n_undone, runs[0].undone, was_interrupted(runs, runs[0])) == (3, False, True)
    assert [outcome.path for outcome in undo(journal)] == songs[3:]
    runs = journal.runs()
    assert (runs[0].n_undone, runs[0].undone, was_interrupted(runs, runs[0])) == (4, True, False)


def test_what_was_left_for_a_reason_does_not_stand_before_older_runs(
    journal: Journal, tmp_path: Path, short_song: Path
) -> None:
    songs = [Path(shutil.copy(short_song, tmp_path / f"{i}.mp3")) for i in range(2)]
    write(journal, *(change(song, "A") for song in songs))
    write(journal, *(change(song, "B") for song in songs))
    songs[0].unlink()
    assert [outcome.path for outcome in undo(journal)] == songs[1:]
    assert (journal.runs()[1].n_undone, journal.runs()[1].undone) == (1, False)
    assert find_run(journal, None).id == 1


def test_file_that_is_as_it_was_already_counts_as_taken_back(
    journal: Journal, tmp_path: Path, short_song: Path
) -> None:
    song = Path(shutil.copy(short_song, tmp_path / "song.mp3"))
    write(journal, change(song, *NEW))
    shutil.copy(short_song, song)
    (outcome,) = undo(journal)
    assert (outcome.status, outcome.reason) == ("unchanged", "already as wished")
    assert journal.runs()[0].undone


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_kill_in_the_middle_of_undo(tmp_path: Path, short_song: Path) -> None:
    library = Library(tmp_path, short_song, n_files=150)  # its run 1 gives genres
    first = {path: read_tags(path) for path in library.paths}
    second = tuple(
        FileChange(path, tags.audio, (TagChange("instrument", (), ("Piano",)),))
        for path, tags in first.items()
    )
    save_plan(TagPlan(second, roots=(library.music,)), library.plan)
    assert musictag(library, "apply", str(library.plan)).returncode == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "tagger", "undo", "2", "--yes"], env=environment(library),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while library.paths[5].read_bytes() != library.after and process.poll() is None:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    taken = sum(read_tags(path).instruments == () for path in library.paths)
    assert 0 < taken < 150
    history = musictag(library, "history").stdout.splitlines()
    assert f"150 changed, partly undone ({taken} of 150)" in history[1]
    done = musictag(library, "undo")
    assert done.returncode == 0, done.stderr
    assert "the undo of run 2 was cut off; this finishes it" in done.stderr
    assert f"{150 - taken} changed ({150 - taken} byte for byte)" in done.stderr
    assert {path.read_bytes() for path in library.paths} == {library.after}
    lines = musictag(library, "history", "--json").stdout.splitlines()
    undone = {run["run"]: run["undone"] for run in map(json.loads, lines)}
    assert (undone[1], undone[2]) == (False, True)
    done = musictag(library, "undo", "2")
    assert (done.returncode, done.stderr) == (0, "run 2 is undone already\n")
    assert musictag(library, "undo").returncode == 0  # and now the first
    assert {path.read_bytes() for path in library.paths} == {library.before}


def environment(library: Library) -> dict[str, str]:
    return {**os.environ, "XDG_DATA_HOME": str(library.data)}


def musictag(library: Library, *arguments: str) -> subprocess.CompletedProcess[str]:
    yes = ["--yes"] if arguments[0] in ("apply", "undo") else []
    return subprocess.run(
        [sys.executable, "-m", "tagger", *arguments, *yes], env=environment(library),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
