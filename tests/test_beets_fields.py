"""Our fields as fields of beets: queries, templates, modify, update, and other plugins beside."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("beets", reason="needs the [beets] extra")

from beets.library import Item
from beets.test.helper import PluginMixin, TestHelper

from tagger.tags.reader import read_tags
from tests.beets_program import HIGH_HZ, Beet, make_track


class Plugged(PluginMixin, TestHelper):
    """Beets' own helper for tests of plugins, which its later versions call PluginTestHelper."""

    __test__ = False
    plugin = "genretag"


@pytest.fixture
def beets(tiny_card: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    helper = Plugged()
    helper.setup_beets()
    helper.config["genretag"]["model"] = str(tiny_card)
    helper.config["genretag"]["threads"] = 1
    try:
        yield helper
    finally:
        helper.teardown_beets()


@pytest.fixture
def item(beets: Any, tmp_path: Path) -> Item:
    """A track of a library that is classified."""
    path = make_track(tmp_path / "music" / "1.flac", 1, title="One")
    item = Item.from_path(bytes(path))
    beets.lib.add(item)
    beets.run_command("genretag", "--quiet")
    item.load()
    return item


def test_queries_templates_and_modify(
    beets: Any, item: Item, capsys: pytest.CaptureFixture[str]
) -> None:
    def listed(*query: str) -> str:
        capsys.readouterr()
        beets.run_command("ls", "-f", "$title: $genres, $instruments", *query)
        return capsys.readouterr().out.strip()

    found = "One: Low, Low Horn"
    assert listed("instruments:horn") == found
    assert listed("genretag_status:tagged", "genretag_confidence:0.5..") == found
    assert listed("instruments:whistle") == ""
    beets.run_command("modify", "-y", "-M", "instruments=Cello; Flute")
    assert listed("instruments:flute") == "One: Low, Cello; Flute"
    assert read_tags(Path(item.filepath)).instruments == ("Cello", "Flute")
    item.load()
    assert item.evaluate_template("%first{$instruments}") == "Cello"
    assert item.evaluate_template("%if{$instruments,%upper{$instruments}}") == "CELLO; FLUTE"
    beets.run_command("modify", "-y", "-M", "instruments=")
    assert read_tags(Path(item.filepath)).instruments == ()


def test_update_reads_what_another_program_wrote(beets: Any, item: Item) -> None:
    from tests.tagged_file import TaggedFile

    file = TaggedFile(item.filepath)
    file.instruments = ["Oboe", "Harp"]
    file.save()
    item.mtime = 1
    item.store()
    beets.run_command("update", "-M")
    item.load()
    assert item["instruments"] == ["Oboe", "Harp"]


def test_path_formats_know_instruments(beets: Any, item: Item) -> None:
    beets.lib.path_formats = [("default", "$instruments/$genres/$title")]
    assert item.destination().endswith(b"Low Horn/Low/One.flac")


def test_other_plugins_are_told_of_what_is_written(beets: Any, tmp_path: Path) -> None:
    from beets.plugins import BeetsPlugin

    written = []

    class Witness(BeetsPlugin):
        def __init__(self) -> None:
            super().__init__("witness")
            self.register_listener("after_write", self.saw)

        def saw(self, item: Item, path: bytes) -> None:
            written.append((path, item["instruments"]))

    beets.register_plugin(Witness)
    path = make_track(tmp_path / "music" / "1.ogg", 1, HIGH_HZ)
    beets.lib.add(Item.from_path(bytes(path)))
    beets.run_command("genretag", "--quiet")
    assert written == [(bytes(path), ["High Whistle"])]


def test_smart_playlists(tmp_path: Path, tiny_card: Path) -> None:
    beet = Beet(tmp_path / "home", tiny_card, "genretag smartplaylist")
    beet.settings["smartplaylist"] = {
        "playlist_dir": str(tmp_path / "lists"),
        "playlists": [
            {"name": "horns.m3u", "query": "instruments:horn"},
            {"name": "low.m3u", "album_query": "genres:Low"},
        ],
    }
    make_track(tmp_path / "a" / "1.flac", 1, title="One")
    make_track(tmp_path / "a" / "2.flac", 2, HIGH_HZ, title="Two", album="Other")
    beet("import", "-A", "-g", tmp_path / "a")
    beet("splupdate")  # in some versions of beets, 2.14.1 for one, they are not made by themselves
    assert (tmp_path / "lists" / "horns.m3u").read_text().count("One") == 1
    assert (tmp_path / "lists" / "horns.m3u").read_text().count("Two") == 0
    assert (tmp_path / "lists" / "low.m3u").read_text().count("One") == 1


# A network that is there but leads nowhere: lastgenre then gives its fallback, at once.
NOWHERE = dict.fromkeys(
    ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://[::1]:9"
)


@pytest.mark.parametrize("first", ["lastgenre", "genretag"])
def test_lastgenre_beside(first: str, tmp_path: Path, tiny_card: Path) -> None:
    """Who is named first goes first; the other fills what is left, as docs/beets.md says."""
    pytest.importorskip("pylast", reason="lastgenre needs it")
    second = {"lastgenre": "genretag", "genretag": "lastgenre"}[first]
    beet = Beet(tmp_path / "home", tiny_card, f"{first} {second}")
    beet.settings["lastgenre"] = {"fallback": "Ambient", "source": "track"}
    folder = tmp_path / "source"
    make_track(folder / "1.flac", 1)
    make_track(folder / "2.flac", 2, HIGH_HZ)
    beet("import", "-A", folder, env=NOWHERE)
    items = beet.items()
    if first == "lastgenre":
        assert {fields["genres"] for fields in items.values()} == {("Ambient",)}
    else:
        assert items["Track 1"]["genres"] == ("Low",)
        assert items["Track 2"]["genres"] == ("High",)
    assert items["Track 1"]["instruments"] == ("Low Horn",)
    for fields in items.values():
        assert read_tags(fields["path"]).genres == fields["genres"]


def test_lastgenre_by_album_behind_us_makes_tracks_alike(tmp_path: Path, tiny_card: Path) -> None:
    """Its own way of storing an album, and the reason to name it first."""
    pytest.importorskip("pylast", reason="lastgenre needs it")
    beet = Beet(tmp_path / "home", tiny_card, "genretag lastgenre")
    folder = tmp_path / "source"
    for number, hz in enumerate((200.0, 200.0, HIGH_HZ), 1):
        make_track(folder / f"{number}.flac", number, hz)
    beet("import", "-A", shutil.copytree(folder, tmp_path / "other"), env=NOWHERE)
    assert {fields["genres"] for fields in beet.items().values()} == {("Low",)}
