from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from tagger.errors import DataError
from tagger.vocabulary import all_terms
from tests.training_data import TRACK_COLUMNS, has_label, state, write_data, write_table
from training.cli.program import main
from training.data.datasets import Clip, genres, recordings
from training.data.datasets.instruments import HELD_OUT, fold_of
from training.data.pseudo_labels import add_weak_labels
from training.data.split import load_split
from training.data.taxonomy import GENRE_SLICE

COLUMNS = (
    "id", "file", "source", "group", "seconds", "genres", "instruments", "instruments_absent",
    "level", "note",
)  # fmt: skip
ROWS: list[dict[str, object]] = [
    {"id": "song_mix", "source": "musdb18", "group": "musdb18:song", "genres": "Heavy Metal",
     "instruments": "Voice|Drums", "instruments_absent": "Flute"},
    {"id": "song_drums", "source": "musdb18", "group": "musdb18:song", "instruments": "Drums"},
    {"id": "piece_1", "source": "macleod", "group": "macleod:piece", "level": "song",
     "instruments": "Piano|Violin", "instruments_absent": "Voice|Flute"},
    {"id": "dance", "source": "audioset", "group": "audioset:dance",
     "genres": "Trance music|Disco|Tambourine"},
    {"id": "pop", "source": "gtzan", "group": "gtzan:pop", "genres": "pop"},
    {"id": "opus", "source": "gtzan", "group": "gtzan:opus", "genres": "classical"},
    {"id": "note", "source": "epiano", "group": "epiano:one", "instruments": "Electric Piano",
     "instruments_absent": "*"},
    {"id": "trio", "source": "musicnet", "group": "musicnet:1", "instruments": "Cello|Piano",
     "instruments_absent": "*"},
    {"id": "twice", "source": "freemusic", "group": "freemusic:one"},
]  # fmt: skip


def write_recordings(data: Path, rows: list[dict[str, object]]) -> Path:
    return write_table(
        data / "recordings.csv",
        COLUMNS,
        [{"level": "clip", "file": f"recordings/{row['id']}.opus"} | row for row in rows],
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_data(tmp_path_factory.mktemp("data"))
    bands: list[dict[str, object]] = [
        {"id": f"band{i}", "source": "hardtechno", "group": f"hardtechno:{i}", "genres": "Techno"}
        for i in range(30)
    ]
    write_recordings(folder, ROWS + bands)
    return folder


@pytest.fixture(scope="module")
def clips(data: Path) -> dict[str, Clip]:
    return {clip.id: clip for clip in recordings.load(data)}


def test_stems_and_what_is_there_twice_are_left_out(clips: dict[str, Clip], data: Path) -> None:
    assert not {"song_drums", "twice"} & set(clips)
    assert clips["song_mix"].path == data / "recordings/song_mix.opus"


def test_mix_has_its_genre_with_all_above_it(clips: dict[str, Clip]) -> None:
    targets = clips["song_mix"].targets
    assert [state(targets, name) for name in ("Metal", "Rock", "Pop Rock")] == ["present"] * 3
    assert state(targets, "Jazz") == "unknown"
    found = [state(targets, name) for name in ("Voice", "Flute", "Piano")]
    assert found == ["present", "absent", "unknown"]
    assert clips["song_mix"].piece is None


def test_composers_list_speaks_of_the_piece_and_not_of_the_excerpt(clips: dict[str, Clip]) -> None:
    clip = clips["piece_1"]
    assert clip.piece is not None
    for name, excerpt, piece in (
        ("Piano", "unknown", "present"),
        ("Strings", "unknown", "present"),
        ("Flute", "absent", "absent"),
        ("Harp", "unknown", "unknown"),
    ):
        assert (state(clip.targets, name), state(clip.piece, name)) == (excerpt, piece)


def test_word_without_a_label_counts_for_what_it_belongs_to(clips: dict[str, Clip]) -> None:
    assert not has_label("Disco")
    assert clips["dance"].names == ("Trance", "Disco")
    assert state(clips["dance"].targets, "Electronic") == "present"
    assert np.nansum(clips["dance"].targets) == 1


def test_gtzan_denies_the_other_nine_that_are_far(clips: dict[str, Clip]) -> None:
    opus, pop = clips["opus"].targets, clips["pop"].targets
    assert state(opus, "Classical") == "present"
    assert [state(opus, name) for name in ("Rock", "Metal", "Jazz", "Pop")] == ["absent"] * 4
    assert [state(pop, name) for name in ("Pop", "Rock", "Metal")] == [
        "present", "unknown", "absent",
    ]  # fmt: skip
    assert state(pop, "House") == state(opus, "Soundtrack") == "unknown"


def test_every_word_is_a_name_of_the_taxonomy() -> None:
    assert {name for name in recordings.WORDS.values() if name} <= {x.name for x in all_terms()}


def test_word_in_no_table_is_named(data: Path, tmp_path: Path) -> None:
    table = write_recordings(tmp_path, [{"id": "a", "source": "gtzan", "genres": "polka"}])
    with pytest.raises(DataError, match="polka") as caught:
        recordings.load(tmp_path)
    assert caught.value.path == table


def test_folder_without_newer_recordings_has_none(tmp_path: Path) -> None:
    assert recordings.load(tmp_path) == []


@pytest.mark.parametrize("fold", [1, 2, 3, 4])
def test_recordings_are_held_out_by_folds_of_their_own(data: Path, fold: int) -> None:
    split = load_split(data, [], fold)
    learned = {clip.id for clip in split.songs + split.solos}
    held_out = {clip.id for clip in split.held_out_songs + split.held_out_instruments}
    assert not learned & held_out
    for clip in recordings.load(data):
        is_out = fold_of(clip.group) in HELD_OUT[fold]
        assert (clip.id in learned) is not is_out
        assert (clip.id in held_out) is (is_out and not np.isnan(clip.targets).all())


def test_each_recording_is_held_out_once(data: Path) -> None:
    ids = [c.id for fold in (1, 2, 3, 4) for c in load_split(data, [], fold).held_out_songs]
    bands = [name for name in ids if name.startswith("band")]
    assert sorted(bands) == sorted(f"band{i}" for i in range(30))


def test_songs_are_no_solos(data: Path) -> None:
    split = load_split(data, [], None)
    songs, solos = ({clip.id for clip in part} for part in (split.songs, split.solos))
    assert {"song_mix", "piece_1", "dance", "pop", "band0"} <= songs
    assert {"note", "trio"} <= solos
    assert not songs & solos
    for clip in split.held_out_instruments:
        assert np.isnan(clip.targets[GENRE_SLICE]).all()


def test_music_without_labels_and_without_stored_teachers_is_read(
    data: Path, tmp_path: Path
) -> None:
    shutil.copytree(data / "teachers", tmp_path / "teachers")
    row = {"id": "more-1", "source": "more", "group": "more-one", "labels": "none"}
    write_table(tmp_path / "tracks.csv", TRACK_COLUMNS, [row | {"file": "original/more/1.mp3"}])
    (clip,) = add_weak_labels(genres.load(tmp_path), tmp_path)
    assert clip.soft is None
    assert clip.fold is None
    assert np.isnan(clip.targets).all()


def test_labels_are_counted(data: Path) -> None:
    result = CliRunner().invoke(main, ["count", "--data", str(data)], catch_exceptions=False)
    songs = result.output.split("solos:")[0]
    lines = {line.split()[0]: line.split() for line in songs.splitlines()}
    assert lines["genre:Techno"][1:6] == ["30", "present", "in", "30", "groups"]
    assert lines["genre:Metal"][1] == "1"
    assert lines["genre:Metal"][-2:] == ["2", "absent"]
    assert lines["genre:Punk"][1] == "0"  # absent only
    assert "genre:Soul" not in lines  # nothing is known of it
    assert "solos:" in result.output
