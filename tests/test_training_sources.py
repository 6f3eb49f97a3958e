from __future__ import annotations

import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from tagger.errors import DataError
from tagger.models.model import load_model
from tagger.vocabulary import all_terms, lineage
from tests import source_lookalikes as made
from tests.training_data import TOML, has_label, state
from training.cli.program import main
from training.data.datasets import Clip, fma, gtzan, irmas, jamendo, magnatagatune, openmic
from training.data.datasets.names import Spellings, apart, targets_of
from training.data.datasets.own_library import load_beets, load_folders, load_table
from training.data.datasets.source import (
    TEST_FOLD,
    VALID_FOLD,
    Source,
    Table,
    group_fold,
    part_fold,
)
from training.data.datasets.sources import KINDS, load_source
from training.data.split import load_split
from training.data.taxonomy import GENRE_SLICE, INSTRUMENT_SLICE, VOCABULARY

# What rock and metal count for, whether or not the vocabulary has a label for either.
ROCK = next(name for name in lineage("Rock") if name in VOCABULARY.names("genre"))


def _gtzan(root: Path) -> Source:
    _, split = made.write_gtzan(root)
    return gtzan.load(root, split=split)


LOADERS: dict[str, Callable[[Path], Source]] = {
    "gtzan": _gtzan,
    "gtzan without lists": lambda root: gtzan.load(made.write_gtzan(root)[0]),
    "fma": lambda root: fma.load(made.write_fma(root)),
    "jamendo": lambda root: jamendo.load(made.write_jamendo(root)),
    "magnatagatune": lambda root: magnatagatune.load(made.write_magnatagatune(root)),
    "openmic": lambda root: openmic.load(made.write_openmic(root)),
    "irmas": lambda root: irmas.load(made.write_irmas(root)),
    "folders": lambda root: load_folders(made.write_folders(root)),
    "csv": lambda root: load_table(made.write_listing(root)),
    "beets": lambda root: load_beets(made.write_beets(root)),
}
TABLES: list[Table] = [
    module.TABLE for module in (gtzan, fma, jamendo, magnatagatune, openmic, irmas)
]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Source]:
    return {name: load(tmp_path_factory.mktemp("source")) for name, load in LOADERS.items()}


def clip_of(source: Source, name: str) -> Clip:
    (clip,) = (clip for clip in source.clips if clip.id == name)
    return clip


def says(clip: Clip, *names: str) -> list[str]:
    return [state(clip.targets, name) for name in names]


@pytest.mark.parametrize("name", LOADERS)
def test_every_split_is_disjoint_by_artist(sources: dict[str, Source], name: str) -> None:
    folds: dict[str, set[int | None]] = defaultdict(set)
    for clip in sources[name].clips:
        folds[clip.group].add(clip.fold)
    assert all(len(found) == 1 for found in folds.values())
    sizes = [len([c for c in sources[name].clips if c.group == group]) for group in folds]
    assert max(sizes) > 1 or name == "gtzan without lists"  # else the claim would be empty
    assert len({fold for found in folds.values() for fold in found}) > 1


@pytest.mark.parametrize("name", LOADERS)
def test_clips_are_named_once_and_their_sound_is_there(
    sources: dict[str, Source], name: str
) -> None:
    clips = sources[name].clips
    assert len({clip.id for clip in clips}) == len(clips) > 10
    for clip in clips:
        assert clip.path.is_file()
        assert clip.targets.shape == (len(VOCABULARY),)
        assert set(np.unique(clip.targets[~np.isnan(clip.targets)])) <= {0.0, 1.0}
        assert not np.isnan(clip.targets).all()
        assert clip.fold in range(6)


def test_gtzan_follows_the_lists(sources: dict[str, Source]) -> None:
    source = sources["gtzan"]
    assert clip_of(source, "gtzan:blues.00001").fold in (2, 3, 4, 5)
    assert clip_of(source, "gtzan:blues.00013").fold == VALID_FOLD
    assert clip_of(source, "gtzan:rock.00030").fold == TEST_FOLD
    names = {clip.id for clip in source.clips}
    assert not {"gtzan:blues.00007", "gtzan:disco.00007", "gtzan:jazz.00054"} & names
    assert len(source.clips) == 3 * 36 - 3 + 1
    # One artist's clips of two genres are one group; the unknown artist is a group of its own.
    groups = {clip_of(source, f"gtzan:{n}").group for n in ("blues.00000", "rock.00002")}
    assert groups == {"gtzan:artist 0"}
    assert clip_of(source, "gtzan:jazz.00053").group == "gtzan:jazz.00053"


def test_gtzan_genre_denies_only_what_is_far(sources: dict[str, Source]) -> None:
    rock = clip_of(sources["gtzan"], "gtzan:rock.00000")
    assert says(rock, ROCK, "Classical", "Reggae", "Hip-Hop") == ["present"] + ["absent"] * 3
    assert says(rock, "Blues", "Country", "Vocal", "New Age") == ["unknown"] * 4
    assert np.isnan(rock.targets[INSTRUMENT_SLICE]).all()
    disco = clip_of(sources["gtzan"], "gtzan:disco.00000")
    assert says(disco, ROCK, "R&B", "Electronic", "Classical") == ["unknown"] * 3 + ["absent"]


def test_fma_tracks_have_their_genres_and_its_split(sources: dict[str, Source]) -> None:
    source = sources["fma"]
    jazz = clip_of(source, "fma:000000")
    assert says(jazz, "Jazz", "Classical", "Blues") == ["present", "absent", "unknown"]
    metal = clip_of(source, f"fma:{made.ARTISTS:06d}")
    assert says(metal, ROCK, "Jazz") == ["present", "absent"]
    assert clip_of(source, "fma:000003").fold == VALID_FOLD
    assert clip_of(source, "fma:000004").fold == TEST_FOLD
    assert source.unmapped == {"Kazoo Jazz": made.ARTISTS}
    odd = clip_of(source, f"fma:{2 * made.ARTISTS:06d}")  # a word nobody knows denies nothing
    assert says(odd, "Jazz", "Classical") == ["present", "unknown"]
    assert source.unlabelled == made.ARTISTS  # tracks with no genre at all
    assert source.missing == 0  # a track of another subset is not missing


def test_jamendo_tags_not_given_are_unknown(sources: dict[str, Source]) -> None:
    source = sources["jamendo"]
    assert source.missing == 1
    jazz = clip_of(source, "jamendo:track_0000001")
    assert says(jazz, "Jazz", "Piano") == ["present", "present"]
    assert np.nansum(jazz.targets) == 2
    assert np.isnan(jazz.targets).sum() == len(jazz.targets) - 2
    assert jazz.path.name == "215.low.mp3"
    assert source.unmapped == {"instrument---theremin": made.ARTISTS}
    assert source.unlabelled == made.ARTISTS  # of which only the mood is told
    assert {clip.fold for clip in source.clips if clip.group.endswith("3")} == {VALID_FOLD}
    assert {clip.fold for clip in source.clips if clip.group.endswith("4")} == {TEST_FOLD}


def test_jamendo_weakly_denies_far_genres(tmp_path: Path) -> None:
    source = load_source(f"jamendo:{made.write_jamendo(tmp_path)}", weak=True)
    jazz = clip_of(source, "jamendo:track_0000001")
    assert says(jazz, "Jazz", ROCK, "Latin") == ["present", "absent", "unknown"]
    assert np.nansum(jazz.targets[INSTRUMENT_SLICE]) == 1
    assert np.isnan(jazz.targets[INSTRUMENT_SLICE]).sum() == len(VOCABULARY.names("instrument")) - 1


def test_jamendo_without_splits_goes_by_artist(tmp_path: Path) -> None:
    root = made.write_jamendo(tmp_path)
    for path in (root / "data/splits/split-0").iterdir():
        path.unlink()
    (root / "data/splits/split-0").rmdir()
    source = jamendo.load(root)
    assert {clip.fold for clip in source.clips} <= {1, 2, 3, 4, 5}
    assert all(clip.fold == group_fold(clip.group.split(":")[1]) for clip in source.clips)


def test_magnatagatune_players_deny(sources: dict[str, Source]) -> None:
    source = sources["magnatagatune"]
    first, second = (clip_of(source, f"magnatagatune:{i}") for i in (0, made.ARTISTS))
    assert says(first, "Classical", "Voice", "Choir") == ["present", "absent", "absent"]
    # "guitar" does not say which.
    assert says(first, "Electric Guitar", "Acoustic Guitar") == ["unknown", "unknown"]
    assert says(second, "Electronic", "Voice", "Drums") == ["present", "present", "absent"]
    assert says(second, "Choir", "Classical") == ["unknown", "unknown"]
    assert source.unmapped == {"hum of a fridge": made.ARTISTS}
    assert first.group == "magnatagatune:artist 0"


def test_openmic_masks_what_nobody_was_asked(sources: dict[str, Source]) -> None:
    source = sources["openmic"]
    clip = clip_of(source, "openmic:000001_3841")
    assert says(clip, "Cello", "Strings", "Violin") == ["present", "present", "unknown"]
    assert says(clip, "Electric Guitar", "Acoustic Guitar") == ["absent", "absent"]
    assert says(clip, "Voice", "Accordion") == [
        "unknown",
        "unknown",
    ]  # the crowd was even; not asked
    assert np.isnan(clip.targets[GENRE_SLICE]).all()
    assert clip_of(source, "openmic:000009_3849").fold == TEST_FOLD


@pytest.mark.parametrize("options", [{"npz": False}, {"objects": True}])
def test_openmic_tables_say_what_the_arrays_say(
    sources: dict[str, Source], tmp_path: Path, options: dict[str, bool]
) -> None:
    source = openmic.load(made.write_openmic(tmp_path, **options))
    for mine, other in zip(source.clips, sources["openmic"].clips, strict=True):
        assert (mine.id, mine.group, mine.fold) == (other.id, other.group, other.fold)
        np.testing.assert_array_equal(mine.targets, other.targets)


def test_irmas_brackets(sources: dict[str, Source]) -> None:
    source = sources["irmas"]
    cello = clip_of(source, "irmas:cel/000__[cel][nod][cla]0000__1")
    assert says(cello, "Cello", "Strings", "Drums") == ["present", "present", "absent"]
    assert says(cello, "Flute", "Classical", "Jazz") == ["unknown", "present", "absent"]
    sung = clip_of(source, "irmas:voi/000__[voi][dru][pop_roc]0000__1")
    assert says(sung, "Voice", "Drums", "Jazz") == ["present", "present", "absent"]
    sax = clip_of(source, "irmas:sax/000__[sax][jaz_blu]0000__1")
    assert says(sax, "Jazz", "Blues", "Classical") == ["unknown", "unknown", "absent"]
    assert says(sax, "Drums") == ["unknown"]


def test_irmas_testing_part_is_only_measured(sources: dict[str, Source]) -> None:
    source = sources["irmas"]
    tested = [clip for clip in source.clips if clip.id.startswith("irmas:Part1/")]
    assert len(tested) == 8
    assert {clip.fold for clip in tested} == {TEST_FOLD}
    assert len({clip.group for clip in tested}) == 4  # excerpts of a song together
    assert says(tested[0], "Electric Guitar", "Voice", "Piano") == ["present", "present", "unknown"]
    assert source.unmapped == {"kaz": 8}


def test_folder_is_the_label(sources: dict[str, Source]) -> None:
    source = sources["folders"]
    jazz = clip_of(source, f"folders:{Path('Jazz/Artist 1/two.wav')}")
    metal = clip_of(source, f"folders:{Path('Heavy Metal/Artist 1/three.wav')}")
    assert says(jazz, "Jazz", ROCK, "Hip-Hop") == ["present", "unknown", "absent"]
    assert says(metal, ROCK, "Jazz", "Classical") == ["present", "absent", "unknown"]
    assert jazz.group == metal.group
    hop = [clip for clip in source.clips if clip.group == "folders:singer 1"]
    assert len(hop) == 2
    assert source.unmapped == {"Bathroom Acoustics": 1}


def test_csv_rows(sources: dict[str, Source]) -> None:
    source = sources["csv"]
    first, second, third = (clip_of(source, f"csv:sound/{i * made.ARTISTS}.flac") for i in range(3))
    assert says(first, "Jazz", "Latin", "Piano", "Double Bass") == ["present"] * 4
    assert says(first, "Voice", "Choir", "Drums") == ["absent", "absent", "unknown"]
    assert says(second, ROCK, "Jazz", "Vocal") == ["present", "absent", "absent"]
    assert np.isnan(second.targets[INSTRUMENT_SLICE]).all()  # "*" speaks of the kind that is named
    assert says(third, "Drums", "Piano") == ["present", "unknown"]
    assert source.unmapped == {"Ukulele of Doom": made.ARTISTS}
    assert source.missing == 1
    assert clip_of(source, "csv:sound/kept.flac").fold == TEST_FOLD


def test_beets_library_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    root = made.write_beets(tmp_path)
    before = hashlib.sha256((root / "library.db").read_bytes()).digest()
    source = load_source(f"beets:{root}", weak=True)
    assert hashlib.sha256((root / "library.db").read_bytes()).digest() == before
    jazz, metal = clip_of(source, "beets:1"), clip_of(source, f"beets:{made.ARTISTS + 1}")
    assert says(jazz, "Jazz", "Latin", "Hip-Hop") == ["present", "present", "absent"]
    assert says(metal, ROCK, "Classical") == ["present", "absent"]
    assert source.unmapped == {"Yodelcore": made.ARTISTS}
    assert jazz.path == root / "music" / "0.flac"
    assert jazz.group == "beets:artist 0"


def test_beets_labels_are_unknown_where_not_given(sources: dict[str, Source]) -> None:
    jazz = clip_of(sources["beets"], "beets:1")
    assert np.isnan(jazz.targets).sum() == len(VOCABULARY) - 2


def test_beets_library_needs_beets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(sys.modules):
        if name == "beets" or name.startswith("beets."):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "beets", None)
    with pytest.raises(DataError, match=r"needs beets \(pip install"):
        load_beets(tmp_path)


@pytest.mark.parametrize("content", [None, b"not a database"])
def test_no_beets_library_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "library.db"
    if content:
        path.write_bytes(content)
    with pytest.raises(DataError, match="no beets library") as caught:
        load_beets(path)
    assert caught.value.path == path


@pytest.mark.parametrize("kind", KINDS)
def test_place_without_data_is_an_error_that_names_it(tmp_path: Path, kind: str) -> None:
    with pytest.raises(DataError, match=f"{tmp_path.name}|nothing to learn from"):
        load_source(f"{kind}:{tmp_path / 'none'}")


@pytest.mark.parametrize("text", ["nonsense:/x", "fma", "fma:", ""])
def test_what_is_no_source_names_the_kinds(text: str) -> None:
    with pytest.raises(DataError, match="gtzan, irmas, jamendo, csv, magnatagatune, openmic"):
        load_source(text)


@pytest.fixture(scope="module")
def openmic_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.write_openmic(tmp_path_factory.mktemp("openmic"))


def test_sources_alone_make_a_split(tmp_path: Path, openmic_root: Path) -> None:
    sources = [openmic.load(openmic_root), load_table(made.write_listing(tmp_path))]
    everything = [clip for source in sources for clip in source.clips]
    for fold in (0, 1, 2):
        split = load_split(None, (), fold, sources)
        held_out = split.held_out_songs + split.held_out_instruments
        groups = {clip.group for clip in held_out}
        assert not groups & {clip.group for clip in split.songs}
        assert {clip.fold for clip in held_out} == {fold}
        assert TEST_FOLD not in {clip.fold for clip in split.songs}
        tested = {clip.id for clip in everything if clip.fold == TEST_FOLD}
        ids = {clip.id for clip in held_out + split.songs}
        assert ids | tested == {clip.id for clip in everything}
        for clip in split.held_out_songs:
            assert np.isnan(clip.targets[INSTRUMENT_SLICE]).all()
        for clip in split.held_out_instruments:
            assert np.isnan(clip.targets[GENRE_SLICE]).all()


def test_source_with_an_artist_in_two_parts_is_refused(tmp_path: Path) -> None:
    table = made.write_listing(tmp_path)
    table.write_text(table.read_text().replace("sound/0.flac,", "sound/kept.flac,"))
    table.write_text(table.read_text().replace(",Kept,0", ",Artist 1,1"))
    with pytest.raises(DataError, match="held out at once: csv:artist 1"):
        load_split(None, (), 1, [load_table(table)])


def test_training_on_sources_alone(tmp_path: Path, openmic_root: Path) -> None:
    torch.set_num_threads(1)
    table = made.write_listing(tmp_path)
    (tmp_path / "sound/0.flac").write_bytes(b"no sound")
    config = tmp_path / "tiny.toml"
    config.write_text(TOML)
    arguments = ["train", "--source", f"csv:{table}", "--source", f"openmic:{openmic_root}"]
    arguments += ["--weak-negatives", "--config", str(config), "--steps", "3"]
    arguments += ["--out", str(tmp_path / "run")]
    done = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "csv: words in no table of ours: Ukulele of Doom (12)" in done.stderr
    card = load_model(str(tmp_path / "run" / "tiny.json")).card
    assert card.vocabulary == VOCABULARY
    arguments = ["evaluate", "--source", f"openmic:{openmic_root}", "--fold", "0"]
    done = CliRunner().invoke(main, [*arguments, "--model", str(tmp_path / "run" / "tiny.json")])
    figures = json.loads(done.stdout)
    rows = {row["label"]: row for row in figures["instruments"]["labels"]}
    # Twelve clips of the test part, a guitar known to be absent in each.
    assert figures["genres"]["labels"] == []
    assert "Electric Guitar" not in rows  # no positives at all


def test_nothing_to_learn_from_is_a_usage_error(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["train", "--out", str(tmp_path)])
    assert done.exit_code == 2
    assert "give --data or --source" in done.output


def test_files_that_are_not_there_are_told(tmp_path: Path) -> None:
    table = made.write_listing(tmp_path)
    for path in (tmp_path / "sound").iterdir():
        path.unlink()
    with pytest.raises(DataError, match="38 labelled files are not there"):
        load_table(table)


@pytest.mark.parametrize(
    ("write", "table", "old", "new", "message"),
    [
        (made.write_fma, "fma_metadata/tracks.csv", "genres_all", "genres_some", "genres_all"),
        (made.write_fma, "fma_metadata/tracks.csv", "validation", "holdout", "holdout"),
        (made.write_fma, "fma_metadata/genres.csv", "title", "name", "title"),
        (made.write_jamendo, "data/splits/split-0/autotagging-test.tsv", "ARTIST_ID", "X", "col"),
        (made.write_jamendo, "data/splits/split-0/autotagging-test.tsv", "\t1.0\t", " ", "malf"),
        (made.write_magnatagatune, "clip_info_final.csv", "artist\t", "who\t", "artist"),
        (made.write_openmic, "openmic-2018-metadata.csv", "artist_id", "who", "artist_id"),
    ],
)
def test_malformed_table_is_named(
    tmp_path: Path, write: Callable[[Path], Path], table: str, old: str, new: str, message: str
) -> None:
    root = write(tmp_path)
    path = root / table
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    kind = write.__name__.removeprefix("write_")
    with pytest.raises(DataError, match=message) as caught:
        load_source(f"{kind}:{root}")
    assert caught.value.path == path


def test_what_a_source_leaves_out_is_told(sources: dict[str, Source]) -> None:
    assert sources["fma"].notes() == [
        f"fma: {len(sources['fma'].clips)} clips",
        "fma: 12 files have no label of ours, left out",
        "fma: words in no table of ours: Kazoo Jazz (12)",
    ]


def test_tables_speak_the_names_of_the_taxonomy() -> None:
    names = {term.name for term in all_terms()}
    assert {name for table in TABLES for name in table.values() if name} <= names
    assert all(has_label(label.name) for label in VOCABULARY.labels)


def test_targets_go_up_from_presence_and_down_from_absence() -> None:
    targets = targets_of(["Viola"], ["Brass", "Strings"])
    assert state(targets, "Strings") == "present"
    for name in ("Violin", "Cello", "Trumpet", "Brass"):
        assert state(targets, name) == "absent"
    assert np.isnan(targets_of(["Kazoo"])).all()


def test_apart_is_mutual_and_never_of_kin() -> None:
    names = [*VOCABULARY.names("genre"), "Metal", "Disco", "Funk"]
    for one in names:
        for other in names:
            assert apart(one, other) == apart(other, one)
        assert not apart(one, one)


@pytest.mark.parametrize("table", TABLES)
def test_tables_reach_labels_of_ours(table: Table) -> None:
    reached = [name for name in table.values() if name and has_label(name)]
    assert len(reached) > len(table) / 3
    assert all(name.strip() == name for name in table.values() if name)


def test_spellings_are_read_as_a_table() -> None:
    assert Spellings()["rap"] == Spellings()["HIP HOP"] == "Hip-Hop"
    assert Spellings()["other"] is None
    assert "Kazoo Jazz" not in Spellings()
    assert set(VOCABULARY.names("genre")) <= set(Spellings())


def test_parts_of_a_source_become_folds() -> None:
    assert part_fold("test", "a", has_valid=True) == TEST_FOLD
    assert part_fold("valid", "a", has_valid=True) == VALID_FOLD
    trained = {part_fold("train", str(i), has_valid=True) for i in range(200)}
    assert trained == {2, 3, 4, 5}
    assert {part_fold("train", str(i), has_valid=False) for i in range(200)} == {1, 2, 3, 4, 5}
