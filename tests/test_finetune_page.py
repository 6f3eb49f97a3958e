from __future__ import annotations

import base64
import hashlib
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tagger.vocabulary import Label, Vocabulary
from training.evaluation.bootstrap import Interval
from training.evaluation.calibration import Bin
from training.finetune.examples import Examples
from training.finetune.report_page import page_text
from training.finetune.summary import (
    Evaluation,
    LabelCurve,
    LabelResult,
    Point,
    Predictions,
    label_curves,
)
from training.finetune.suspects import Suspect

SUSPECT = Path("/music/a <b> & 'c'.mp3")
HOSTILE = "<script>alert('&\"')</script>\x1b[2J"


@pytest.fixture
def evaluation() -> Evaluation:
    one = Interval(0.5, 0.4, 0.6)
    labels = tuple(
        LabelResult(Label("genre", name), 20, 5, 0.5, before, one, before, one)
        for name, before in (("Jazz", one), ("Sleep & Co", None))
    )
    return Evaluation(
        labels=labels,
        before=one,
        after=Interval(0.7, 0.6, 0.8),
        gain=Interval(0.2, 0.1, 0.3),
        curve=(Point(10, 0.6, (0.6, 0.6)), Point(20, 0.7, (0.7, 0.7))),
        advice=((labels[1].label, 0.05),),
        confusion={"genre": ((3, 1), (0, 4))},
        suspects=(Suspect(SUSPECT, (HOSTILE,), (("Rock", 0.9),), (), 1.0),),
    )


def test_page_is_well_formed_and_tells_everything(evaluation: Evaluation) -> None:
    page = page_text("mine", evaluation, ["left out: b.mp3"])
    root = ET.fromstring(re.sub(r"<!doctype html>|<meta[^>]*>", "", page))
    text = " ".join(root.itertext())
    for told in (
        "mine: how it hears your labels",
        "Sleep & Co",
        "0.70",
        "left out: b.mp3",
        "+0.050",
    ):
        assert told in text
    headings = [element.text for element in root.iter("h2")]
    assert "Given genre (row) and most probable genre (column)" in headings
    link = next(element for element in root.iter("a"))
    assert link.get("href") == SUSPECT.as_uri()
    assert link.text == str(SUSPECT)


def test_page_escapes_what_people_and_files_are_called(evaluation: Evaluation) -> None:
    page = page_text(HOSTILE, evaluation, [HOSTILE])
    assert "<script" not in page
    assert "\x1b" not in page
    assert page.count("&lt;script&gt;") == 4  # title, heading, reason and note


def test_page_allows_its_own_style_alone(evaluation: Evaluation) -> None:
    page = page_text("mine", evaluation, [])
    style = page[page.index("<style>") + 7 : page.index("</style>")]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src &#39;none&#39;; style-src &#39;sha256-{digest}&#39;" in page
    assert "Left out and noted" not in page


def test_page_shows_what_people_expect_as_pictures(evaluation: Evaluation) -> None:
    shown = replace(
        evaluation,
        curves=(LabelCurve(Label("genre", "A <& B"), 0.8, 0.2, ((0.5, 1.0), (1.0, 0.5))),),
        bins=(Bin(0.1, 0.0, 9), Bin(0.9, 1.0, 4)),
        curve=(Point(10, 0.6, (0.6,), Interval(0.6, 0.5, 0.7)), Point(40, 0.8, (0.8,))),
    )
    page = page_text("mine", shown, [])
    root = ET.fromstring(re.sub(r"<!doctype html>|<meta[^>]*>", "", page))
    pictures = root.findall(".//{http://www.w3.org/2000/svg}svg")
    lines = [
        [line.get("points") for line in picture.iter("{http://www.w3.org/2000/svg}polyline")]
        for picture in pictures
    ]
    # A panel is 150 pixels wide and high, from (34, 24); below, half the height is 99.
    assert lines[0] == ["34,144 184,144", "109,24 184,99"]
    assert lines[1] == ["34,174 184,24", "49,174 169,24"]
    assert lines[2] == ["34,84 184,54"]
    assert "A &lt;&amp; B 0.80" in page
    assert "prefers-color-scheme: dark" in page


def test_precision_by_recall_follows_the_ranking() -> None:
    labels = Vocabulary((Label("genre", "A"), Label("genre", "All")))
    targets = np.array([[1, 1], [0, 1], [1, 1], [0, 1], [np.nan, 1]], np.float32)
    chances = np.array([[0.9, 0.5], [0.8, 0.5], [0.7, 0.5], [0.1, 0.5], [0.95, 0.5]], np.float32)
    nothing = np.zeros((5, 1), np.float32)
    paths = tuple(Path(name) for name in "abcde")
    examples = Examples(paths, tuple("abcde"), labels, targets, nothing, nothing, np.arange(5))
    sure = Predictions(chances, chances > 0.5, np.ones(2, bool))
    (curve,) = label_curves(examples, sure)  # every track has the other
    assert curve.points == ((0.5, 1.0), (0.5, 0.5), (1.0, 0.667), (1.0, 0.5))
    assert curve.ap == pytest.approx((1 + 2 / 3) / 2)
    assert curve.share == 0.5
