"""Imports by a real beets, of every kind: what files and library hold afterwards."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("beets", reason="needs the [beets] extra")

from tagger.models.card import LabelRule, dump_card, load_card
from tagger.tags.reader import read_tags
from tagger.writing.journal import Journal
from tests.beets_program import (
    FORMATS,
    HIGH_HZ,
    Beet,
    contents,
    make_album,
    make_track,
)


@pytest.fixture(scope="session")
def low_tide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An album of five formats; to be copied by tests."""
    folder = tmp_path_factory.mktemp("albums") / "Low Tide"
    make_album(folder)
    return folder


@pytest.fixture
def source(low_tide: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(low_tide, tmp_path / "source" / "Low Tide"))


@pytest.fixture
def beet(tmp_path: Path, tiny_card: Path) -> Beet:
    return Beet(tmp_path / "home", tiny_card)


MODES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "copied as they are": ({}, ["-A"]),
    "moved": ({"move": True}, ["-A"]),
    "linked": ({"link": True, "copy": False}, ["-A"]),
    "hard-linked": ({"hardlink": True, "copy": False}, ["-A"]),
    "left in place": ({"copy": False}, ["-A"]),
    "singletons": ({}, ["-A", "-s"]),
    "without autotagging": ({"autotag": False}, []),
    "as they are for want of a match": ({"quiet_fallback": "asis"}, ["-q"]),
    "applied": ({}, ["-q"]),
    "applied and moved": ({"move": True}, ["-q"]),
    "applied singletons": ({}, ["-q", "-s"]),
}


@pytest.mark.parametrize("mode", MODES)
def test_every_kind_of_import_is_written(mode: str, beet: Beet, source: Path) -> None:
    before = contents(source)
    beet.settings["import"], arguments = MODES[mode]
    if "applied" in mode:
        beet.settings["plugins"] += " ownsource"
    beet("import", *arguments, source)
    items = beet.items()
    assert len(items) == len(FORMATS)
    for fields in items.values():
        assert (fields["genres"], fields["instruments"]) == (("Low",), ("Low Horn",))
        assert fields["genretag_status"] == "tagged"
        assert fields["mb_trackid"] == (f"t{fields['track']}" if "applied" in mode else "")
        assert fields["mtime"] == int(fields["path"].stat().st_mtime)
        tags = read_tags(fields["path"])
        assert (tags.genres, tags.instruments) == (("Low",), ("Low Horn",))
        assert fields["path"].is_relative_to(source) == ("place" in mode)
    if "singletons" not in mode:
        (album,) = beet.albums().values()
        assert (album["genres"], album["instruments"]) == (("Low",), ("Low Horn",))
    copied = {"copied as they are", "singletons", "without autotagging", "applied",
              "as they are for want of a match", "applied singletons"}  # fmt: skip
    if mode in copied:
        assert contents(source) == before
    with Journal(beet.home / "data" / "musictag", write=False) as journal:
        (run,) = journal.runs()
        assert (run.counts, run.mode) == ({"changed": len(FORMATS)}, "beets: fill")
        assert run.ended
        assert {entry.path for entry in journal.entries(run.id)} == {
            fields["path"] for fields in items.values()
        }


def test_import_again_changes_nothing(beet: Beet, source: Path) -> None:
    beet("import", "-A", source)
    before = (contents(beet.music), beet.items())
    beet("import", "-A", "-L")
    after = beet.items()
    assert contents(beet.music) == before[0]
    for title, fields in before[1].items():
        kept = ("genres", "instruments", "genretag_model", "genretag_status", "path")
        assert [after[title][name] for name in kept] == [fields[name] for name in kept]


def test_only_empty_fields_are_filled(beet: Beet, tmp_path: Path) -> None:
    folder = tmp_path / "source"
    make_track(folder / "1.flac", 1, HIGH_HZ)
    make_track(folder / "2.flac", 2, genres=["Polka", "Waltz"])
    beet("import", "-A", folder)
    items = beet.items()
    assert items["Track 1"]["genres"] == ("High",)
    assert items["Track 2"]["genres"] == ("Polka", "Waltz")
    assert read_tags(items["Track 2"]["path"]).genres == ("Polka", "Waltz")
    assert read_tags(items["Track 2"]["path"]).instruments == ("Low Horn",)


def test_auto_no_and_write_no(beet: Beet, source: Path) -> None:
    beet.settings["genretag"]["auto"] = False
    beet("import", "-A", source)
    assert not any("genretag_model" in fields for fields in beet.items().values())
    beet.settings["genretag"]["auto"] = True
    beet.settings["import"] = {"write": False}
    beet("import", "-A", "-L")
    assert {fields["genres"] for fields in beet.items().values()} == {("Low",)}
    assert {read_tags(path).genres for path in contents(beet.music)} == {()}
    assert not (beet.home / "data").exists()


def test_only_ours_are_written(beet: Beet, source: Path) -> None:
    from mediafile import MediaFile

    beet.settings["genretag"]["write_only_ours"] = True
    beet("import", "-A", source)
    for fields in beet.items().values():
        assert read_tags(fields["path"]).genres == ("Low",)
        file = MediaFile(fields["path"])
        assert not file.albumartist  # which beets has in its library, and would write
        assert fields["mtime"] == int(fields["path"].stat().st_mtime)


def test_a_bad_file_does_not_end_an_import(beet: Beet, source: Path) -> None:
    flac = source / "2 a.flac"
    content = flac.read_bytes()
    at = len(content) // 3  # its tags stay whole, its sound does not
    flac.write_bytes(content[:at] + bytes(len(content) - at))
    done = beet("import", "-A", source)
    assert done.stderr.count("genretag: ") == 1
    assert "2 a.flac: " in done.stderr
    items = beet.items()
    assert len(items) == len(FORMATS)
    assert items["Track 2"]["genretag_status"] == "failed"
    assert not items["Track 2"]["genres"]
    assert items["Track 3"]["genres"] == ("Low",)


def test_a_missing_model_does_not_end_an_import(beet: Beet, source: Path) -> None:
    beet.settings["genretag"]["model"] = "grand"
    done = beet("import", "-A", source)
    assert (
        "nothing will be classified on this import: there is no model named 'grand'" in done.stderr
    )
    assert len(beet.items()) == len(FORMATS)


def test_a_busy_journal_does_not_end_an_import(beet: Beet, source: Path) -> None:
    with Journal(beet.home / "data" / "musictag"):
        done = beet("import", "-A", source)
    assert "another musictag is writing tags" in done.stderr
    assert {fields["genres"] for fields in beet.items().values()} == {("Low",)}
    assert {read_tags(path).genres for path in contents(beet.music)} == {()}


def test_an_import_without_threads_and_by_album(beet: Beet, tmp_path: Path) -> None:
    beet.settings["threaded"] = False
    beet.settings["genretag"]["level"] = "album"
    folder = tmp_path / "source"
    for number, hz in enumerate((200.0, 210.0, HIGH_HZ), 1):
        make_track(folder / f"{number}.mp3", number, hz)
    beet("import", "-A", folder)
    assert {fields["genres"] for fields in beet.items().values()} == {("Low",)}


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs a system with process groups")
def test_ctrl_c_leaves_no_process(beet: Beet, source: Path) -> None:
    process = beet.start("import", source, start_new_session=True)
    try:
        assert process.stdin
        assert process.stdout
        # beets asks, since there is no match; files are classified meanwhile.
        while "No matching release" not in process.stdout.readline():
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: all processes get it
        _, err = process.communicate(timeout=60)
        assert "Traceback" not in err
    finally:
        process.kill()
    until = time.monotonic() + 60
    while _processes_of(process.pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _processes_of(process.pid)


def _processes_of(session: int) -> list[str]:
    """Processes of a session that are alive; of other systems than Linux nothing is known."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, its_session = stat.read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(its_session) == session and state != "Z":
            found.append(stat.parent.name)
    return found


def test_instruments_of_id3_2_3_are_written_and_read_one_by_one(
    beet: Beet, source: Path, tiny_card: Path
) -> None:
    card = load_card(tiny_card)
    own = beet.home / "eager.json"  # gives every label, so two instruments for each file
    dump_card(replace(card, rules=(LabelRule(1.0, 0.0, 0.0001),) * 4), own)
    shutil.copy(tiny_card.with_name(card.weights), own.with_name(card.weights))
    beet.settings["id3v23"] = True
    beet.settings["genretag"]["model"] = str(own)
    before = contents(source)
    beet("import", "-A", source)
    (song,) = beet.music.rglob("*.mp3")
    both = ("Low Horn", "High Whistle")
    assert song.read_bytes()[3] == 3
    assert read_tags(song).instruments == both
    assert beet.items()["Track 1"]["instruments"] == both
    beet("update", "-F", "instruments")  # beets reads the file anew
    assert beet.items()["Track 1"]["instruments"] == both
    done = subprocess.run(
        [sys.executable, "-m", "tagger", "stats", "--json", str(song)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["instruments"] == dict.fromkeys(sorted(both), 1)
    beet("genretag", "--undo")
    assert read_tags(song).instruments == ()
    assert contents(source) == before
