"""What a library says of its tracks, and what is wrong with it."""

from __future__ import annotations

import csv
import sqlite3
import subprocess
import sys
from pathlib import Path

import mediafile
import numpy as np
import pytest
import soundfile

from tagger.errors import DataError, MusicTagError
from tagger.models.model import load_model
from tagger.vocabulary import Label, Vocabulary
from tests.personal_library import RATE, write_folders, write_table
from tests.program import musictag
from training.data.library.beets_library import from_beets
from training.data.library.files import from_folders, from_tags
from training.data.library.own_tags import OwnTags
from training.data.library.table import from_table
from training.data.library.track import Track, gather, group_of
from training.finetune.label_mapping import Row, choose_labels, dump_rows, like, load_rows, propose


def unexpected(error: MusicTagError) -> None:
    pytest.fail(str(error))


pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folders(tmp_path_factory.mktemp("sources") / "music", each=10)


@pytest.fixture
def tagged(tmp_path: Path) -> Path:
    """Files with tags: two of an album, one of a compilation."""
    for name, genres, artist in (
        ("a", ["Dub", "Ska"], "Ann"),
        ("b", [], "Ann"),
        ("c", ["Dub"], ""),
    ):
        path = tmp_path / "tagged" / f"{name}.flac"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, np.zeros(RATE, np.float32), RATE)
        file = mediafile.MediaFile(path)
        file.genres, file.artist, file.album = genres, artist, "Best Of"
        file.save()
    return tmp_path / "tagged"


def test_tags_are_labels_and_artists_are_groups(tagged: Path) -> None:
    tracks = gather(from_tags(tagged), unexpected)
    assert [track.of("genre") for track in tracks] == [("Dub", "Ska"), (), ("Dub",)]
    assert [track.group for track in tracks] == ["ann", "ann", "best of"]
    assert [track.labelled for track in tracks] == [True, False, True]


def test_folders_are_labels(music: Path) -> None:
    tracks = gather(from_folders(music), unexpected)
    assert {track.of("genre") for track in tracks} == {("Deep",), ("Bright",), ("Buzz",)}
    assert len({track.group for track in tracks}) == 15


def test_folder_per_label_without_artists_gives_each_file_a_group_of_its_own(
    tmp_path: Path,
) -> None:
    """As GTZAN comes: the folder is the label, and says nothing about artists."""
    for label in ("blues", "rock"):
        for i in range(3):
            path = tmp_path / label / f"{label}.{i:05}.wav"
            path.parent.mkdir(exist_ok=True)
            soundfile.write(path, np.zeros(RATE, np.float32), RATE)
    tracks = gather(from_folders(tmp_path), unexpected)
    assert len({track.group for track in tracks}) == 6
    assert all(track.alone for track in tracks)
    table = tmp_path / "t.csv"
    rows = [f"{path},x" for path in sorted(tmp_path.rglob("*.wav"))]
    table.write_text("\n".join(["path,genres", *rows]))
    assert len({track.group for track in gather(from_table(table), unexpected)}) == 6


@pytest.mark.parametrize(
    ("artists", "album", "path", "folder", "key"),
    [
        (["Ann"], "Best Of", "a.mp3", "", "ann"),
        (["Various Artists", "", "Bob"], "Best Of", "a.mp3", "", "bob"),
        (["Unknown Artist"], "Best Of", "a.mp3", "Shelf", "best of"),
        ([], "", "Jazz/Ann/x.mp3", "Ann", "ann"),
        ([], "", "Ann - Blue.mp3", "", "ann"),
        ([], "", "07 - Blue.mp3", "", "07 - Blue.mp3"),
        ([], "", "blue.mp3", "", "blue.mp3"),
    ],
)
def test_group_is_the_first_artist_who_is_somebody_else_the_nearest_to_it(
    artists: list[str], album: str, path: str, folder: str, key: str
) -> None:
    group = group_of(artists, album, Path(path), folder)
    assert group.key == key
    assert group.alone == (key == path)


def test_table_names_what_is_missing_and_goes_on(music: Path, tmp_path: Path) -> None:
    table = write_table(tmp_path / "t.csv", music)
    table.write_text(table.read_text() + "gone.wav,Deep,Nobody\n,Deep,Nobody\n")
    errors: list[MusicTagError] = []
    tracks = gather(from_table(table), errors.append)
    assert len(tracks) == 30
    assert "gone.wav: no such file (line 32 of t.csv)" in str(errors[0])
    assert "line 33 names no file" in str(errors[1])


@pytest.mark.parametrize(
    "text", ["a.wav,Deep\n", "", "path;genres\na.wav;Deep\n", "\xff\xfe", "path\n"]
)
def test_table_without_header_says_what_it_needs(tmp_path: Path, text: str) -> None:
    table = tmp_path / "t.csv"
    table.write_bytes(text.encode("latin-1"))
    done = musictag("train", table, "-o", "mine")
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 1
    assert "t.csv: " in done.stderr


def test_sound_that_is_none_is_named_and_the_rest_learned(
    music: Path, tmp_path: Path, tiny_card: Path
) -> None:
    table = write_table(tmp_path / "t.csv", music)
    bad = {
        "nan.wav": np.full(RATE, np.nan, np.float32),
        "silent.wav": np.zeros(RATE, np.float32),
    }
    for name, samples in bad.items():
        soundfile.write(tmp_path / name, samples, RATE, subtype="FLOAT")
    (tmp_path / "text.wav").write_text("no sound")
    names = [*bad, "text.wav"]
    table.write_text(table.read_text() + "".join(f"{name},Deep,Nobody\n" for name in names))
    done = musictag("train", table, "-o", "mine", "--base", tiny_card, "--jobs", "1")
    assert done.exit_code == 0, done.output
    for name in names:
        assert sum(name in line for line in done.stderr.splitlines()) == 1, name
    assert "NaN" in next(line for line in done.stderr.splitlines() if "nan.wav" in line)
    assert "30 tracks" in load_model("mine").card.data


def test_library_of_one_artist_or_without_labels_is_said(
    music: Path, tmp_path: Path, tiny_card: Path
) -> None:
    table = write_table(tmp_path / "t.csv", music)
    rows = [[*line.split(",")[:2], "Ann"] for line in table.read_text().splitlines()[1:]]
    with table.open("w", newline="") as file:
        csv.writer(file).writerows([["path", "genres", "artist"], *rows])
    done = musictag("train", table, "-o", "mine", "--base", tiny_card, "--jobs", "1")
    assert "all tracks are of one artist" in done.stderr
    done = musictag("train", table, "-o", "mine", "--base", tiny_card, "--min-tracks", "99")
    assert "no label has tracks enough to learn from: Bright (10)" in done.stderr


BASE = Vocabulary((Label("genre", "Hip-Hop"), Label("genre", "Jazz"), Label("instrument", "Jazz")))


def test_spellings_become_one_label_and_nothing_says_nothing() -> None:
    tracks = [
        Track(Path(str(i)), "", {"genre": (name,)})
        for i, name in enumerate(["Hip Hop", "hip-hop", "Hip Hop", "Unknown", "Pop/Rock; Jazz"])
    ]
    rows = {row.found: row for row in propose(tracks, BASE)}
    assert rows["hip-hop"].label == rows["Hip Hop"].label == "Hip Hop"
    assert rows["Hip Hop"].like == ("Hip-Hop",)
    assert rows["Unknown"].label == ""
    assert rows["Pop/Rock"].label == "Pop Rock"
    label_map = choose_labels(list(rows.values()), tracks, 1)
    assert not label_map.is_informative(tracks[3], "genre")
    assert {x.name for x in label_map.labels_of(tracks[4], "genre")} == {"Pop Rock", "Jazz"}
    assert choose_labels(list(rows.values()), tracks, 3).labels == (Label("genre", "Hip Hop"),)


def test_names_start_from_what_they_mean() -> None:
    assert like("genre", "RAP", BASE) == ("Hip-Hop",)
    assert like("genre", "Late Night", BASE) == ()


def test_table_of_labels_survives_the_way(tmp_path: Path) -> None:
    rows = [Row("genre", 'A, "b"', 0, "AB", ("Jazz",)), Row("genre", "x", 0, "", ())]
    path = tmp_path / "names.csv"
    path.write_text(dump_rows(rows))
    assert load_rows(path, BASE) == rows
    path.write_text("kind,found,label,like\nmood,x,y,\n")
    with pytest.raises(DataError, match="line 2: kind must be"):
        load_rows(path, BASE)


MAKE_LIBRARY = """
import sys
from pathlib import Path
from beets.library import Item, Library

library = Library(sys.argv[1], sys.argv[2])
for path in sorted(Path(sys.argv[2]).rglob("*.wav")):
    item = Item.from_path(str(path))
    item.update({"genres": [path.parts[-3]], "artist": f"Artist {path.parts[-2][-1]}"})
    library.add(item)
library._close()
"""


@pytest.fixture
def library(tmp_path: Path, music: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library made by beets itself, whose genres are the labels."""
    pytest.importorskip("beets", reason="needs the [beets] extra")
    path = tmp_path / "beets" / "library.db"
    path.parent.mkdir()
    (path.parent / "config.yaml").write_text(f"directory: {music}\nlibrary: {path}\n")
    monkeypatch.setenv("BEETSDIR", str(path.parent))
    subprocess.run([sys.executable, "-c", MAKE_LIBRARY, str(path), str(music)], check=True)
    from beets import config

    config.clear()
    config.read()
    return path


def test_beets_library_teaches_and_is_only_read(library: Path, tiny_card: Path) -> None:
    before = {path.name: path.read_bytes() for path in library.parent.iterdir()}
    done = musictag(
        "train", "--beets", library, "--query", "genres:Deep , genres:Bright", "-o", "mine",
        "--base", tiny_card, "--jobs", "1", "--only-mine",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert set(load_model("mine").card.vocabulary.names("genre")) == {"Deep", "Bright"}
    assert {path.name: path.read_bytes() for path in library.parent.iterdir()} == before


def test_artists_of_beets_are_groups(library: Path) -> None:
    tracks = gather(iter(from_beets(library, "genres:Deep")), unexpected)
    assert {track.group for track in tracks} == {f"artist {i}" for i in range(5)}
    assert {track.of("genre") for track in tracks} == {("Deep",)}


def test_items_that_musictag_tagged_in_beets_are_no_evidence(library: Path) -> None:
    with sqlite3.connect(library) as database:
        database.execute(
            "INSERT INTO item_attributes (entity_id, key, value) "
            "SELECT id, 'genretag_status', CASE genres WHEN 'Deep' THEN 'tagged' ELSE 'kept' END "
            "FROM items"
        )
    database.close()
    tracks = gather(iter(from_beets(library, "", OwnTags({}, {}))), unexpected)
    assert {track.of("genre") for track in tracks} == {(), ("Bright",), ("Buzz",)}
    assert {track.unsure.get("genre", ()) for track in tracks} == {(), ("Deep",)}
    trusted = gather(iter(from_beets(library, "")), unexpected)
    assert all(track.labelled for track in trusted)


def test_library_of_an_older_beets_is_read_and_stays_old(library: Path, tmp_path: Path) -> None:
    """Before 2.7 an item had one genre, as text, and no table told of migrations."""
    old = tmp_path / "old.db"
    old.write_bytes(library.read_bytes())
    with sqlite3.connect(old) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(items)")]
        if "genre" not in columns:
            database.execute("ALTER TABLE items ADD COLUMN genre TEXT")
        database.execute("UPDATE items SET genre = genres")
        database.execute("ALTER TABLE items DROP COLUMN genres")
        database.execute("DROP TABLE IF EXISTS migrations")
    database.close()
    before = old.read_bytes()
    tracks = [t for t in from_beets(old, "") if isinstance(t, Track)]
    assert {track.of("genre") for track in tracks} == {("Deep",), ("Bright",), ("Buzz",)}
    assert old.read_bytes() == before


def test_empty_query_and_what_is_no_library_are_said(library: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no item matches the query 'genres:Polka'"):
        from_beets(library, "genres:Polka")
    with pytest.raises(DataError, match="no beets library"):
        from_beets(tmp_path / "none.db", "")
    (tmp_path / "text.db").write_text("no database at all")
    with pytest.raises(DataError, match="is no beets library"):
        from_beets(tmp_path / "text.db", "")
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE x (y)").connection.close()
    with pytest.raises(DataError, match="has no items"):
        from_beets(tmp_path / "other.db", "")
