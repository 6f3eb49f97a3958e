from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tagger.writing.atomic_file import replacing


@pytest.mark.parametrize("contended", [False, True])
def test_file_is_replaced_when_the_block_ends(contended: bool, tmp_path: Path) -> None:
    path = tmp_path / "scores.npy"
    path.write_bytes(b"old")
    with replacing(path, contended=contended) as part:
        part.write_bytes(b"new")
        assert (path.read_bytes(), part.suffix, part.parent) == (b"old", ".npy", tmp_path)
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_error_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    path.write_bytes(b"old")

    def fail() -> None:
        with replacing(path) as part:
            part.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_folder_that_is_missing_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "gone" / "x.txt") as part:
        part.write_bytes(b"new")


def test_killed_process_leaves_the_old_file_and_the_next_one_tidies_up(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    path.write_bytes(b"old")
    code = (
        "import os, pathlib; from tagger.writing.atomic_file import replacing\n"
        f"with replacing(pathlib.Path({str(path)!r})) as part:\n"
        "    part.write_bytes(b'half'); os._exit(9)"
    )
    root = Path(__file__).parent.parent
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 9
    assert path.read_bytes() == b"old"
    with replacing(path) as part:
        part.write_bytes(b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["state.pt"]


def test_two_processes_have_paths_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "mel.npy"
    code = (
        "import pathlib; from tagger.writing.atomic_file import replacing\n"
        f"with replacing(pathlib.Path({str(path)!r}), contended=True) as part:\n"
        "    part.write_bytes(b'other'); print(part.name)"
    )
    root = Path(__file__).parent.parent
    with replacing(path, contended=True) as part:
        part.write_bytes(b"mine")
        done = subprocess.run([sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE)
        assert done.stdout.decode().strip() != part.name
        assert path.read_bytes() == b"other"
    assert path.read_bytes() == b"mine"
