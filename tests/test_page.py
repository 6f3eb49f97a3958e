"""The HTML report as text: what it may do, and that data stays data. See also test_browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.report.html_page import SCRIPTS, page_text
from tagger.report.page_data import page_json
from tagger.scanning.results import Result
from tagger.writing.plan import TagPlan
from tests.heard_library import VOCABULARY, heard_library, named, plan_for

NOTHING = TagPlan(())
WEB = Path(__file__).parent.parent / "tagger" / "report" / "web"


def embedded(page: str) -> str:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    assert found
    return found[1]


def test_page_may_run_only_its_own_script_and_style() -> None:
    page = page_text(list(heard_library(3)), NOTHING)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="(.*?)"', page)
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    for element, directive in (("style", "style-src"), ("script", "script-src")):
        (content,) = re.findall(f"<{element}>(.*?)</{element}>", page, re.S)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy


def test_page_loads_nothing() -> None:
    page = page_text([], NOTHING)
    assert not re.findall(r"https?:|<link|<iframe|@import|url\(", page)


def test_script_never_makes_markup_of_text() -> None:
    script = "".join((WEB / name).read_text("utf-8") for name in SCRIPTS)
    assert not re.findall(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", script)
    assert {path.name for path in WEB.glob("*.js")} == set(SCRIPTS)


@given(st.text())
def test_data_cannot_leave_its_block(text: str) -> None:
    (result,) = heard_library(1)
    results = [named(result, "x" + text.replace("\0", ""))]
    data = page_json(results, plan_for(results))
    assert not set("<>&\u2028\u2029") & set(data)
    assert json.loads(data)["tracks"][0]["title"] == "x" + text.replace("\0", "")


@pytest.mark.parametrize("text", ["</script><script>alert(1)</script>", "<!--<script>", "@@data@@"])
def test_hostile_names_come_back_as_they_were(text: str) -> None:
    (result,) = heard_library(1)
    page = page_text([named(result, text)], plan_for([named(result, text)]))
    assert json.loads(embedded(page))["tracks"][0]["title"] == text
    assert page.count("<script") == 2


def test_slice_scores_are_bytes() -> None:
    (result,) = heard_library(1)
    assert result.track
    (track,) = json.loads(page_json([result], NOTHING))["tracks"]
    scores = base64.b64decode(track["slices"])
    assert len(scores) == len(track["starts"]) * len(VOCABULARY)
    assert scores[0] == round(float(result.track.slices.values[0, 0]) * 255)


def test_twenty_thousand_tracks_make_a_page_of_some_twenty_megabytes() -> None:
    results = list(heard_library(500))
    assert len(page_json(results, plan_for(results))) / 500 < 1100


def test_page_of_failures_only() -> None:
    data = json.loads(embedded(page_text([Result(Path("bad.mp3"), error="not audio")], NOTHING)))
    assert data["model"] is None
    assert data["tracks"][0]["error"] == "not audio"
