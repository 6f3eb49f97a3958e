"""Tags that were made to take hours or all memory end in a moment, and leave the file as it was."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import mutagen.id3
import pytest

from tagger.errors import TagError
from tagger.tags.reader import read_tags
from tagger.writing.apply import apply_plan
from tagger.writing.journal import Journal
from tagger.writing.plan import TagPlan
from tests.faults import change
from tests.hostile_tags import FORMS, make_hostile
from tests.music_files import make_file
from tests.test_endless import MEASURED, MOST_MB, ROOT

# Reading these fails; of the others the tags are read.
READABLE = {"chapters.mp3", "faulty.mp3", "offsets.m4a", "sizes.m4a", "most pages.opus"}
MOST_S = 60

id3: Any = mutagen.id3

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory as Linux counts it")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    make_hostile(folder)
    return folder


def test_all_tags_are_read_in_a_moment(hostile: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, "stats", str(hostile), "--json"],
        capture_output=True, text=True, cwd=ROOT, timeout=MOST_S, check=False,
    )  # fmt: skip
    assert int(done.stderr.splitlines()[-1]) < MOST_MB
    assert "Traceback" not in done.stderr
    assert json.loads(done.stdout)["files"] == len(READABLE)
    for name in FORMS:
        assert (f"{name}:" in done.stderr) == (name not in READABLE), name


@pytest.mark.parametrize("name", sorted(READABLE))
def test_no_change_of_tags_takes_long(name: str, hostile: Path, tmp_path: Path) -> None:
    path, started = hostile / name, time.monotonic()
    before = path.stat()
    wanted = change(path, "Salsa")
    with Journal(tmp_path / "journal") as journal:
        (outcome,) = apply_plan(TagPlan((wanted,)), journal, threads=1)
    assert "unexpected" not in outcome.reason
    assert time.monotonic() - started < MOST_S
    if outcome.status != "changed":
        assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_many_frames_in_a_large_tag_are_left(tmp_path: Path) -> None:
    """mutagen would copy the rest of the tag for each of them."""
    path = make_file("mp3", tmp_path / "song.mp3")
    tags = id3.ID3(path)
    tags.add(id3.APIC(0, "image/png", 3, "", bytes(30 << 20)))
    for number in range(1000):
        tags.add(id3.TXXX(3, str(number), ["x"]))
    tags.save(path)
    content = path.read_bytes()
    with Journal(tmp_path / "journal") as journal:
        (outcome,) = apply_plan(TagPlan((change(path, "Salsa"),)), journal, threads=1)
    assert "too many ID3 frames" in outcome.reason
    assert path.read_bytes() == content


def test_what_follows_the_stream_of_a_flac_may_be_empty(tmp_path: Path) -> None:
    """Blocks without content are no damage; a second description of the stream is."""
    path = make_file("flac", tmp_path / "song.flac")
    content = path.read_bytes()
    path.write_bytes(content[:42] + b"\2\0\0\0" * 50 + content[42:])
    assert read_tags(path).title
    path.write_bytes(content[:42] + content[4:42] + content[42:])
    with pytest.raises(TagError, match="described twice"):
        read_tags(path)
