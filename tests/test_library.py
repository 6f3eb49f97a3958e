from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tagger.errors import MusicTagError
from tagger.scanning.discovery import find_files


def names(*paths: Path) -> list[str]:
    return [item.name if isinstance(item, Path) else str(item) for item in find_files(paths)]


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_folders_are_walked_in_order_and_other_files_passed_over(tmp_path: Path) -> None:
    touch(
        *(tmp_path / name for name in ["b/2.MP3", "b/1.flac", "a/3.opus", "b/cover.jpg", "0.wav"])
    )
    assert names(tmp_path) == ["0.wav", "3.opus", "1.flac", "2.MP3"]


def test_a_file_that_is_named_is_taken_whatever_it_is_called(tmp_path: Path) -> None:
    touch(tmp_path / "song.bin")
    assert names(tmp_path / "song.bin") == ["song.bin"]


def test_what_is_not_there_is_an_error_in_its_place(tmp_path: Path) -> None:
    touch(tmp_path / "a.wav")
    found = list(find_files([tmp_path / "none", tmp_path]))
    assert isinstance(found[0], MusicTagError)
    assert "no such file" in str(found[0])
    assert found[1] == tmp_path / "a.wav"


def test_shadow_files_of_macos_are_passed_over(tmp_path: Path) -> None:
    touch(tmp_path / "._song.mp3", tmp_path / "song.mp3")
    assert names(tmp_path) == ["song.mp3"]


def test_folder_given_twice_is_walked_once(tmp_path: Path) -> None:
    touch(tmp_path / "a.wav")
    assert names(tmp_path, tmp_path) == ["a.wav"]


needs_links = pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")


@needs_links
def test_link_loops_end(tmp_path: Path) -> None:
    touch(tmp_path / "album" / "a.wav")
    (tmp_path / "album" / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self.mp3").symlink_to(tmp_path / "self.mp3")
    assert names(tmp_path) == ["self.mp3", "a.wav"]


@needs_links
def test_dangling_link_is_kept_to_be_named_as_a_failure(tmp_path: Path) -> None:
    (tmp_path / "gone.mp3").symlink_to(tmp_path / "nowhere.mp3")
    assert names(tmp_path) == ["gone.mp3"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_folder_without_permission_is_an_error_and_the_rest_goes_on(common_folder: Path) -> None:
    closed = common_folder / "closed"
    touch(closed / "a.wav", common_folder / "open" / "b.wav")
    closed.chmod(0)
    try:
        found = names(common_folder)
    finally:
        closed.chmod(0o755)
    assert "cannot be read (Permission denied)" in found[0]
    assert found[1] == "b.wav"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_no_utf8_are_found(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.wav"))
    path.touch()
    assert list(find_files([tmp_path])) == [path]


def test_excluded_files_and_folders_are_passed_over(tmp_path: Path) -> None:
    for name in ("a.mp3", "a (live).mp3", "Podcasts/b.mp3", "x/Demos/c.mp3"):
        touch(tmp_path / name)

    def left(*patterns: str) -> list[str]:
        return [p.name for p in find_files([tmp_path], patterns) if isinstance(p, Path)]

    assert left("*(live)*", "Podcasts/", "**/Demos") == ["a.mp3"]
    assert left("/a.mp3", "!a.mp3", "*.flac") == ["a (live).mp3", "a.mp3", "b.mp3", "c.mp3"]
    assert list(find_files([tmp_path / "a.mp3"], ["*.mp3"])) == []


def test_ignore_files_hold_for_their_folder_and_all_below(tmp_path: Path) -> None:
    touch(*(tmp_path / name for name in ["a/x.mp3", "a/b/x.mp3", "a/b/y.mp3", "c/x.mp3"]))
    (tmp_path / "a" / ".musictagignore").write_text("# mine\nx.mp3\n", encoding="utf-8")
    assert names(tmp_path) == ["y.mp3", "x.mp3"]
    assert len(list(find_files([tmp_path], ignore_files=False))) == 4
    (tmp_path / "c" / ".musictagignore").write_bytes(b"\xff")
    found = list(find_files([tmp_path / "c"]))
    assert "not a list of patterns" in str(found[0])
    assert found[1] == tmp_path / "c" / "x.mp3"
