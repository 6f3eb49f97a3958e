"""What a person ticked and unticked teaches: as labels, as a table, beside a library's own."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from tagger.errors import DataError, MusicTagError
from tagger.models.model import load_model
from tagger.review.decisions import NAME
from tests.personal_library import write_untagged
from tests.program import musictag
from tests.reviewing import Client, review
from training.data.library.files import from_tags
from training.data.library.own_tags import read_own_tags
from training.data.library.reviews import from_decisions, from_reviewed, with_reviews
from training.data.library.table import dump_table, from_table
from training.data.library.track import Track, gather
from training.finetune.examples import targets_of
from training.finetune.label_mapping import choose_labels, propose

N_FILES = 24
NOTHING = float("nan")


def unexpected(error: MusicTagError) -> None:
    pytest.fail(str(error))


pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def music(tmp_path: Path) -> Path:
    return write_untagged(tmp_path / "music", N_FILES, "artist{i} - {i:02}.flac")


def write_decisions(path: Path, *rows: tuple[Path, str, bool, bool]) -> Path:
    """Rows of file, genre, proposed, accepted."""
    with path.open("a", encoding="utf-8") as file:
        for track, label, proposed, accepted in rows:
            file.write(
                json.dumps({
                    "path": str(track), "kind": "genre", "label": label,
                    "proposed": proposed, "accepted": accepted,
                }) + "\n"
            )  # fmt: skip
    return path


def targets(tracks: list[Track], *names: str) -> list[list[float]]:
    """Targets of each track for some genres."""
    label_map = choose_labels(propose(tracks, load_model("small").card.vocabulary), tracks, 1)
    order = [[label.name for label in label_map.labels].index(name) for name in names]
    return [targets_of(track, label_map)[order].tolist() for track in tracks]


def test_a_decision_speaks_of_its_own_names_alone(music: Path, tmp_path: Path) -> None:
    one, two, three = sorted(music.iterdir())[:3]
    decided = write_decisions(
        tmp_path / NAME,
        (one, "Jazz", True, True), (one, "Rock", True, False), (one, "Pop", False, False),
        (two, "Rock", False, True), (three, "Pop", True, True), (three, "Jazz", True, False),
    )  # fmt: skip
    tracks = gather(from_decisions(decided), unexpected)
    np.testing.assert_equal(
        targets(tracks, "Jazz", "Rock", "Pop"),
        [[1, 0, NOTHING], [NOTHING, 1, NOTHING], [0, NOTHING, 1]],
    )


def test_refusals_alone_are_evidence(music: Path, tmp_path: Path) -> None:
    one, two = sorted(music.iterdir())[:2]
    decided = write_decisions(
        tmp_path / NAME, (one, "Jazz", True, True), (two, "Jazz", True, False)
    )
    tracks = gather(from_decisions(decided), unexpected)
    assert [track.labelled for track in tracks] == [True, False]
    assert all(track.informative for track in tracks)
    assert targets(tracks, "Jazz") == [[1], [0]]


def test_a_table_of_decisions_reads_back_to_the_same_evidence(music: Path, tmp_path: Path) -> None:
    one, two, three = sorted(music.iterdir())[:3]
    decided = write_decisions(
        tmp_path / NAME,
        (one, "Jazz", True, True), (one, "Rock", True, False), (two, "Rock", False, True),
    )  # fmt: skip
    tracks = gather(from_decisions(decided), unexpected)
    tracks.append(Track(three, "ann", {"genre": ("Jazz",)}, unsure={"genre": ("Rock",)}))
    table = tmp_path / "labels.csv"
    table.write_text(dump_table(tracks), encoding="utf-8")
    again = gather(from_table(table), unexpected)
    wanted = [[1, 0], [NOTHING, 1], [1, NOTHING]]
    np.testing.assert_equal(targets(tracks, "Jazz", "Rock"), wanted)
    np.testing.assert_equal(targets(again, "Jazz", "Rock"), wanted)
    assert [track.group for track in again] == [track.group for track in tracks]


def test_decisions_overrule_the_names_of_a_library(music: Path, tmp_path: Path) -> None:
    one, two, three = sorted(music.iterdir())[:3]
    library = [
        Track(one, "a", {"genre": ("Jazz", "Rock")}),
        Track(two, "b", {}, unsure={"genre": ("Jazz",)}),
    ]
    decided = write_decisions(
        tmp_path / NAME,
        (one, "rock", True, False), (one, "Pop", False, True), (two, "Jazz", True, True),
        (three, "Rock", False, True),
    )  # fmt: skip
    tracks = with_reviews(library, gather(from_decisions(decided), unexpected))
    assert [track.path for track in tracks] == [one, two, three]
    np.testing.assert_equal(
        targets(tracks, "Jazz", "Rock", "Pop"),
        [[1, 0, 1], [1, NOTHING, NOTHING], [NOTHING, 1, NOTHING]],
    )


def test_a_review_is_a_persons_word_and_its_export_holds_it(
    music: Path, tmp_path: Path, tiny_card: Path
) -> None:
    with review(music, tmp_path / "data", "--model", tiny_card, "--jobs", 1) as running:
        client = Client(running)
        client.enter(running.link)
        # The person's own word beside, or in place of, what was proposed.
        rows = {Path(row["file"]).stem: row["id"] for row in client.rows()}
        client.api("decide", {"choices": [
            [number, "genre", ["Hum" if int(stem[-2:]) % 2 else "Whistle"]]
            for stem, number in rows.items()
        ]})  # fmt: skip
        client.api("write", {"upto": N_FILES})
        client.until_ended()
    decided = next((tmp_path / "data").rglob(NAME))
    # What was written is in the journal, but a person ticked it: no longer musictag's word alone.
    tracks = gather(from_tags(music, read_own_tags(decided.parent)), unexpected)
    assert all(len(track.of("genre")) == 1 and not track.unsure for track in tracks)
    table = tmp_path / "labels.csv"
    done = musictag("train", decided, "--export", table)
    assert done.exit_code == 0, done.output
    assert f"the labels of {N_FILES} tracks" in done.stderr
    with table.open(newline="", encoding="utf-8") as file:
        exported = list(csv.DictReader(file))
    assert {row["genres"] for row in exported} == {"Hum", "Whistle"}
    assert {row["partial"] for row in exported} == {"genres|instruments"}
    again = musictag("train", decided, "--export", table)
    assert again.exit_code == 1
    assert "is there already" in again.stderr


def test_training_by_decisions_and_by_their_table_is_the_same(
    music: Path, tmp_path: Path, tiny_card: Path
) -> None:
    rows = []
    for path in sorted(music.iterdir()):
        low = int(path.stem[-2:]) % 2 == 1
        rows += [(path, "Hum", True, low), (path, "Whistle", True, not low)]
    decided = write_decisions(tmp_path / NAME, *rows)
    table = tmp_path / "labels.csv"
    assert musictag("train", decided, "--export", table).exit_code == 0
    common = ("--base", tiny_card, "--jobs", 1, "--only-mine")
    for name, source in (
        ("one", (decided,)),
        ("two", (table,)),
        ("three", ("--reviewed", decided)),
    ):
        done = musictag("train", *source, "-o", name, *common)
        assert done.exit_code == 0, done.output
    cards = [load_model(name).card for name in ("one", "two", "three")]
    assert cards[0].vocabulary.names("genre") == ("Hum", "Whistle")
    assert cards[0].metrics["own_genres"]["macro_ap"] > 0.9
    assert len({card.sha256 for card in cards}) == 1
    assert cards[0].rules == cards[1].rules == cards[2].rules


def test_a_plan_nobody_changed_teaches_nothing(
    music: Path, tmp_path: Path, tiny_card: Path
) -> None:
    plan = tmp_path / "plan.json"
    assert musictag("scan", music, "--plan", plan, "--model", tiny_card).exit_code == 0
    with pytest.raises(DataError, match="nobody changed anything in this plan"):
        from_reviewed(plan)
    content = json.loads(plan.read_text("utf-8"))
    content["files"][0]["genres"]["after"] = ["Mine"]
    plan.write_text(json.dumps(content), encoding="utf-8")
    tracks = gather(from_reviewed(plan), unexpected)
    assert len(tracks) == N_FILES
    (mine,) = [track for track in tracks if track.of("genre") == ("Mine",)]
    assert mine.denied("genre") == tuple(content["files"][0]["genres"]["offered"])


def test_labels_that_nothing_is_known_to_lack_are_left_out(
    music: Path, tmp_path: Path, tiny_card: Path
) -> None:
    paths = sorted(music.iterdir())
    decided = write_decisions(tmp_path / NAME, *((path, "Hum", True, True) for path in paths))
    done = musictag("train", decided, "-o", "one", "--base", tiny_card, "--jobs", 1)
    assert done.exit_code == 1
    assert "Hum" in done.stderr.splitlines()[-1]
    assert "nothing is known to be without" in done.stderr.splitlines()[-1]


def test_without_a_review_it_is_one_line(tmp_path: Path, tiny_card: Path) -> None:
    done = musictag("train", "--reviewed", "-o", "mine", "--base", tiny_card)
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 1
    assert "musictag review" in done.stderr


def test_calibrate_takes_the_table_too(music: Path, tmp_path: Path, tiny_card: Path) -> None:
    rows = [(path, "Low", True, path.stem.endswith("3")) for path in sorted(music.iterdir())]
    decided = write_decisions(tmp_path / NAME, *rows)
    table = tmp_path / "labels.csv"
    assert musictag("train", decided, "--export", table).exit_code == 0
    for name, source in (("a", decided), ("b", table)):
        given = ("--model", tiny_card, "-o", name, "--jobs", 1)
        done = musictag("calibrate", "--from", source, *given)
        assert done.exit_code == 0, done.output
    assert load_model("a").card.rules == load_model("b").card.rules
