"""`scan --write` asks album by album, on a real terminal."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tagger.cli import main
from tagger.cli.asking import HELP
from tagger.report.escaping import width
from tagger.report.plan_text import plan_lines
from tagger.tags.reader import FileTags, read_tags
from tagger.vocabulary import KINDS
from tagger.writing.plan import FileChange, TagChange, TagPlan
from tagger.writing.plan_edit import NewValue, by_folder, new_values, without

ALBUMS = ["Last Ferry", "Boiling Point", "Loose Change"]  # one file each, in this order


@pytest.fixture
def music(demo: Path, tmp_path: Path) -> Path:
    """Three albums."""
    for album in ALBUMS:
        (folder,) = demo.rglob(album)
        shutil.copytree(folder, tmp_path / "music" / f"{ALBUMS.index(album)} {album}")
    return tmp_path / "music"


@pytest.fixture(autouse=True)
def own_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tagger.writing.journal.appdirs.user_data_dir", lambda *_, **__: str(tmp_path / "d")
    )


def scan_write(
    music: Path, card: Path, answers: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[int, str, list[FileTags]]:
    """Exit code, what is said and asked, and the tags of the three files afterwards."""
    monkeypatch.setattr("tagger.cli.planning.on_terminal", lambda: True)
    done = CliRunner().invoke(
        main, ["scan", str(music), "--write", "--model", str(card)], input=answers
    )
    return done.exit_code, done.output, tags_in(music)


def tags_in(music: Path) -> list[FileTags]:
    return [read_tags(path) for path in sorted(music.rglob("*.*"))]


def tagged(all_tags: list[FileTags]) -> str:
    return "".join("x" if tags.instruments else "-" for tags in all_tags)


@pytest.mark.parametrize(
    ("answers", "expected", "code"),
    [
        ("y\nn\ny\n", "x-x", 0),
        ("n\na\n", "-xx", 0),
        ("y\nq\n", "x--", 0),
        ("n\nn\nn\n", "---", 1),
        ("maybe\n?\nq\n", "---", 1),
        ("y\ny\n", "---", 130),  # the end of input: nothing at all
    ],
)
def test_answers_decide_which_albums_are_written(
    answers: str,
    expected: str,
    code: int,
    music: Path,
    tiny_card: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done, shown, all_tags = scan_write(music, tiny_card, answers, monkeypatch)
    assert (tagged(all_tags), done) == (expected, code)
    assert ("nothing was written" in shown) == (expected == "---")
    assert "Write this album (1 of 3, 1 file)? [y,n,a,e,q,?]" in shown
    assert ("e  edit: take a tag off" in shown) == ("?\n" in answers)


def test_tag_is_taken_off_before_the_album_is_written(
    music: Path, tiny_card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The first album has a genre, so that only an instrument is new; the second gets both.
    answers = "e\n1\ne\n9\ne\n1\ny\nn\n"
    _, shown, all_tags = scan_write(music, tiny_card, answers, monkeypatch)
    assert "nothing of this album is left to write" in shown
    assert "there is no tag '9' in this list" in shown
    assert tagged(all_tags) == "-x-"
    assert not all_tags[1].genres


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pty")
@pytest.mark.parametrize("columns", [60, 120])
def test_real_terminal_is_asked_in_lines_that_fit(
    music: Path, tiny_card: Path, columns: int
) -> None:
    from tests.terminal import OURS, obeyed, written  # needs a pty

    environment = {
        **os.environ, "TERM": "xterm", "COLUMNS": str(columns),
        "XDG_DATA_HOME": str(music.parent / "data"),
    }  # fmt: skip
    command = [sys.executable, "-m", "tagger", "scan", str(music), "--write"]
    command += ["--model", str(tiny_card)]
    _, shown = written(command, environment, typed=b"?\nx\nn\ne\n\ny\nq\n")
    assert obeyed(shown) == []
    questions = re.findall(r"Write this album .*?\]", shown)
    assert len(questions) == 6
    plain = OURS.sub("", shown.replace("\r\x1b[K", "\n")).splitlines()
    answered = [
        re.sub(r"^.*(\[y,n,a,e,q,\?\]|FILE\)) ", "", line) for line in plain
    ]  # typed before
    too_long = [line for line in answered if len(line) > columns and str(music) not in line]
    assert too_long == []
    assert set(HELP) <= {line.rpartition("] ")[2] for line in plain}  # a line each
    assert "? explains the answers" in shown
    assert re.search(r"^    instruments: .* -> ", shown, re.MULTILINE)
    assert tagged(tags_in(music)) == "-x-"


@pytest.mark.parametrize("columns", [40, 60, 120])
def test_values_of_a_field_go_on_beneath_it(columns: int) -> None:
    values = (
        "Drums",
        "Percussion",
        "Electric Bass",
        "Electric Guitar",
        "Synthesizer",
        "\u30c9" * 12,
    )
    path = Path("/music/Casa do Farol/Warm Tiles/01 Tide Tables and so on and on.aiff")
    plan = TagPlan((FileChange(path, "a", (TagChange("instrument", ("Old one",), values),)),))
    (whole,) = list(plan_lines(plan))[2:]
    folder, name, *lines = plan_lines(plan, columns=columns)
    assert (folder, name.strip()) == (str(path.parent), path.name)
    assert all(width(line) <= columns for line in lines)
    assert " ".join(line.strip() for line in lines) == whole.strip()
    assert all(value in "\n".join(lines) for value in values)  # none is broken


def change(name: str, *values: str, before: tuple[str, ...] = ()) -> FileChange:
    return FileChange(Path(f"/music/{name}"), "a", (TagChange("genre", before, values),))


def test_values_are_taken_off_all_files_or_one_and_nothing_is_emptied() -> None:
    files = (change("a/1.mp3", "Jazz", "Pop"), change("a/2.mp3", "Jazz", before=("Rock",)))
    jazz, pop = new_values(files)
    assert (jazz, pop) == (NewValue("genre", "Jazz", 2), NewValue("genre", "Pop", 1))
    assert without(files, jazz) == (change("a/1.mp3", "Pop"),)
    assert without(files, jazz, "2") == files[:1]
    assert without(files, jazz, "3") == files


def test_provenance_alone_is_no_change() -> None:
    note = TagChange("provenance", (), ("small",))
    file = FileChange(Path("/a.mp3"), "a", (TagChange("genre", (), ("Jazz",)), note))
    assert new_values((file,)) == (NewValue("genre", "Jazz", 1),)
    assert without((file,), NewValue("genre", "Jazz", 1)) == ()
    assert set(KINDS) == {"genre", "instrument"}


def test_files_are_asked_for_by_folder() -> None:
    files = [change("a/1.mp3", "X"), change("a/2.mp3", "X"), change("b/1.mp3", "X")]
    assert [len(group) for group in by_folder(files)] == [2, 1]
