"""What musictag wrote itself is no evidence, unless a person made it theirs."""

from __future__ import annotations

import shutil
from pathlib import Path

import mediafile
import numpy as np
import pytest
import soundfile

from tagger.errors import MusicTagError
from tests.personal_library import RATE, sound
from tests.program import musictag
from training.data.library.files import from_tags
from training.data.library.own_tags import read_own_tags
from training.data.library.track import Track, gather

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def music(tmp_path: Path) -> Path:
    for i in range(6):
        path = tmp_path / "music" / f"{i}.flac"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, sound("Deep" if i % 2 else "Bright", i), RATE)
    return tmp_path / "music"


def write_tags(music: Path, card: Path, *options: str) -> None:
    done = musictag("scan", music, "--write", "--yes", "--model", card, *options)
    assert done.exit_code == 0, done.output


def read(music: Path) -> list[Track]:
    def unexpected(error: MusicTagError) -> None:
        pytest.fail(str(error))

    return gather(from_tags(music, read_own_tags()), unexpected)


def set_genres(path: Path, *genres: str) -> None:
    file = mediafile.MediaFile(path)
    file.genres = list(genres)
    file.save()


def test_library_tagged_by_musictag_alone_teaches_nothing_and_says_so(
    music: Path, tiny_card: Path
) -> None:
    write_tags(music, tiny_card)
    assert not any(track.labelled for track in read(music))
    given = ("train", music, "-o", "mine", "--base", tiny_card, "--jobs", 1, "--min-tracks", 2)
    done = musictag(*given)
    assert done.exit_code == 1
    assert "6 of 6 tracks have tags that musictag wrote and nobody changed" in done.stderr
    assert "no track has a label to learn from" in done.stderr
    done = musictag(*given, "--trust-own-tags")
    assert done.exit_code == 0, done.output
    assert "musictag wrote" not in done.stderr


def test_field_that_somebody_edited_is_theirs(music: Path, tiny_card: Path) -> None:
    write_tags(music, tiny_card)
    set_genres(music / "1.flac", "Low", "Cellar")
    tracks = {track.path.name: track for track in read(music)}
    assert tracks["1.flac"].of("genre") == ("Low", "Cellar")
    assert tracks["1.flac"].of("instrument") == ()
    assert [name for name, track in tracks.items() if track.labelled] == ["1.flac"]


def test_names_that_were_there_before_stay_evidence(music: Path, tiny_card: Path) -> None:
    set_genres(music / "1.flac", "Cellar")
    write_tags(music, tiny_card, "--mode", "merge")
    track = next(track for track in read(music) if track.path.name == "1.flac")
    assert track.of("genre") == ("Cellar",)
    assert track.unsure["genre"] == ("Low",), "nobody says whether it holds"


def test_file_that_was_moved_or_copied_is_known_by_its_sound(
    music: Path, tiny_card: Path, tmp_path: Path
) -> None:
    write_tags(music, tiny_card)
    shutil.copytree(music, tmp_path / "moved")
    assert not any(track.labelled for track in read(tmp_path / "moved"))


def test_provenance_tells_where_there_is_no_journal(
    music: Path, tiny_card: Path, tmp_path: Path
) -> None:
    write_tags(music, tiny_card, "--provenance")
    shutil.rmtree(tmp_path / "data")
    assert not any(track.labelled for track in read(music))


def test_undone_run_leaves_no_trace(music: Path, tiny_card: Path) -> None:
    set_genres(music / "1.flac", "Cellar")
    write_tags(music, tiny_card, "--mode", "replace")
    assert musictag("undo", "--yes").exit_code == 0
    tracks = [track for track in read(music) if track.labelled]
    assert [track.of("genre") for track in tracks] == [("Cellar",)]
    np.testing.assert_equal(tracks[0].unsure, {})
