"""`musictag calibrate` by what was decided in a review."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tagger.cli import main
from tagger.models.card import load_card
from tagger.models.model import load_model
from tagger.review.decisions import NAME
from tests.personal_library import write_untagged
from tests.reviewing import Client, review

N_FILES = 16


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appdirs.user_data_dir", lambda *_, **__: str(tmp_path / "models"))
    monkeypatch.setattr("appdirs.user_cache_dir", lambda *_, **__: str(tmp_path / "cache"))


@pytest.fixture
def music(tmp_path: Path) -> Path:
    return write_untagged(tmp_path / "music", N_FILES, "{i:02}.flac")


def reviewed(music: Path, data: Path, card: Path, *, refuse: str = "") -> Path:
    """The decisions of a review that writes all that is proposed but one name."""
    with review(music, data, "--model", card, "--jobs", 1) as running:
        client = Client(running)
        client.enter(running.link)
        choices = []
        for row in client.rows():
            ticked = [option[0] for option in row["genre"]["options"] if option[-1]]
            if refuse in ticked:
                choices.append([row["id"], "genre", [name for name in ticked if name != refuse]])
        client.api("decide", {"choices": choices})
        client.api("write", {"upto": N_FILES})
        client.until_ended()
    return next(data.rglob(NAME))


def calibrate(source: Path, card: Path) -> Result:
    arguments = ["calibrate", "--from", source, "--model", card, "-o", "mine", "--jobs", 1]
    return CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)


def test_what_was_unticked_raises_its_threshold(
    music: Path, tmp_path: Path, tiny_card: Path
) -> None:
    decided = reviewed(music, tmp_path / "data", tiny_card, refuse="Low")
    (music / "00.flac").unlink()
    done = calibrate(decided, tiny_card)
    assert done.exit_code == 0, done.output
    old, new = load_card(tiny_card), load_model("mine").card
    assert new.rules[0].threshold > old.rules[0].threshold
    assert "refused 8" in next(x for x in done.stdout.splitlines() if " Low " in x)
    assert f"{N_FILES - 1} reviewed tracks" in new.data
    assert f"{music / '00.flac'}: no such file (it is in the decisions)" in done.stderr


def test_a_review_without_a_change_moves_nothing(
    music: Path, tmp_path: Path, tiny_card: Path
) -> None:
    done = calibrate(reviewed(music, tmp_path / "data", tiny_card), tiny_card)
    assert done.exit_code == 0, done.output
    assert load_model("mine").card.rules == load_card(tiny_card).rules


def test_the_last_word_counts(music: Path, tmp_path: Path, tiny_card: Path) -> None:
    decided = reviewed(music, tmp_path / "data", tiny_card, refuse="Low")
    rows = [json.loads(line) for line in decided.read_text("utf-8").splitlines()]
    with decided.open("a", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps({**row, "run": 99, "accepted": row["proposed"]}) + "\n")
    assert calibrate(decided, tiny_card).exit_code == 0
    assert load_model("mine").card.rules == load_card(tiny_card).rules


@pytest.mark.parametrize("content", [b'{"path": "a.flac"}\n', b"[1]\n", b"", b"\xff\xfe\n"])
def test_another_file_is_one_line(content: bytes, tmp_path: Path, tiny_card: Path) -> None:
    path = tmp_path / "other.jsonl"
    path.write_bytes(content)
    done = calibrate(path, tiny_card)
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 1
    assert str(path) in done.stderr
