from __future__ import annotations

import shutil
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from tagger.errors import DataError
from tests.training_data import state, write_data, write_rendered
from training.data.datasets import Clip, genres, instruments
from training.data.split import Split, check_disjoint, load_split
from training.data.taxonomy import GENRE_SLICE, INSTRUMENT_SLICE, LISTED_GENRES


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rendered(tmp_path_factory.mktemp("rendered"))


@pytest.fixture
def tables(data: Path, tmp_path: Path) -> Path:
    """A copy to spoil, without the sound, which is not opened before training."""
    return shutil.copytree(data, tmp_path / "data", ignore=shutil.ignore_patterns("*.wav"))


@pytest.fixture(scope="module")
def songs(data: Path) -> dict[str, Clip]:
    return {clip.id: clip for clip in genres.load(data)}


@pytest.fixture(scope="module")
def sounds(data: Path) -> dict[str, Clip]:
    return {clip.id: clip for clip in instruments.load(data)}


def test_taffc_genre_not_listed_is_absent(songs: dict[str, Clip]) -> None:
    targets = songs["taffc1"].targets
    assert state(targets, "Jazz") == "present"
    assert np.nansum(targets) == 1
    assert not np.isnan(targets[: len(LISTED_GENRES)]).any()
    assert np.isnan(targets[len(LISTED_GENRES) :]).all()


def test_emotify_knows_only_its_three_genres(songs: dict[str, Clip]) -> None:
    targets = songs["emotify2"].targets
    assert state(targets, "Pop Rock") == "present"
    assert state(targets, "Classical") == state(targets, "Electronic") == "absent"
    assert np.isnan(targets).sum() == len(targets) - 3


def test_free_songs_are_unknown_and_in_no_fold(songs: dict[str, Clip]) -> None:
    assert np.isnan(songs["free0"].targets).all()
    assert songs["free0"].fold is None


def test_song_points_at_its_sound_and_teachers(data: Path, songs: dict[str, Clip]) -> None:
    clip = songs["taffc17"]
    assert (clip.path, clip.soft) == (data / "genres/taffc17.wav", data / "soft/taffc17.npz")
    assert (clip.source, clip.group, clip.fold) == ("taffc", "taffc-4-1", 4)
    assert (clip.start_s, clip.end_s) == (0.0, None)


def test_windows_become_clips(sounds: dict[str, Clip]) -> None:
    first, second = sounds["song@0"], sounds["song@1"]
    assert first.path == second.path
    assert [(c.start_s, c.end_s) for c in (first, second)] == [(0.0, 3.0), (3.0, 6.0)]
    assert state(first.targets, "Flute") == "present"
    assert state(second.targets, "Flute") == "absent"
    assert not np.isnan(second.targets[INSTRUMENT_SLICE]).any()


def test_window_of_a_clip_with_unknowns_knows_the_names_of_the_clip(
    sounds: dict[str, Clip],
) -> None:
    assert state(sounds["sung@0"].targets, "Voice") == "absent"
    assert state(sounds["sung@1"].targets, "Voice") == "present"
    for i in range(2):
        assert np.isnan(sounds[f"sung@{i}"].targets).sum() == len(sounds["sung@0"].targets) - 1


def test_speech_is_of_no_genre_and_no_instrument(sounds: dict[str, Clip]) -> None:
    assert (sounds["talk@0"].targets == 0).all()


@pytest.mark.parametrize("name", ["brass", "loop", "hum", "trumpet", "song", "sung"])
def test_genre_of_all_other_sounds_is_unknown(sounds: dict[str, Clip], name: str) -> None:
    assert np.isnan(sounds[f"{name}@0"].targets[GENRE_SLICE]).all()


def test_absent_column(sounds: dict[str, Clip]) -> None:
    brass, loop, hum = (sounds[f"{name}@0"].targets for name in ("brass", "loop", "hum"))
    assert state(brass, "Piano") == state(brass, "Strings") == "absent"
    assert state(brass, "Trumpet") == state(brass, "Brass") == state(brass, "Harp") == "unknown"
    assert state(loop, "Drums") == "present"
    assert state(loop, "Piano") == "unknown"
    assert np.isnan(hum).all()


def test_unsure_names_of_rendered_windows_stay_unknown(rendered: Path) -> None:
    first, second, *_ = instruments.load_rendered(rendered)
    assert (first.start_s, second.start_s, second.end_s) == (0.0, 3.0, 6.0)
    assert [state(first.targets, name) for name in ("Flute", "Drums")] == ["present"] * 2
    # The clip holds a flute, but whether it still rings in this window cannot be told.
    assert state(second.targets, "Flute") == "unknown"
    assert state(second.targets, "Drums") == "present"
    assert state(second.targets, "Cello") == "absent"
    assert state(second.targets, "Trumpet") == state(second.targets, "Brass") == "unknown"


def test_parts_of_rendered_midi_are_kept(rendered: Path) -> None:
    held_out = {
        clip.id: instruments.is_held_out(clip, 2) for clip in instruments.load_rendered(rendered)
    }
    assert held_out == {
        "midi-train@0": False, "midi-train@1": False, "midi-valid@0": True, "midi-valid@1": True,
    }  # fmt: skip


def test_only_recording_of_an_instrument_is_learned(sounds: dict[str, Clip]) -> None:
    assert sounds["trumpet@0"].fold is None
    assert not any(instruments.is_held_out(sounds["trumpet@0"], fold) for fold in (1, 2, 3, 4))


def test_real_mixes_are_only_listened_to(data: Path) -> None:
    for fold in (None, 1, 2):
        split = load_split(data, [], fold)
        assert "song@0" in {clip.id for clip in split.real_mixes}
        assert "song@0" not in {clip.id for clip in split.solos + split.held_out_instruments}


def test_every_group_is_held_out_in_one_of_four_runs() -> None:
    held_out = [fold for folds in instruments.HELD_OUT.values() for fold in folds]
    assert sorted(held_out) == list(range(1, instruments.N_FOLDS + 1))


@pytest.mark.parametrize("fold", [1, 2, 3, 4])
def test_split_parts_share_no_group_and_lose_no_clip(data: Path, rendered: Path, fold: int) -> None:
    split = load_split(data, [rendered], fold)
    learned = [*split.songs, *split.solos, *split.rendered]
    held_out = [*split.held_out_songs, *split.held_out_instruments, *split.real_mixes]
    assert all(getattr(split, part.name) for part in fields(Split))
    assert not {clip.group for clip in learned} & {clip.group for clip in held_out}
    ids = [clip.id for clip in [*learned, *held_out]]
    everything = [
        *genres.load(data), *instruments.load(data), *instruments.load_rendered(rendered),
    ]  # fmt: skip
    assert sorted(ids) == sorted(clip.id for clip in everything)
    assert len(set(ids)) == len(ids)
    assert {clip.fold for clip in split.held_out_songs} == {fold}


def test_without_a_fold_only_the_real_mixes_are_held_out(data: Path, rendered: Path) -> None:
    split, other = load_split(data, [rendered], None), load_split(data, [rendered], 1)
    assert not split.held_out_songs
    assert not split.held_out_instruments
    assert len(split.songs) == len(other.songs) + len(other.held_out_songs)
    n_sounds = len(other.solos) + len(other.rendered) + len(other.held_out_instruments)
    assert len(split.solos) + len(split.rendered) == n_sounds
    assert [clip.id for clip in split.real_mixes] == [clip.id for clip in other.real_mixes]


def test_fold_without_songs_is_refused(data: Path) -> None:
    with pytest.raises(DataError, match="no song is in fold 9") as caught:
        load_split(data, [], 9)
    assert caught.value.path == data / "tracks.csv"


def test_artist_in_two_folds_is_refused(tables: Path) -> None:
    table = tables / "tracks.csv"
    table.write_text(table.read_text().replace(",taffc-4-1,", ",taffc-1-1,"))
    with pytest.raises(DataError, match="held out at once: taffc-1-1"):
        load_split(tables, [], 1)


def test_check_disjoint_names_the_group(songs: dict[str, Clip]) -> None:
    one, other = songs["taffc0"], songs["taffc4"]
    assert one.group == other.group
    check_disjoint([one], [songs["taffc1"]])
    with pytest.raises(DataError, match=one.group):
        check_disjoint([one], [other])


@pytest.mark.parametrize(
    ("table", "old", "new", "message"),
    [
        ("tracks.csv", ",genres,", ",genre,", "'genres'"),
        ("tracks.csv", ",Blues,", ",Polka,", "'Polka'"),
        ("tracks.csv", ",multi,", ",some,", "'some'"),
        ("tracks.csv", ",1,2,Blues,", ",one,2,Blues,", "malformed .*'one'"),
        ("tracks.csv", "free0,genres/free0.wav,free,", "free0\nx,y,free,", "malformed"),
        ("instruments.csv", ",absent,", ",lacking,", "'absent'"),
        ("instruments.csv", ",Flute,", ",Theremin,", "'Theremin'"),
        ("instruments/windows/song.csv", "start_s", "begin_s", "'start_s'"),
        ("instruments/windows/song.csv", "3.000", "three", "malformed .*'three'"),
    ],
)
def test_malformed_table_is_named(
    tables: Path, table: str, old: str, new: str, message: str
) -> None:
    path = tables / table
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(DataError, match=message) as caught:
        load_split(tables, [], 1)
    assert caught.value.path == path


@pytest.mark.parametrize("table", ["tracks.csv", "instruments.csv", "instruments/windows/song.csv"])
def test_missing_table_is_named(tables: Path, table: str) -> None:
    path = tables / table
    path.unlink()
    with pytest.raises(DataError, match="cannot be read") as caught:
        load_split(tables, [], 1)
    assert caught.value.path == path


def test_missing_folder_of_rendered_midi_is_named(data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"rendered\.csv: cannot be read"):
        load_split(data, [tmp_path], 1)
