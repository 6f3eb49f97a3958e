"""Which protocols leak, and which do not."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.errors import DataError
from tests.source_lookalikes import write_gtzan
from tests.training_data import clip
from training.data.datasets import gtzan
from training.data.taxonomy import genre_targets
from training.experiments.protocols import PROTOCOLS, Material, Parts, artist_folds

N_SLICES = 10


def material(n_artists: int = 30, each: int = 4, fold: int = 1) -> Material:
    """Two classes; artists in folds 1 to 5."""
    clips, classes = [], []
    for i in range(n_artists * each):
        artist, name = i // each, ("Jazz", "Blues")[i % 2]
        made = clip(f"clip{i}", genre_targets([name], complete=True), names=(name,))
        clips.append(replace(made, group=f"artist {artist}", fold=1 + artist % 5))
        classes.append(name)
    tracks = np.repeat(np.arange(len(clips)), N_SLICES)
    return Material(tuple(clips), tracks, tuple(classes), fold)


def tracks_of(made: Material, rows: np.ndarray) -> set[int]:
    return set(made.tracks[rows].tolist())


def artists_of(made: Material, rows: np.ndarray) -> set[str]:
    return {made.clips[track].group for track in tracks_of(made, rows)}


def divided(name: str, made: Material, seed: int = 1) -> Parts:
    assert not PROTOCOLS[name].refuses(made)
    return PROTOCOLS[name].divide(made, np.random.default_rng(seed))


@given(
    st.sampled_from(["random-slice", "random-track", "stratified", "artist-grouped"]),
    st.integers(10, 40),
    st.integers(2, 5),
    st.integers(0, 9),
)
def test_every_slice_is_in_one_part(name: str, n_artists: int, each: int, seed: int) -> None:
    made = material(n_artists, each)
    parts = divided(name, made, seed)
    rows = np.concatenate([parts.train, parts.valid, parts.test])
    assert sorted(rows.tolist()) == list(range(len(made.tracks)))
    assert min(len(parts.train), len(parts.valid), len(parts.test)) > 0


def test_random_slices_of_one_track_are_on_both_sides() -> None:
    made = material()
    parts = divided("random-slice", made)
    both = tracks_of(made, parts.test) & tracks_of(made, parts.train)
    assert len(both) > 0.8 * len(made.clips)
    assert len(parts.test) == 0.2 * len(made.tracks)
    assert PROTOCOLS["random-slice"].title == "random-slice (leaks tracks)"


@pytest.mark.parametrize("name", ["random-track", "stratified"])
def test_random_tracks_are_whole_but_artists_are_on_both_sides(name: str) -> None:
    made = material()
    parts = divided(name, made)
    assert not tracks_of(made, parts.test) & tracks_of(made, parts.train)
    assert not tracks_of(made, parts.valid) & tracks_of(made, parts.train)
    assert artists_of(made, parts.test) & artists_of(made, parts.train)
    assert PROTOCOLS[name].title == f"{name} (leaks artists)"


def test_stratified_gives_every_class_the_same_shares() -> None:
    made = material()
    parts = divided("stratified", made)
    for rows, share in ((parts.train, 0.7), (parts.valid, 0.2), (parts.test, 0.1)):
        counts = Counter(made.classes[track] for track in tracks_of(made, rows))
        assert counts == {"Jazz": round(60 * share), "Blues": round(60 * share)}


@pytest.mark.parametrize("fold", [1, 2])
def test_artist_grouped_shares_no_artist(fold: int) -> None:
    made = material(fold=fold)
    parts = divided("artist-grouped", made)
    train, valid, test = (artists_of(made, rows) for rows in (parts.train, parts.valid, parts.test))
    assert not train & test
    assert not train & valid
    assert not valid & test
    held = {clip.group for clip in made.clips if clip.fold == fold}
    assert test == held
    assert 0.1 <= len(parts.valid) / len(made.tracks) < 0.15
    assert not PROTOCOLS["artist-grouped"].leaks


def test_artist_in_two_folds_is_refused() -> None:
    made = material()
    moved = (replace(made.clips[0], fold=2), *made.clips[1:])
    with pytest.raises(DataError, match="in training and held out at once: artist 0"):
        divided("artist-grouped", replace(made, clips=moved))


def test_protocols_say_what_they_need() -> None:
    made = material()
    alone = replace(
        made, clips=tuple(replace(clip, group=clip.id) for clip in made.clips), classes=()
    )
    said = {name: protocol.refuses(alone) for name, protocol in PROTOCOLS.items()}
    assert said == {
        "random-slice": "",
        "random-track": "",
        "stratified": "needs one class a clip",
        "artist-grouped": "nobody says who the artists are",
        "fault-filtered": "is for GTZAN with the fault-filtered lists",
    }


def test_seed_decides_what_is_random() -> None:
    made = material()
    first, again, other = (divided("random-track", made, seed).test for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert set(first.tolist()) != set(other.tolist())


def gtzan_material(root: Path, *, lists: bool) -> tuple[Material, Path]:
    _, split = write_gtzan(root)
    clips = gtzan.load(root, split=split if lists else None).clips
    tracks = np.repeat(np.arange(len(clips)), N_SLICES)
    return Material(clips, tracks, tuple(clip.names[0] for clip in clips)), split


def test_fault_filtered_is_the_lists(tmp_path: Path) -> None:
    made, split = gtzan_material(tmp_path, lists=True)
    parts = divided("fault-filtered", made)
    for part, rows in (("train", parts.train), ("valid", parts.valid), ("test", parts.test)):
        listed = (split / f"{part}_filtered.txt").read_text().split()
        heard = {Path(line).stem for line in listed} - gtzan.CORRUPT
        assert {made.clips[t].path.stem for t in tracks_of(made, rows)} == heard
        assert len(rows) == N_SLICES * len(heard) > 0
    assert not artists_of(made, parts.test) & artists_of(made, parts.train)
    again = divided("fault-filtered", made, seed=2)
    np.testing.assert_array_equal(parts.test, again.test)


def test_artists_of_gtzan_are_grouped_across_its_parts(tmp_path: Path) -> None:
    made, _ = gtzan_material(tmp_path, lists=True)
    assert set(artist_folds(made.clips)) <= {1, 2, 3, 4, 5}
    parts = divided("artist-grouped", made)
    assert not artists_of(made, parts.test) & artists_of(made, parts.train)
    assert len({made.clips[t].fold for t in tracks_of(made, parts.test)}) > 1  # of several parts


def test_gtzan_without_lists_has_no_artists_and_no_parts(tmp_path: Path) -> None:
    made, _ = gtzan_material(tmp_path, lists=False)
    assert set(made.classes) == {"Blues", "Disco", "Rock", "Jazz"}
    assert PROTOCOLS["fault-filtered"].refuses(made)
    assert PROTOCOLS["artist-grouped"].refuses(made)
    assert not PROTOCOLS["stratified"].refuses(made)
