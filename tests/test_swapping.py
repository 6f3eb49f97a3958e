"""Other programs, other runs and other people at the same files: nobody's change is lost."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tagger.tags.reader import read_tags
from tagger.writing import replace_file
from tagger.writing.apply import Outcome, apply_plan, recover
from tagger.writing.filesystem import Disk
from tagger.writing.journal import Journal
from tagger.writing.plan import TagPlan
from tagger.writing.plan_json import save_plan
from tagger.writing.replace_file import FileState
from tests.faults import NEW, change
from tests.two_homes import Homes

if sys.platform != "win32":
    import fcntl

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can exchange and lease")
ROOT = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can make others' files"
)


def write(song: Path, journal: Journal, disk: Disk | None = None) -> Outcome:
    (outcome,) = apply_plan(TagPlan((change(song, *NEW),)), journal, disk=disk)
    assert list(song.parent.iterdir()) == [song]
    return outcome


def edit(song: Path) -> bytes:
    """Edit a file as a tagger does that keeps size and time; gives what it holds then."""
    status, content = song.stat(), song.read_bytes()
    content = content.replace("Tïtle".encode(), b"Edited")
    with song.open("r+b") as file:
        file.write(content)
    os.utime(song, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (song.stat().st_size, song.stat().st_mtime_ns) == (status.st_size, status.st_mtime_ns)
    return content


@pytest.mark.parametrize("verb", ["create", "sync", "reopen", "replace"])
def test_edit_that_puts_size_and_time_back_is_seen(
    verb: str, song: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = getattr(Disk, verb)
    seen: list[bytes] = []

    def meddled(disk: Disk, *arguments: object) -> object:
        if not seen:
            seen.append(edit(song))
        return real(disk, *arguments)

    monkeypatch.setattr(Disk, verb, meddled)
    outcome = write(song, journal)
    assert outcome.status in ("refused", "failed")
    if verb == "replace":  # all else was compared by then
        assert outcome.reason == "another program changed it in the meantime"
    assert song.read_bytes() == seen[0]


@LINUX
def test_file_that_is_open_for_writing_is_refused(song: Path, journal: Journal) -> None:
    with song.open("r+b") as file:
        outcome = write(song, journal)
        file.write(b"ID3")
    assert (outcome.status, outcome.reason) == (
        "refused", "another program has it open for writing; close it there",
    )  # fmt: skip
    assert write(song, journal).status == "changed"


@LINUX
def test_lease_that_a_server_does_not_give_says_nothing(
    song: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with song.open("rb") as file:
        assert not replace_file._is_remote(file.fileno())
    monkeypatch.setattr(replace_file, "_is_remote", lambda _: True)
    with song.open("r+b"):
        assert write(song, journal).reason == ""


@LINUX
def test_file_that_another_program_replaces_at_the_last_moment(
    song: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.write_bytes(song.read_bytes() + b"of another")
    real = replace_file.exchange

    def late(one: Path, path: Path) -> bool:
        if other.exists():  # behind the last look
            other.replace(path)
        return real(one, path)

    monkeypatch.setattr(replace_file, "exchange", late)
    assert write(song, journal).status == "refused"
    assert song.read_bytes().endswith(b"of another")


@LINUX
def test_program_that_opens_the_file_at_the_last_moment_writes_into_it(
    song: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = f"open({str(song)!r}, 'ab').write(b'more')"
    real = replace_file.exchange
    started: list[subprocess.Popen[bytes]] = []

    def late(one: Path, path: Path) -> bool:
        if not started:  # behind the last look; it waits for the lease
            started.append(subprocess.Popen([sys.executable, "-c", code]))
            time.sleep(1.0)
            assert started[0].poll() is None
        return real(one, path)

    before = song.read_bytes()
    monkeypatch.setattr(replace_file, "exchange", late)
    assert write(song, journal).status == "refused"
    assert started[0].wait(timeout=30) == 0
    assert song.read_bytes() == before + b"more"


@pytest.mark.parametrize("kept", [True, False])
def test_disk_that_cannot_exchange(
    kept: bool, song: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replace_file, "exchange", lambda *_: False)

    class Meddled(Disk):
        def replace(self, copy: Path, path: Path, expected: FileState) -> None:
            if not kept:
                os.utime(path)
            super().replace(copy, path, expected)

    assert write(song, journal, Meddled()).status == ("changed" if kept else "refused")


@LINUX
@pytest.mark.parametrize("also", ["nothing", "an edit"])
def test_end_of_the_process_between_exchange_and_check(
    also: str, song: Path, tmp_path: Path
) -> None:
    """What was exchanged lies beside the file: it goes, unless another program changed it."""
    before = song.read_bytes()
    plan = tmp_path / "plan.json"
    save_plan(TagPlan((change(song, *NEW),), roots=(song.parent,)), plan)
    code = (
        "import os; from tagger.cli import main; from tagger.writing.replace_file import FileState;"
        f"FileState.moved = lambda *_: os._exit(9); main(['apply', {str(plan)!r}, '--yes'])"
    )
    environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "data")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert done.returncode == 9
    (copy,) = set(song.parent.iterdir()) - {song}
    assert copy.read_bytes() == before
    if also == "an edit":
        copy.write_bytes(before.replace("Tïtle".encode(), b"Edited"))
    wanted = copy.read_bytes()
    with Journal(tmp_path / "data" / "musictag") as journal:
        (outcome,) = recover(journal)
    assert list(song.parent.iterdir()) == [song]
    assert outcome.status == ("changed" if also == "nothing" else "failed")
    assert (read_tags(song).genres == NEW) == (also == "nothing")
    assert (song.read_bytes() == wanted) == (also == "an edit")


@LINUX
def test_folder_that_somebody_keeps_locked_is_not_waited_for_for_ever(
    song: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replace_file, "PATIENCE_S", 0.05)
    descriptor = os.open(song.parent, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    assert write(song, journal).reason == f"another program keeps its folder locked: {song.parent}"
    os.close(descriptor)
    assert write(song, journal).status == "changed"


def test_two_runs_of_two_homes_at_once(tmp_path: Path, short_song: Path) -> None:
    homes = Homes(tmp_path, short_song, n_files=60)
    for _ in range(3):
        assert homes.race() == 0


@ROOT
@pytest.mark.parametrize(("owner", "group"), [(0, -1), (-1, 12345)])
def test_file_of_another_owner_is_refused(
    owner: int, group: int, song_bytes: bytes, common_folder: Path
) -> None:
    song = common_folder / "music" / "song.mp3"
    song.parent.mkdir()
    song.write_bytes(song_bytes)
    song.chmod(0o666)
    me = os.geteuid()
    os.seteuid(0)
    os.chown(song, owner, group)
    os.seteuid(me)
    before = song.stat()
    with Journal(common_folder / "journal") as journal:
        outcome = write(song, journal)
    assert outcome.status == "refused"
    assert outcome.reason.startswith("it belongs to root" if owner == 0 else "it belongs to the gr")
    assert "; run musictag as " in outcome.reason
    assert song.read_bytes() == song_bytes
    assert (song.stat().st_uid, song.stat().st_gid) == (before.st_uid, before.st_gid)
