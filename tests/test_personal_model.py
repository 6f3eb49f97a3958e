"""A library teaches a model its labels, through the commands a person types."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from click.testing import Result

from tagger.models import store
from tagger.models.card import load_card
from tagger.models.model import chosen_model, load_model, user_models
from tagger.models.self_test import TOLERANCE, self_test_scores
from tagger.scanning.parallel import scan
from tagger.scanning.settings import Settings
from tests.personal_library import write_changing, write_folders, write_table
from tests.program import musictag
from tests.tiny_model import write_tiny_model

AUDIO = {".mp3", ".flac", ".ogg", ".opus", ".m4a", ".wav"}


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folders(tmp_path_factory.mktemp("personal") / "music")


def train(source: Path, card: Path, *options: object) -> Result:
    return musictag("train", source, "--base", card, "--jobs", 1, *options)


def test_folders_become_a_model_that_knows_their_labels(
    home: Path, music: Path, tiny_card: Path
) -> None:
    before = {path: path.read_bytes() for path in music.rglob("*.wav")}
    done = train(music, tiny_card, "--folders", "-o", "mine", "--only-mine")
    assert done.exit_code == 0, done.output
    model = load_model("mine")
    assert set(model.card.vocabulary.names("genre")) == {"Deep", "Bright", "Buzz"}
    assert model.card.metrics["own_genres"]["macro_ap"] > 0.9
    np.testing.assert_allclose(self_test_scores(model), model.card.self_test, atol=TOLERANCE)
    assert str(music) not in store.card_path("mine").read_text()
    assert {path: path.read_bytes() for path in music.rglob("*.wav")} == before
    # Nothing of the sort was known before, so it is better, and used from now on.
    assert chosen_model() == "mine"
    records = musictag("scan", music / "Deep", "--json").stdout.splitlines()
    assert [json.loads(r)["tags"]["genres"] for r in records] == [["Deep"]] * 12
    assert "Deep" in musictag("explain", next(music.rglob("*.wav"))).stdout


def test_base_labels_stay_as_they_were_beside_new_ones(
    home: Path, music: Path, tiny_card: Path
) -> None:
    done = train(music, tiny_card, "--folders", "-o", "both")
    assert done.exit_code == 0, done.output
    assert set(load_model("both").card.vocabulary.names("genre")) == {
        "Deep", "Bright", "Buzz", "Low", "High",
    }  # fmt: skip


@pytest.mark.parametrize("gear", [("--fast",), ("--full", "--steps", "20", "--force")])
def test_kept_labels_are_those_of_the_base_model(home: Path, gear: tuple[str, ...]) -> None:
    """Where a part of the slices has a say, a vote over all of them would be another."""
    card = write_tiny_model(home, vote_shares={"genre": 1.0, "instrument": 0.5})
    music = write_changing(home / "changing")
    done = train(music, card, "--folders", "-o", "both", "--min-tracks", 5, *gear)
    assert done.exit_code == 0, done.output
    paths = sorted(music.rglob("*.wav"))
    base, mine = (scores_of(paths, name) for name in (str(card), "both"))
    kept = load_card(card).vocabulary.labels
    columns = [load_model("both").card.vocabulary.labels.index(label) for label in kept]
    np.testing.assert_allclose(mine[:, columns], base, atol=1e-6)
    assert load_model("both").card.vote_shares == load_card(card).vote_shares


def test_kept_labels_are_those_of_the_shipped_model(home: Path, demo: Path) -> None:
    paths = sorted(path for path in demo.rglob("*") if path.suffix in AUDIO)
    with (home / "t.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "genres", "artist"])
        rows.writerows([path, "Even" if i % 2 else "Odd", i] for i, path in enumerate(paths))
    done = musictag("train", home / "t.csv", "-o", "both", "--min-tracks", 2, "--jobs", 1)
    assert done.exit_code == 0, done.output
    base, mine = (scores_of(paths, name) for name in ("small", "both"))
    labels = load_model("both").card.vocabulary.labels
    columns = [labels.index(label) for label in load_model("small").card.vocabulary.labels]
    assert len(paths) >= 10
    np.testing.assert_allclose(mine[:, columns], base, atol=1e-6)


def test_planted_duplicate_under_two_labels_is_named(home: Path, demo: Path) -> None:
    paths = sorted(path for path in demo.rglob("*") if path.suffix in AUDIO)
    copy = home / f"copy{paths[0].suffix}"
    copy.write_bytes(paths[0].read_bytes())
    with (home / "t.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "genres", "artist"])
        rows.writerows([path, "Odd" if i % 2 else "Even", i] for i, path in enumerate(paths))
        rows.writerow([copy, "Odd", "somebody"])
    done = musictag("train", home / "t.csv", "-o", "both", "--min-tracks", 2, "--jobs", 1)
    assert done.exit_code == 0, done.output
    (named,) = [
        line for line in done.stderr.splitlines() if "sound the same" in line and "(" in line
    ]
    assert f"{paths[0].name} (Even) and " in named
    assert f"{copy.name} (Odd) sound the same" in named


def scores_of(paths: list[Path], model: str) -> npt.NDArray[np.float32]:
    """The probabilities of a scan."""
    tracks = [result.track for result in scan(paths, Settings(model), 1)]
    return np.stack([track.scores.values for track in tracks if track])


def test_a_run_that_was_stopped_makes_the_same_model(
    home: Path, music: Path, tiny_card: Path
) -> None:
    whole = ["--folders", "-o", "whole"]
    train(music, tiny_card, *whole)
    cache = home / "cache" / "embeddings"
    kept = sorted(cache.rglob("*.npz"))
    for path in kept[::3]:  # what a killed run had not come to yet
        path.unlink()
    train(music, tiny_card, "--folders", "-o", "again")
    sums = [load_model(name).card.sha256 for name in ("whole", "again")]
    assert sums[0] == sums[1]
    assert load_model("whole").card.rules == load_model("again").card.rules


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_killed_at_any_moment_and_started_again(home: Path, music: Path, tiny_card: Path) -> None:
    arguments = ["train", str(music), "--folders", "--base", str(tiny_card), "--jobs", "1"]
    code = (
        "import appdirs, sys\n"
        f"appdirs.user_data_dir = lambda *_, **__: {str(home / 'data')!r}\n"
        f"appdirs.user_cache_dir = lambda *_, **__: {str(home / 'cache')!r}\n"
        "from tagger.cli import main\nmain(sys.argv[1:])"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", code, *arguments, "-o", "killed"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    embeddings = home / "cache" / "embeddings"
    while len(list(embeddings.rglob("*.npz"))) < 9 and running.poll() is None:
        pass
    running.kill()
    running.wait()
    assert not store.card_path("killed").exists()
    train(music, tiny_card, "--folders", "-o", "killed")
    for path in embeddings.rglob("*.npz"):
        path.unlink()
    train(music, tiny_card, "--folders", "-o", "whole")
    assert load_model("killed").card.sha256 == load_model("whole").card.sha256


def test_wrong_labels_are_found_and_linked(home: Path, music: Path, tiny_card: Path) -> None:
    wrong = sorted(music.rglob("*.wav"))[3]
    table = write_table(home / "t.csv", music, **{str(wrong.relative_to(music)): "Deep"})
    done = train(table, tiny_card, "-o", "mine")
    suspects = done.stdout.split("mislabelled")[1].splitlines()[1:]
    assert str(wrong) in suspects[0]
    page = (user_models() / "mine" / "report.html").read_text()
    assert wrong.as_uri() in page
    assert "<script" not in page


def test_no_better_than_the_base_is_said_and_does_not_replace_it(
    home: Path, music: Path, tiny_card: Path
) -> None:
    """Labels that mean what the base model's own mean cannot be heard better than perfectly."""
    table = home / "t.csv"
    with table.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "genres", "artist"])
        for path in sorted(music.rglob("*.wav")):
            genre = {"Deep": "Low", "Bright": "High"}.get(path.relative_to(music).parts[0])
            if genre:
                rows.writerow([path, genre, path.parent.name])
    done = train(table, tiny_card, "-o", "same")
    assert "not shown to be better" in done.stdout
    assert chosen_model() == "small"
    forced = train(table, tiny_card, "-o", "same", "--replace", "--force")
    assert forced.exit_code == 0
    assert chosen_model() == "same"


def test_table_of_labels_is_written_edited_and_used(
    home: Path, music: Path, tiny_card: Path
) -> None:
    names = home / "names.csv"
    done = train(music, tiny_card, "--folders", "-o", "mine", "--labels", names)
    assert "edit it" in done.stderr
    assert not store.card_path("mine").exists()
    text = names.read_text()
    names.write_text(
        text.replace("Deep,12,Deep,", "Deep,12,Cellar,Low").replace("12,Buzz,", "12,,")
    )
    done = train(music, tiny_card, "--folders", "-o", "mine", "--labels", names, "--only-mine")
    assert done.exit_code == 0, done.output
    assert set(load_model("mine").card.vocabulary.names("genre")) == {"Cellar", "Bright"}
    names.write_text(text.replace("Deep,12,Deep,", "Deep,12,Cellar,Lower"))
    done = train(music, tiny_card, "--folders", "-o", "other", "--labels", names)
    assert re.search(
        r"names.csv: line \d: the base model has no 'Lower', but Low, High", done.stderr
    )


def test_rare_labels_are_named_and_left_out(home: Path, music: Path, tiny_card: Path) -> None:
    one = sorted(music.rglob("*.wav"))[0]
    table = write_table(home / "t.csv", music, **{str(one.relative_to(music)): "Lonely"})
    done = train(table, tiny_card, "-o", "mine")
    assert "left out, with fewer than 10 tracks: Lonely (1)" in done.stderr
    assert "Lonely" not in load_model("mine").card.vocabulary.names("genre")


def test_suggestions_are_unlabelled_tracks_one_a_line(
    home: Path, music: Path, tiny_card: Path
) -> None:
    table = write_table(home / "t.csv", music)
    lines = table.read_text().splitlines()
    hidden = {i for i in range(1, len(lines)) if i % 6 == 0}
    for i in hidden:
        path, _, artist = lines[i].rsplit(",", 2)
        lines[i] = f"{path},,{artist}"
    table.write_text("\n".join(lines) + "\n")
    done = train(table, tiny_card, "--suggest", 3)
    assert done.exit_code == 0, done.output
    named = done.stdout.splitlines()
    assert len(named) == len(set(named)) == 3
    assert all(any(name in lines[i] for i in hidden) for name in named)


def test_wrong_use_is_said(home: Path, music: Path, tiny_card: Path) -> None:
    assert musictag("train").exit_code == 2
    assert musictag("train", music, "--beets").exit_code == 2
    assert "-o NAME" in musictag("train", music).stderr
    for name in ("small", "../up", "a/b", "default", ""):
        done = train(music, tiny_card, "--folders", "-o", name)
        assert done.exit_code == 3, name
    card = write_tiny_model(home)
    store.add(card, "mine")
    assert "--replace" in train(music, tiny_card, "--folders", "-o", "mine").stderr
