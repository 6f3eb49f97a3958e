"""Whatever fails, a file is wholly as it was or wholly as wished, and the journal knows which."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tagger.tags.reader import read_tags
from tagger.writing.apply import apply_plan, recover
from tagger.writing.filesystem import Disk
from tagger.writing.journal import Journal
from tagger.writing.plan import TagPlan
from tagger.writing.plan_json import save_plan
from tagger.writing.replace_file import FileState
from tests.faults import NEW, LyingDisk, change, fail_everywhere, in_a_foreign_tag, in_the_sound
from tests.killing import Library, kill_once
from tests.music_files import KINDS, make_file

VERBS = {
    "create", "write", "copy", "copy_metadata", "start_writeback", "sync", "close", "reopen",
    "replace", "sync_folder",
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_failure_of_any_use_of_the_disk(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    path = make_file(kind, folder / f"song{KINDS[kind]}")
    with Journal(tmp_path / "journal") as journal:
        met = {disk.failed_at: out.status for disk, (out,) in fail_everywhere([path], journal)}
    # Not every kind of file is made shorter on its way.
    assert set(met) - {"truncate"} == VERBS | {""}
    # A folder that cannot be synced is no reason to say that the file in it was not changed.
    assert {verb for verb, status in met.items() if status == "changed"} == {"sync_folder", ""}


def test_failure_within_a_batch_stays_with_its_file(tmp_path: Path, short_song: Path) -> None:
    paths = [tmp_path / folder / f"{i}.mp3" for folder in "ab" for i in range(3)]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        shutil.copy(short_song, path)
    uses = Counter[str]()
    with Journal(tmp_path / "journal") as journal:
        for disk, outcomes in fail_everywhere(paths, journal):
            failed = sum(outcome.status == "failed" for outcome in outcomes)
            assert failed == (disk.failed_at not in ("sync_folder", ""))
            uses[disk.failed_at] += 1
    assert set(uses) == VERBS | {"truncate", ""}
    assert uses["replace"] == uses["sync"] == uses["reopen"] == len(paths)
    assert uses["sync_folder"] == 2  # once for each folder, not for each file


def test_files_of_a_batch_wait_for_the_disk_together(tmp_path: Path, short_song: Path) -> None:
    paths = [Path(shutil.copy(short_song, tmp_path / f"{i}.mp3")) for i in range(3)]
    order: list[str] = []

    class Watched(Disk):
        def start_writeback(self, target: int) -> None:
            order.append("start_writeback")
            super().start_writeback(target)

        def sync(self, target: int) -> None:
            order.append("sync")
            super().sync(target)

        def replace(self, copy: Path, path: Path, expected: FileState) -> None:
            order.append("replace")
            super().replace(copy, path, expected)

        def sync_folder(self, folder: Path) -> None:
            order.append("sync_folder")
            super().sync_folder(folder)

    plan = TagPlan(tuple(change(path, *NEW) for path in paths))
    with Journal(tmp_path / "journal") as journal:
        list(apply_plan(plan, journal, disk=Watched()))
    assert order == ["start_writeback"] * 3 + ["sync"] * 3 + ["replace"] * 3 + ["sync_folder"]


def test_batch_that_finds_no_room_goes_on_file_by_file(tmp_path: Path, short_song: Path) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    paths = [Path(shutil.copy(short_song, folder / f"{i}.mp3")) for i in range(5)]

    class Narrow(Disk):
        def create(self, path: Path) -> int:
            if len(list(folder.glob(".musictag-*"))) == 2:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().create(path)

    plan = TagPlan(tuple(change(path, *NEW) for path in paths))
    with Journal(tmp_path / "journal") as journal:
        outcomes = list(apply_plan(plan, journal, disk=Narrow()))
    assert [outcome.status for outcome in outcomes] == ["changed"] * 5
    assert sorted(folder.iterdir()) == paths


@pytest.mark.parametrize("kind", KINDS)
def test_byte_that_the_disk_changed_is_found(kind: str, tmp_path: Path) -> None:
    path = make_file(kind, tmp_path / f"song{KINDS[kind]}")
    before = path.read_bytes()
    wanted = change(path, *NEW)
    with Journal(tmp_path / "journal") as journal:
        for where in (in_the_sound, in_a_foreign_tag):
            (outcome,) = apply_plan(TagPlan((wanted,)), journal, disk=LyingDisk(where))
            assert outcome.status == "failed"
            assert "its copy came out" in outcome.reason
            assert path.read_bytes() == before


def test_full_disk_stops_nothing(tmp_path: Path) -> None:
    source = make_file("mp3", tmp_path / "small.mp3")
    folder = tmp_path / "music"
    folder.mkdir()
    small = Path(shutil.copy(source, folder / "small.mp3"))
    large = folder / "large.mp3"
    large.write_bytes(source.read_bytes() * 40)
    before = large.read_bytes()
    with Journal(tmp_path / "journal") as journal:
        outcomes = list(
            apply_plan(TagPlan((change(large, *NEW), change(small, *NEW))), journal, disk=Small())
        )
        statuses = [entry.status for entry in journal.entries(1)]
    assert [outcome.status for outcome in outcomes] == ["failed", "changed"] == statuses
    assert outcomes[0].reason == "cannot be written (No space left on device)"
    assert large.read_bytes() == before
    assert sorted(folder.iterdir()) == [large, small]


class Small(Disk):
    """Room for 300 kB."""

    def copy(self, source: int, target: int, start: int, end: int) -> None:
        super().copy(source, target, start, min(end, 300_000))
        if end > 300_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_limit_of_the_system_on_file_size(tmp_path: Path) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    path = folder / "song.mp3"
    path.write_bytes(make_file("mp3", tmp_path / "seed.mp3").read_bytes() * 60)
    before = path.read_bytes()
    plan = tmp_path / "plan.json"
    save_plan(TagPlan((change(path, *NEW),), roots=(folder,)), plan)
    arguments = ["apply", str(plan), "--yes"]
    code = (
        "import resource; from tagger.cli import main; import tagger.cli.apply;"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000)); main({arguments!r})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False,
        env={**os.environ, "XDG_DATA_HOME": str(tmp_path / "data")},
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "failed (cannot be written (File too large))" in done.stderr
    assert path.read_bytes() == before
    assert list(folder.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_permissions_that_change_in_the_middle(song_bytes: bytes, common_folder: Path) -> None:
    folder = common_folder / "music"
    folder.mkdir()
    paths = [folder / f"{i}.mp3" for i in range(6)]
    for path in paths:
        path.write_bytes(song_bytes)
    plan = TagPlan(tuple(change(path, *NEW) for path in paths))

    class Closing(Disk):
        def replace(self, copy: Path, path: Path, expected: FileState) -> None:
            super().replace(copy, path, expected)
            if path == paths[2]:
                folder.chmod(0o500)

    with Journal(common_folder / "journal") as journal:
        outcomes = list(apply_plan(plan, journal, disk=Closing(), threads=1))
        folder.chmod(0o700)
        assert len(list(folder.iterdir())) == 9  # copies in a closed folder cannot be removed
        found = recover(journal)
        assert journal.open_entries() == []
    assert [outcome.status for outcome in outcomes] == ["changed"] * 3 + ["failed"] * 3
    assert "Permission denied" in outcomes[-1].reason
    assert "a copy was left until the next start" in outcomes[-1].reason
    assert [(out.path, out.status) for out in found] == [(path, "failed") for path in paths[3:]]
    assert all(path.read_bytes() == song_bytes for path in paths[3:])
    assert sorted(folder.iterdir()) == paths


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_protected_file_is_refused(song_bytes: bytes, common_folder: Path) -> None:
    path = common_folder / "song.mp3"
    path.write_bytes(song_bytes)
    path.chmod(0o444)
    with Journal(common_folder / "journal") as journal:
        (outcome,) = apply_plan(TagPlan((change(path, *NEW),)), journal)
    assert (outcome.status, outcome.reason) == ("refused", "it is write-protected")
    assert read_tags(path).genres == ()


def test_vanished_file_is_named_and_the_rest_goes_on(tmp_path: Path, short_song: Path) -> None:
    paths = [Path(shutil.copyfile(short_song, tmp_path / f"{i}.mp3")) for i in range(3)]
    plan = TagPlan(tuple(change(path, *NEW) for path in paths))
    paths[1].unlink()
    with Journal(tmp_path / "journal") as journal:
        outcomes = list(apply_plan(plan, journal))
    assert [outcome.status for outcome in outcomes] == ["changed", "failed", "changed"]
    assert "No such file" in outcomes[1].reason


def test_other_program_that_writes_meanwhile_wins(tmp_path: Path, short_song: Path) -> None:
    path = Path(shutil.copyfile(short_song, tmp_path / "song.mp3"))

    class Meddled(Disk):
        def reopen(self, copy: Path) -> int:
            with path.open("ab") as file:
                file.write(b"more")
            return super().reopen(copy)

    with Journal(tmp_path / "journal") as journal:
        (outcome,) = apply_plan(TagPlan((change(path, *NEW),)), journal, disk=Meddled())
    assert outcome.status in ("refused", "failed")
    assert path.read_bytes() == short_song.read_bytes() + b"more"


@pytest.mark.parametrize(("verb", "done"), [("create", 0), ("reopen", 0), ("replace", 3)])
def test_ctrl_c_leaves_no_copy_and_a_true_journal(
    verb: str, done: int, tmp_path: Path, short_song: Path
) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    paths = [Path(shutil.copyfile(short_song, folder / f"{i}.mp3")) for i in range(8)]
    disk = Disk()

    def interrupted(copy: Path, *rest: Any) -> Any:
        if copy.name.endswith("-4.tmp"):
            raise KeyboardInterrupt
        return getattr(Disk, verb)(disk, copy, *rest)

    setattr(disk, verb, interrupted)
    with Journal(tmp_path / "journal") as journal:
        plan = TagPlan(tuple(change(path, *NEW) for path in paths))
        with pytest.raises(KeyboardInterrupt):
            list(apply_plan(plan, journal, disk=disk, threads=1))
        entries = journal.entries(1)
        assert recover(journal) == []
    for entry in entries:
        assert (entry.status == "changed") == (read_tags(entry.path).genres == NEW)
    assert sum(entry.status == "changed" for entry in entries) >= done
    assert sorted(folder.iterdir()) == paths


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_kill_at_any_moment(tmp_path: Path, short_song: Path) -> None:
    library = Library(tmp_path, short_song, n_files=100)
    rng = random.Random(5)
    for _ in range(12):
        library.restore()
        kill_once(library, rng.uniform(0, library.writing_s))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has another Ctrl-C")
def test_ctrl_c_of_the_command(tmp_path: Path, short_song: Path) -> None:
    library = Library(tmp_path, short_song, n_files=300)
    library.restore()
    process = library.start()
    library.wait_for_writing(process)
    time.sleep(library.writing_s / 3)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) in (130, 0)
    contents = [path.read_bytes() for path in library.paths]
    assert set(contents) <= {library.before, library.after}
    assert sorted(library.music.iterdir()) == library.paths
    with Journal(library.data / "musictag") as journal:
        recover(journal)  # of nothing, nearly always
        entries = journal.entries(1)
    assert sum(entry.status == "changed" for entry in entries) == contents.count(library.after)
