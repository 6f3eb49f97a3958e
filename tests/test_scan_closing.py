"""A scan always has an answer: guesses, what to do about them, and what would be written."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from click.testing import Result as Done

from tagger.cli import main
from tagger.inference.aggregation import TrackScores
from tagger.inference.thresholds import Choice, choose_candidates, choose_tags
from tagger.models.card import LabelRule, ModelCard
from tagger.models.model import Model
from tagger.report.closing import Closing
from tagger.scanning.results import Result
from tagger.tags.reader import FileTags
from tagger.vocabulary import Kind, Label, Vocabulary
from tests.heard_library import heard_library

MOST: dict[Kind, int] = {"genre": 2, "instrument": 5}


def card_of(tiny: Model, *rules: LabelRule) -> ModelCard:
    labels = tuple(Label("genre", f"G{i}") for i in range(len(rules)))
    return replace(
        tiny.card, vocabulary=Vocabulary(labels), rules=rules, self_test=(0.0,) * len(rules)
    )


def scores(card: ModelCard, *values: float) -> TrackScores:
    return TrackScores(np.array(values, dtype=np.float32), card.vocabulary)


MEASURED = LabelRule(1, 0, 0.5)
EXPERIMENTAL = LabelRule(1, 0, 0.5, evidence="experimental")


def test_experimental_labels_only_fill_places_that_measured_ones_leave(tiny: Model) -> None:
    card = card_of(tiny, EXPERIMENTAL, MEASURED, EXPERIMENTAL, MEASURED)
    choice = Choice(MOST, experimental=True)
    tags = choose_tags(scores(card, 0.99, 0.6, 0.98, 0.1), card, choice)
    assert [tag.name for tag in tags] == ["G0", "G1"]
    tags = choose_tags(scores(card, 0.99, 0.6, 0.98, 0.7), card, choice)
    assert [tag.name for tag in tags] == ["G3", "G1"]


def test_candidates_are_the_most_probable_labels_that_are_not_given(tiny: Model) -> None:
    card = card_of(tiny, MEASURED, MEASURED, EXPERIMENTAL, MEASURED)
    found, choice = scores(card, 0.9, 0.2, 0.45, 0.4), Choice(MOST)
    tags = choose_tags(found, card, choice)
    assert [c.name for c in choose_candidates(found, card, choice, tags)] == ["G3", "G1"]
    assert choose_candidates(scores(card, 0, 0, 0, 0), card, choice, ()) == ()
    without = Choice({"genre": 0, "instrument": 5})
    assert choose_candidates(found, card, without, ()) == ()


def closing_of(tiny: Model, choice: Choice, *values: float) -> Closing:
    card = card_of(tiny, LabelRule(1, 0, 0.5, precise=0.9), EXPERIMENTAL)
    closing = Closing(card, choice)
    for value in values:
        (heard,) = heard_library(1)
        assert heard.track
        track = replace(heard.track, tags=(), scores=scores(card, value, 0.6))
        closing.add(Result(Path("a.mp3"), FileTags(audio="a"), track))
    return closing


def test_closing_names_the_option_that_would_tag_most(tiny: Model) -> None:
    closing = closing_of(tiny, Choice(MOST), 0.6, 0.7, 0.1)
    assert [*closing.unsure_lines()] == [
        "3 files have no sure genre; --profile balanced would tag 2 of them"
    ]
    closing = closing_of(tiny, Choice(MOST), 0.1)
    assert [*closing.unsure_lines()] == [
        "1 file has no sure genre; --experimental would tag 1 of them"
    ]
    unknown = Choice(MOST, min_confidence=0.95)
    assert [*closing_of(tiny, unknown, 0.1).unsure_lines()] == ["1 file has no sure genre"]
    assert [*closing_of(tiny, Choice(MOST)).unsure_lines()] == []
    assert [*closing_of(tiny, Choice({"genre": 0, "instrument": 5}), 0.1).unsure_lines()] == []


def musictag(*arguments: object) -> Done:
    return CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)


def test_shipped_model_has_an_answer_in_every_row_and_a_way_on(demo: Path) -> None:
    done = musictag("scan", demo)
    cells = [line for line in done.stdout.splitlines() if re.match(r"  \d\d ", line)]
    assert len(cells) == 12
    assert "(?)" not in done.stdout
    assert re.search(r"^\d+ files have no sure genre; --profile balanced would tag \d+ of them$",
                     done.stderr, re.MULTILINE)  # fmt: skip
    assert "12 classified by small-" in done.stderr
    last = done.stderr.splitlines()[-1]
    assert re.fullmatch(
        r"nothing was written; --write would fill empty fields of \d+ files, after asking", last
    )


def test_balanced_gives_what_the_closing_line_said(demo: Path) -> None:
    said = re.search(r"(\d+) files have no sure genre; --profile balanced would tag (\d+)",
                     musictag("scan", demo).stderr)  # fmt: skip
    assert said
    done = musictag("scan", demo, "--profile", "balanced")
    left = re.search(r"(\d+) files? ha", done.stderr)
    assert left
    assert int(said[1]) - int(said[2]) == int(left[1])


def test_only_genres_are_by_album(demo: Path, tiny_card: Path, tmp_path: Path) -> None:
    music = shutil.copytree(demo / "Lindenhof Ensemble", tmp_path / "music")
    arguments = ["scan", music, "--mode", "replace", "--model", tiny_card]
    by_track = musictag(*arguments).stdout
    mixed = musictag(*arguments, "--level", "genres=album").stdout
    by_album = musictag(*arguments, "--level", "album").stdout

    def values(text: str, field: str) -> list[str]:
        return [line.split("-> ")[1] for line in text.splitlines() if f"{field}: " in line]

    assert values(mixed, "genres") == values(by_album, "genres")
    assert values(mixed, "instruments") == values(by_track, "instruments")
    assert values(by_album, "instruments") != values(by_track, "instruments")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('only = ["Hihg"]', "only: the model has no label 'Hihg'; did you mean High?"),
        (
            'ignore = ["Xyz"]',
            "ignore: the model has no label 'Xyz'; musictag labels lists them",
        ),
        ('[aliases]\nLo = "Deep"', "aliases: the model has no label 'Lo'; did you mean Low?"),
        ('[parents]\nHgh = "Air"', "parents: the model has no label 'Hgh'; did you mean High?"),
    ],
)
def test_label_that_the_model_does_not_know_is_an_error(
    text: str, hint: str, demo: Path, tiny_card: Path, tmp_path: Path
) -> None:
    taste = tmp_path / "taste.toml"
    taste.write_text(text)
    done = musictag("scan", demo, "--taste", taste, "--model", tiny_card)
    assert done.exit_code == 1
    assert done.stderr == f"Error: {taste}: {hint}\n"  # before any file was classified


def test_missing_model_begins_no_table(demo: Path) -> None:
    done = musictag("scan", demo, "--model", "none")
    assert (done.exit_code, done.stdout) == (3, "")
