"""`beet genretag` in a real beets: its own command line, a library database, files on disk."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("beets", reason="needs the [beets] extra")

from tagger.tags.reader import read_tags
from tagger.writing.journal import Journal
from tests.beets_program import HIGH_HZ, LOW_HZ, Beet, contents, make_track


@pytest.fixture
def beet(tmp_path: Path, tiny_card: Path) -> Beet:
    """A library from before there was this plugin: three tracks of an album, and a single."""
    program = Beet(tmp_path / "home", tiny_card)
    folder = program.music / "Low Tide"
    low = [make_track(folder / "1.mp3", 1, LOW_HZ), make_track(folder / "2.flac", 2, LOW_HZ)]
    program.add_album([*low, make_track(folder / "3.m4a", 3, HIGH_HZ, genres=["Polka"])])
    program.add_single(make_track(program.music / "single.ogg", 4, HIGH_HZ))
    return program


def state(beet: Beet) -> dict[Path, bytes]:
    """Everything there is but logs of the database."""
    return {path: data for path, data in contents(beet.home).items() if path.suffix != ".yaml"}


def tags(beet: Beet) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Genres and instruments in each file, by name."""
    found = {path.name: read_tags(path) for path in contents(beet.music)}
    return {name: (one.genres, one.instruments) for name, one in found.items()}


def stored(beet: Beet) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Genres and instruments in the library, by file name."""
    return {
        fields["path"].name: (fields["genres"], fields.get("instruments", ()))
        for fields in beet.items().values()
    }


LOW, HIGH = (("Low",), ("Low Horn",)), (("High",), ("High Whistle",))
POLKA, NONE = (("Polka",), ("High Whistle",)), ((), ())
FILLED = {"1.mp3": LOW, "2.flac": LOW, "3.m4a": POLKA, "single.ogg": HIGH}


def test_pretend_changes_nothing(beet: Beet) -> None:
    beet("ls")  # beets brings a library up to date when it first opens it
    before = state(beet)
    done = beet("genretag", "--pretend", "--force")
    assert "  genres:\n    - Polka\n    + High\n  instruments:\n    + High Whistle" in done.stdout
    assert done.stderr == "genretag: 4 tagged\n"
    assert state(beet) == before


def test_whole_library_is_filled_and_taken_back(beet: Beet) -> None:
    beet("genretag")
    assert tags(beet) == stored(beet) == FILLED
    items = beet.items()
    assert {fields["genretag_status"] for fields in items.values()} == {"tagged"}
    assert all(float(fields["genretag_confidence"]) > 0.5 for fields in items.values())
    assert all(fields["mtime"] == int(fields["path"].stat().st_mtime) for fields in items.values())
    album = beet.albums()["Low Tide"]
    assert (album["genres"], album["instruments"]) == LOW  # two to one
    assert album["genretag_model"].startswith("tiny-1-")
    done = beet("genretag")
    assert (done.stdout, done.stderr.count("nothing to do")) == ("", 1)
    done = beet("genretag", "--undo", "-p")
    assert done.stdout.count("- Low Horn") == 2
    assert tags(beet) == FILLED
    beet("genretag", "--undo")
    assert tags(beet) == {**dict.fromkeys(FILLED, NONE), "3.m4a": (("Polka",), ())}
    assert stored(beet) == tags(beet)
    for fields in beet.items().values():
        assert not [name for name in fields if name.startswith("genretag_")]
        assert fields["mtime"] == int(fields["path"].stat().st_mtime)
    album = beet.albums()["Low Tide"]
    assert (album["genres"], album.get("instruments"), "genretag_model" in album) == (
        (), None, False,
    )  # fmt: skip
    assert "there is no run to undo" in beet("genretag", "--undo", code=1).stderr
    assert beet("update", "-M").stdout == ""


def test_undo_of_the_other_program(beet: Beet) -> None:
    """What beets wrote, `musictag undo` takes back; `beet update` then tells the library."""
    before = tags(beet)
    beet("genretag")
    run = [sys.executable, "-m", "tagger", "undo", "--yes"]
    subprocess.run(run, env=beet.environment, check=True, capture_output=True)
    assert tags(beet) == before
    for fields in beet.items().values():  # the file system's clock may be coarse
        assert fields["mtime"] <= int(fields["path"].stat().st_mtime)
    beet.age()
    beet("update", "-M")
    assert stored(beet)["single.ogg"] == before["single.ogg"]
    assert "there is no run to undo" in beet("genretag", "--undo", code=1).stderr


def test_undo_keeps_what_was_changed_since(beet: Beet) -> None:
    beet("genretag")
    beet("modify", "-M", "-y", "title:Track 1", "genres=Mine")
    done = beet("genretag", "--undo")
    assert "1.mp3: its genre was changed since" in done.stderr
    assert tags(beet)["1.mp3"] == stored(beet)["1.mp3"] == (("Mine",), ())
    assert "takes no query" in beet("genretag", "--undo", "title:x", code=1).stderr
    assert "there is no run 77" in beet("genretag", "--undo", "77", code=1).stderr


def test_query_matches_items_or_albums(beet: Beet) -> None:
    beet("genretag", "title:Track 1")
    assert stored(beet)["2.flac"] == NONE
    assert not beet.albums()["Low Tide"]["genres"]
    beet("genretag", "-a", "album:low")
    assert stored(beet) == {**FILLED, "single.ogg": NONE}
    assert beet.albums()["Low Tide"]["genres"] == ("Low",)


def test_force_and_keep_existing(beet: Beet) -> None:
    beet("genretag", "-k", "-A")
    assert stored(beet)["3.m4a"] == (("Polka", "High"), ("High Whistle",))
    assert not beet.albums()["Low Tide"]["genres"]
    beet("genretag", "-f", "Track 3")
    assert stored(beet)["3.m4a"] == tags(beet)["3.m4a"] == HIGH


def test_library_only(beet: Beet) -> None:
    before = contents(beet.music)
    beet("genretag", "-W", "-t", "2", "--quiet")
    assert stored(beet) == FILLED
    assert contents(beet.music) == before
    assert {fields["mtime"] for fields in beet.items().values()} == {0.0}  # to be written yet
    assert not (beet.home / "data").exists()


def test_level_and_taste(beet: Beet) -> None:
    beet.settings["genretag"] |= {
        "level": "album", "mode": {"genres": "merge"}, "max_instruments": 0,
        "aliases": {"low": "Deep"}, "parents": {"High": "Air"}, "with_parents": True,
    }  # fmt: skip
    beet("genretag")
    assert stored(beet)["1.mp3"] == (("Deep",), ())
    assert stored(beet)["3.m4a"] == (("Polka", "Deep"), ())
    beet("genretag", "-A", "singleton:true")
    assert stored(beet)["single.ogg"] == (("High", "Air"), ())


def test_only_ours_are_written(beet: Beet) -> None:
    from mediafile import MediaFile

    beet.settings["genretag"]["write_only_ours"] = True
    beet("modify", "-M", "-W", "-y", "title:Track 1", "comments=not for the file")
    beet("genretag")
    assert tags(beet) == FILLED
    fields = beet.items()["Track 1"]
    assert not MediaFile(fields["path"]).comments
    assert fields["mtime"] == int(fields["path"].stat().st_mtime)
    beet("genretag", "--undo")
    assert tags(beet)["single.ogg"] == stored(beet)["single.ogg"] == NONE


def test_a_bad_file_is_named_and_the_rest_goes_on(beet: Beet) -> None:
    (beet.music / "Low Tide" / "1.mp3").write_bytes(b"no music" * 1000)
    (beet.music / "single.ogg").unlink()
    done = beet("genretag")
    assert "1.mp3: " in done.stderr
    assert "single.ogg: no such file" in done.stderr
    assert "2 failed, 2 tagged" in done.stderr
    assert stored(beet)["2.flac"] == LOW
    assert beet.items()["Track 1"]["genretag_status"] == "failed"


def test_reports(beet: Beet, tmp_path: Path) -> None:
    report = tmp_path / "heard.json"
    beet("genretag", "-p", "--report", report)
    records = json.loads(report.read_text())
    assert len(json.dumps(records).split("Low Horn")) > 2
    page = tmp_path / "heard.html"
    beet("genretag", "-p", "-q", "--report", page)
    assert "Low Horn" in page.read_text()
    assert "must end in .csv, .html, .json" in beet("genretag", "--report", "x.pdf", code=1).stderr


def test_wrong_settings_are_one_line(beet: Beet, tmp_path: Path) -> None:
    beet.settings["genretag"]["colour"] = "red"
    for arguments in (["genretag"], ["import", "-A", str(beet.music)]):
        done = beet(*arguments, code=1)
        assert done.stderr.startswith("error: genretag.colour: there is no such setting; there are")
        assert done.stderr.count("\n") == 1
    del beet.settings["genretag"]["colour"]
    beet.settings["genretag"]["mode"] = "guess"
    done = beet("genretag", code=1)
    assert done.stderr.startswith("configuration error: genretag.mode: must be one of ")
    beet.settings["genretag"]["mode"] = "fill"
    done = beet("genretag", "--model", "grand", code=1)
    assert done.stderr.startswith("error: there is no model named 'grand'")
    with Journal(beet.home / "data" / "musictag"):
        done = beet("genretag", code=1)
    assert "another musictag is writing tags" in done.stderr
    assert set(tags(beet).values()) == {NONE, (("Polka",), ())}


def test_album_instruments_stay_out_of_tracks(beet: Beet) -> None:
    """A track that got no tag must not get its album's from beets' own writing."""
    silent = make_track(beet.music / "Quiet" / "1.flac", 1, 0.0, title="Rest", album="Quiet")
    others = [make_track(silent.with_name(f"{i}.flac"), i, album="Quiet") for i in (2, 3)]
    shutil.rmtree(beet.music / "Low Tide")
    beet.add_album([silent, *others])
    beet("genretag", "-a", "album:Quiet")
    assert beet.albums()["Quiet"]["instruments"] == ("Low Horn",)
    assert beet.items()["Rest"]["genretag_status"] == "unsure"
    beet("write", "-f", "title:Rest")
    assert read_tags(silent).instruments == ()


def test_plugin_loads_nothing_heavy() -> None:
    code = (
        "import sys, beetsplug.genretag\n"
        "names = ('torch', 'onnxruntime', 'soundfile', 'av',"
        " 'tagger.scanning.parallel', 'tagger.tags.containers')\n"
        "assert not set(names) & set(sys.modules), set(names) & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
