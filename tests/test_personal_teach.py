"""`musictag train --like`: one label from a handful of examples."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result

from tagger.models.model import load_model
from tagger.scanning.parallel import scan
from tagger.scanning.settings import Settings
from tests.personal_library import write_folders
from tests.program import musictag

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folders(tmp_path_factory.mktemp("teach") / "music", each=12)


def teach(card: Path, *arguments: object) -> Result:
    return musictag("train", "--like", "Late Night", "--base", card, "--jobs", 1, *arguments)


def test_a_handful_of_examples_makes_a_label_and_names_what_is_like_them(
    music: Path, tiny_card: Path
) -> None:
    bright = sorted((music / "Bright").rglob("*.wav"))
    given, left_out = bright[::2], bright[1::2]
    done = teach(tiny_card, *given, "--among", music)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Late Night: average precision ")
    assert "among 30 other tracks; guessing 0.17" in lines[0]
    assert "6 examples of 6 artists are too few" in lines[1]
    first = lines.index(next(x for x in lines if x.startswith("To confirm")))
    named = "\n".join(lines[first + 1 : first + 7])
    assert all(str(path) in named for path in left_out)
    assert not any(str(path) in done.stdout for path in given)
    model = load_model("late-night")
    assert model.card.vocabulary.names("genre")[0] == "Late Night"
    assert {"Low", "High"} <= set(model.card.vocabulary.names("genre"))


def test_the_label_is_found_in_tracks_that_were_no_examples(music: Path, tiny_card: Path) -> None:
    bright = sorted((music / "Bright").rglob("*.wav"))
    done = teach(tiny_card, *bright[:10], "--among", music / "Deep", "-o", "mine")
    assert done.exit_code == 0, done.output
    paths = sorted(music.rglob("*.wav"))
    tracks = [result.track for result in scan(paths, Settings("mine"), 1)]
    scores = [track.scores.by_name("genre")["Late Night"] for track in tracks if track]
    chances = dict(zip(paths, scores, strict=True))
    least = min(chances[path] for path in bright[10:])
    assert least > max(chances[path] for path in paths if "Deep" in path.parts)


def test_what_was_embedded_before_is_what_it_is_told_from(music: Path, tiny_card: Path) -> None:
    deep, buzz = (sorted((music / name).rglob("*.wav")) for name in ("Deep", "Buzz"))
    assert teach(tiny_card, *deep, "--among", music, "-o", "one").exit_code == 0
    done = teach(tiny_card, *deep, "--unlike", buzz[0], "-o", "two")
    assert done.exit_code == 0, done.output
    assert "among 24 other tracks" in done.stdout
    assert str(buzz[0]) not in done.stdout


def test_bad_input_is_a_line_each(music: Path, tmp_path: Path, tiny_card: Path) -> None:
    deep = sorted((music / "Deep").rglob("*.wav"))
    nothing = teach(tiny_card, *deep)
    assert nothing.exit_code == 1
    assert "--among FOLDER" in nothing.stderr.splitlines()[-1]
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no sound")
    few = teach(tiny_card, deep[0], broken, tmp_path / "gone.wav", "--among", music)
    assert few.exit_code == 1
    assert sum(str(path) in few.stderr for path in (broken, tmp_path / "gone.wav")) == 2
    assert "Late Night (1)" in few.stderr.splitlines()[-1]
    assert teach(tiny_card).exit_code == 2
    assert musictag("train", music, "-o", "x", "--among", music).exit_code == 2


def test_examples_of_one_artist_are_said_to_be(music: Path, tiny_card: Path) -> None:
    pair = sorted((music / "Deep" / "artist 0-0").rglob("*.wav"))
    named = []
    for i, path in enumerate(pair):
        named.append(path.with_name(f"Ann - {i}.wav"))
        path.rename(named[-1])
    try:
        done = teach(tiny_card, *named, "--among", music / "Buzz")
    finally:
        for path, back in zip(named, pair, strict=True):
            path.rename(back)
    assert done.exit_code == 0, done.output
    assert "All examples are of one artist" in done.stdout
    assert "Late Night" in load_model("late-night").card.vocabulary.names("genre")
