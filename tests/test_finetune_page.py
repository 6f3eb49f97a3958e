from __future__ import annotations

import base64
import hashlib
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tagger.vocabulary import Label
from training.evaluation.bootstrap import Interval
from training.finetune.report_page import page_text
from training.finetune.summary import Evaluation, LabelResult, Point
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
