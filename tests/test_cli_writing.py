"""The commands that write, as a person at a terminal meets them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tagger.cli import main
from tagger.tags.reader import read_tags
from tagger.writing.journal import Journal, journal_folder


@pytest.fixture(autouse=True)
def own_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tagger.writing.journal.appdirs.user_data_dir", lambda *_, **__: str(tmp_path / "d")
    )


@pytest.fixture
def music(demo: Path, tmp_path: Path) -> Path:
    """The demo library, to be changed."""
    return Path(shutil.copytree(demo, tmp_path / "music"))


def musictag(*arguments: object, typed: str | None = None) -> Result:
    return CliRunner().invoke(
        main, [str(a) for a in arguments], input=typed, catch_exceptions=False
    )


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_write_fill_then_undo(music: Path, tiny_card: Path) -> None:
    before = {path: read_tags(path) for path in contents(music)}
    done = musictag("scan", music, "--write", "--yes", "--model", tiny_card)
    assert done.exit_code == 0, done.stderr
    assert "12 of 12 files would change (fill), 0 stay" in done.stderr
    assert "12 changed" in done.stderr
    assert "genres: - -> Low " in done.stdout or "genres: - -> High " in done.stdout
    for path, tags in before.items():
        now = read_tags(path)
        assert now.genres == (tags.genres or now.genres)
        assert now.instruments
    assert " fill: 12 changed  " in musictag("history").stdout
    done = musictag("undo", "--yes")
    assert done.exit_code == 0, done.stderr
    assert {path: read_tags(path) for path in before} == before
    (newest, oldest) = map(json.loads, musictag("history", "--json").stdout.splitlines())
    assert (newest["undoes"], oldest["undone"], oldest["files"]) == (1, True, {"changed": 12})
    done = musictag("undo", "--yes")
    assert done.exit_code == 1
    assert done.stderr == "Error: there is no run to undo\n"


def test_without_a_terminal_nothing_is_written_unless_yes(music: Path, tiny_card: Path) -> None:
    before = contents(music)
    done = musictag("scan", music, "--write", "--model", tiny_card)
    assert done.exit_code == 1
    assert "there is no terminal to ask on; add --yes" in done.stderr
    assert contents(music) == before
    assert not journal_folder().exists()


@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("n\n", 1), ("\n", 1)])
def test_terminal_is_asked(
    typed: str, code: int, music: Path, tiny_card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tagger.cli.writing.on_terminal", lambda: True)
    plan, before = music.parent / "plan.json", contents(music)
    musictag("scan", music, "--plan", plan, "--model", tiny_card)
    done = musictag("apply", plan, typed=typed)
    assert done.exit_code == code
    assert "Write the tags of these 12 files? [y/N]" in done.stderr
    assert (contents(music) == before) == bool(code)


def test_plan_is_edited_and_applied(music: Path, tiny_card: Path, tmp_path: Path) -> None:
    plan, before = tmp_path / "plan.json", contents(music)
    done = musictag("scan", music, "--plan", plan, "--mode", "merge", "--model", tiny_card)
    assert done.exit_code == 0
    assert contents(music) == before
    content = json.loads(plan.read_text())
    content["files"] = content["files"][:2]
    content["files"][0]["genres"]["after"] = ["Tafelmusik"]
    plan.write_text(json.dumps(content))
    done = musictag("apply", plan, "--yes")
    assert done.exit_code == 0, done.stderr
    assert "2 changed" in done.stderr
    assert read_tags(Path(content["files"][0]["path"])).genres == ("Tafelmusik",)
    content["files"][0]["genres"]["after"] = ["Table music"]
    plan.write_text(json.dumps(content))
    done = musictag("apply", plan, "--yes")
    assert done.exit_code == 1
    assert "refused (its genre changed since the plan was made)" in done.stderr
    assert "1 unchanged, 1 refused" in done.stderr


def test_plan_that_is_true_already_is_said_to_be(music: Path, tiny_card: Path) -> None:
    plan = music.parent / "plan.json"
    musictag("scan", music, "--plan", plan, "--model", tiny_card)
    musictag("apply", plan, "--yes")
    before = contents(music)
    done = musictag("apply", plan, "--yes")
    assert (done.exit_code, done.stderr) == (0, "12 unchanged (already as wished)\n")
    assert contents(music) == before


def test_plan_that_leaves_its_folders_is_refused_unless_forced(music: Path, tmp_path: Path) -> None:
    outside = Path(shutil.copy(next(music.rglob("*.wav")), tmp_path / "outside.wav"))
    plan = tmp_path / "plan.json"
    change = {"before": [], "after": ["Jazz"]}
    files = [{"path": str(music / ".." / outside.name), "genres": change}]
    plan.write_text(json.dumps({"format": 1, "roots": [str(music)], "files": files}))
    done = musictag("apply", plan, "--yes")
    assert done.exit_code == 1
    assert "lies outside of the plan's folders; nothing was written" in done.stderr
    assert read_tags(outside).genres == ()
    assert musictag("apply", plan, "--yes", "--force").exit_code == 0
    assert read_tags(outside).genres == ("Jazz",)


def test_escapes_in_tags_and_plans_do_not_reach_the_terminal(
    music: Path, tiny_card: Path, tmp_path: Path
) -> None:
    import mediafile

    path = next(music.rglob("*.flac"))
    file = mediafile.MediaFile(path)
    file.genres = ["\x1b[2Jcleared"]
    file.save()
    plan = tmp_path / "plan.json"
    done = musictag("scan", music, "--plan", plan, "--mode", "replace", "--model", tiny_card)
    assert "cleared" in done.output
    assert "\x1b" not in done.output
    for command in (["apply", plan, "--yes"], ["undo", "--yes"], ["history"]):
        assert "\x1b" not in musictag(*command).output
    assert read_tags(path).genres == ("\x1b[2Jcleared",)


def test_album_level(music: Path, tiny_card: Path) -> None:
    done = musictag("scan", music, "--level", "album", "--mode", "replace", "--model", tiny_card)
    assert done.exit_code == 0
    evening = done.stdout.split("Evening Hours")[1].split("\n/")[0]
    genres = [line.split("-> ")[1] for line in evening.splitlines() if "genres" in line]
    assert len(set(genres)) == 1


def test_taste_and_modes_by_kind(music: Path, tiny_card: Path, tmp_path: Path) -> None:
    taste = tmp_path / "taste.toml"
    taste.write_text('[aliases]\nHigh = "Treble"\nLow = "Bass"\n')
    done = musictag(
        "scan", music, "--taste", taste, "--mode", "genres=replace", "--model", tiny_card,
        "--generic-is-empty", "--provenance",
    )  # fmt: skip
    assert "Treble" in done.stdout or "Bass" in done.stdout
    assert "genres: Classical -> " in done.stdout
    assert "provenance: - -> tiny-1-" in done.stdout


def test_failed_file_does_not_stop_writing(music: Path, tiny_card: Path) -> None:
    bad = music / "bad.mp3"
    bad.write_text("no music")
    done = musictag("scan", music, "--write", "--yes", "--model", tiny_card)
    assert done.exit_code == 1
    assert "12 changed" in done.stderr
    assert str(bad) in done.stderr


def test_second_run_has_nothing_to_do(music: Path, tiny_card: Path) -> None:
    musictag("scan", music, "--write", "--yes", "--mode", "merge", "--model", tiny_card)
    before = {path: path.stat().st_mtime_ns for path in contents(music)}
    done = musictag("scan", music, "--write", "--yes", "--mode", "merge", "--model", tiny_card)
    assert done.exit_code == 0
    assert "0 of 12 files would change" in done.stderr
    assert {path: path.stat().st_mtime_ns for path in contents(music)} == before


@pytest.mark.parametrize(
    ("arguments", "code", "hint"),
    [
        (["scan", ".", "--mode", "add"], 2, "'add' is not one of fill, merge, replace"),
        (["scan", ".", "--mode", "moods=fill"], 2, "nor one of these after 'genres='"),
        (["scan", ".", "--level", "artist"], 2, "'artist' is not one of track, album"),
        (["apply", "none.json"], 1, "none.json: cannot be read (No such file or directory)"),
        (["undo", "9"], 1, "there is no run 9; see: musictag history"),
        (["undo"], 1, "there is no run to undo"),
        (["undo", "x"], 2, "'x' is neither the number of a run nor a file or folder"),
        (["undo", "1", "."], 2, "give one RUN, or PATHs"),
        (["undo", "."], 1, "no run changed these files, or all of them are taken back"),
    ],
)
def test_wrong_use_is_one_clear_line(arguments: list[str], code: int, hint: str) -> None:
    done = musictag(*arguments)
    assert done.exit_code == code
    assert hint in done.stderr


def test_history_before_any_run_leaves_no_trace() -> None:
    done = musictag("history")
    assert (done.exit_code, done.stderr) == (0, "no tags were written yet\n")
    assert not journal_folder().exists()


def test_history_while_another_run_writes(music: Path, tiny_card: Path) -> None:
    musictag("scan", music, "--write", "--yes", "--model", tiny_card)
    with Journal():
        assert "12 changed" in musictag("history").stdout
        done = musictag("undo", "--yes")
        assert done.exit_code == 1
        assert "another musictag is writing tags; wait until it has ended" in done.stderr


def test_damaged_journal_is_one_line(tmp_path: Path) -> None:
    journal_folder().mkdir(parents=True)
    (journal_folder() / "journal.sqlite").write_bytes(b"not a database" * 100)
    done = musictag("undo", "--yes")
    assert done.exit_code == 1
    assert "the journal cannot be used" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_journal_of_a_newer_version_is_left_alone() -> None:
    import sqlite3

    with Journal():
        pass
    database = sqlite3.connect(journal_folder() / "journal.sqlite")
    database.execute("PRAGMA user_version = 99")
    database.close()
    done = musictag("undo", "--yes")
    assert done.exit_code == 1
    assert "it was written by a newer musictag" in done.stderr


def test_undo_names_what_moved_and_what_it_leaves(music: Path, tiny_card: Path) -> None:
    import mediafile

    musictag("scan", music, "--write", "--yes", "--mode", "replace", "--model", tiny_card)
    moved, edited = next(music.rglob("*.flac")), next(music.rglob("*.wav"))
    moved.rename(music / "elsewhere.flac")
    file = mediafile.MediaFile(edited)
    file.genres = ["by hand"]
    file.save()
    done = musictag("undo", "--yes")
    assert done.exit_code == 1
    assert f"moved: {moved} -> {music / 'elsewhere.flac'}" in done.stderr
    assert f"left: {edited}: its genre was changed since" in done.stderr
    assert "12 changed" in done.stderr  # of the edited one, the instruments
    assert read_tags(edited).genres == ("by hand",)
    assert read_tags(edited).instruments == ()


def test_next_command_says_what_a_crash_left(music: Path, tiny_card: Path) -> None:
    musictag("scan", music, "--write", "--yes", "--model", tiny_card)
    with Journal() as journal:
        journal._db.execute("UPDATE files SET status = NULL WHERE id IN (1, 2)")
        first = journal.entries(1)[0]
        assert first.copy
        first.copy.write_bytes(b"half")
        first.path.unlink()
    done = musictag("history")
    assert "cut off; of its last files 1 are changed, 1 are not" in done.stderr
    assert "No such file" in done.stderr
    assert not first.copy.exists()
    assert " fill: 11 changed, 1 failed  " in done.stdout


def test_undo_of_paths_leaves_the_rest_of_the_run_to_be_undone(
    music: Path, tiny_card: Path
) -> None:
    before = contents(music)
    musictag("scan", music, "--write", "--yes", "--model", tiny_card)
    album = next(music.rglob("Evening Hours"))
    moved = album.rename(music / "elsewhere")
    done = musictag("undo", moved, "--yes")
    assert (done.exit_code, "4 changed" in done.stderr) == (0, True), done.stderr
    assert {path.name: path.read_bytes() for path in moved.iterdir()} == {
        path.name: before[path] for path in before if path.parent == album
    }
    single = next(music.rglob("*.ogg"))
    done = musictag("undo", "1", "--only", single, "--yes")
    assert (done.exit_code, "1 changed" in done.stderr) == (0, True), done.stderr
    assert single.read_bytes() == before[single]
    assert "partly undone (5 of 12)" in musictag("history").stdout
    assert "undo of part of run 1" in musictag("history").stdout
    done = musictag("undo", "--yes")  # all that is left of it
    assert (done.exit_code, "7 changed" in done.stderr) == (0, True), done.stderr
    assert musictag("undo", single, "--yes").exit_code == 1


def test_history_of_a_run_lists_files_and_tags(music: Path, tiny_card: Path) -> None:
    musictag("scan", music, "--write", "--yes", "--model", tiny_card)
    single = next(music.rglob("*.wav"))
    musictag("undo", single, "--yes")
    done = musictag("history", "1")
    assert done.stdout.count(": changed") == 11
    assert f"  {single}: taken back\n    genres: - -> " in done.stdout
    records = [json.loads(line) for line in musictag("history", "1", "--json").stdout.splitlines()]
    (record,) = [record for record in records if record["path"] == str(single)]
    assert (record["status"], record["taken_back"]) == ("changed", True)
    assert record["fields"]["genre"] == {
        "before": [],
        "after": list(record["fields"]["genre"]["after"]),
    }
    assert len(records) == 12
    assert "there is no run 9" in musictag("history", "9").stderr


def test_excluded_files_are_neither_shown_nor_written(music: Path, tiny_card: Path) -> None:
    (music / ".musictagignore").write_text("*.wav\n", encoding="utf-8")
    done = musictag(
        "scan", music, "--exclude", "*.flac", "--exclude", "Mira*/", "--write", "--yes",
        "--model", tiny_card,
    )  # fmt: skip
    shown = done.stdout
    assert not any(name in shown for name in (".wav", ".flac", "Barefoot"))
    assert ".mp3" in shown
    assert not read_tags(next(music.rglob("*.wav"))).instruments
