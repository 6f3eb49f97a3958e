"""The HTML report in a real browser: Debian's Chromium, driven by Playwright.

With MUSICTAG_SCREENSHOTS=docs the pictures of docs/ are made anew.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import numpy as np
import pytest

from tagger.demo import write_audio
from tagger.report.files import write_report
from tagger.scanning.results import Result
from tagger.writing.plan import TagPlan
from tagger.writing.plan_json import parse_plan, record_of
from tests.chromium import Page, downloaded
from tests.heard_library import heard_library, named, plan_for

HOSTILE = "<img src=x onerror=alert(1)>"
N_TRACKS = 2000


@pytest.fixture(scope="module")
def results() -> list[Result]:
    heard = list(heard_library(N_TRACKS))
    heard[15] = named(heard[15], HOSTILE)
    heard[17] = Result(heard[17].path, error="not an audio file")
    return heard


@pytest.fixture(scope="module")
def report(results: list[Result], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(path, results, plan_for(results))
    return path


@pytest.fixture
def page(browser: Any, report: Path) -> Iterator[Page]:
    """The report, opened; whatever it does that it must not fails the test."""
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    wrong: list[str] = []
    opened.on("request", lambda request: wrong.append(f"request {request.url}"))
    opened.on("pageerror", lambda error: wrong.append(f"error {error}"))
    opened.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    opened.on("dialog", lambda dialog: wrong.append(f"dialog {dialog.message}"))
    opened.goto(report.as_uri())
    yield opened
    opened.close()
    assert wrong == [f"request {report.as_uri()}"]


def row(page: Page, results: list[Result], file: dict[str, Any]) -> Any:
    at = next(i for i, result in enumerate(results) if str(result.path) == file["path"])
    return page.locator(f"tr[data-row='{at}']")


def shown_count(page: Page) -> str:
    return str(page.inner_text("#count"))


def test_two_thousand_tracks_are_there_in_two_seconds(browser: Any, report: Path) -> None:
    took = []
    for _ in range(3):  # other programs take their turns
        opened = browser.new_page()
        start = time.monotonic()
        opened.goto(report.as_uri())
        opened.get_by_role("checkbox").first.uncheck()  # it answers
        took.append(time.monotonic() - start)
        assert shown_count(opened) == "2,000 files of 2,000"
        opened.close()
    assert min(took) < 2


def test_search_answers_in_a_tenth_of_a_second(page: Page) -> None:
    took = page.evaluate(
        """() => ['wild', 'wild h', 'wild harbour', 'zzz', ''].map((text) => {
            const field = document.getElementById('search');
            const once = () => {
                const start = performance.now();
                field.value = text;
                field.dispatchEvent(new Event('input', { bubbles: true }));
                document.body.getBoundingClientRect();  // layout counts too
                return performance.now() - start;
            };
            return Math.min(...Array.from({ length: 8 }, once));  // other programs take their turns
        })"""
    )
    assert max(took) < 100, took


def test_plan_untouched_is_the_plan_given(page: Page, results: list[Result]) -> None:
    assert downloaded(page) == record_of(plan_for(results))


def test_unticked_tag_is_the_only_difference(page: Page, results: list[Result]) -> None:
    expected = record_of(plan_for(results))
    file = next(file for file in expected["files"] if len(file["instruments"]["after"]) == 3)
    removed = file["instruments"]["after"].pop(1)
    row(page, results, file).get_by_label(removed).uncheck()
    assert downloaded(page) == expected
    parse_plan(json.dumps(expected))


def test_tag_that_was_the_only_one_takes_its_change_along(
    page: Page, results: list[Result]
) -> None:
    expected = record_of(plan_for(results))
    file = next(file for file in expected["files"] if "genres" in file)
    row(page, results, file).get_by_label(file.pop("genres")["after"][0]).uncheck()
    assert downloaded(page) == expected
    expected["files"].remove(file)
    for name in file["instruments"]["after"]:
        row(page, results, file).get_by_label(name).uncheck()
    assert downloaded(page) == expected


def test_album_is_unticked_whole(page: Page, results: list[Result]) -> None:
    folder = str(results[0].path.parent)
    page.get_by_role("rowheader", name=folder).get_by_role("checkbox").uncheck()
    files = record_of(plan_for(results))["files"]
    assert downloaded(page)["files"] == [f for f in files if str(Path(f["path"]).parent) != folder]


def test_search_narrows_and_untick_all_obeys_it(page: Page, results: list[Result]) -> None:
    page.fill("#search", "trumpet jazz")
    n_shown = int(shown_count(page).split()[0])
    assert 0 < n_shown < N_TRACKS
    page.click("#untick")
    page.click("button[type=reset]")
    page.wait_for_function("document.getElementById('count').textContent.startsWith('2,000')")
    page.select_option("#state", "edited")
    assert int(shown_count(page).split()[0]) == n_shown
    page.click("#tick")
    assert downloaded(page) == record_of(plan_for(results))


def test_typed_tag_is_added(page: Page, results: list[Result]) -> None:
    page.get_by_role("button", name=str(results[0].existing.title), exact=True).first.click()
    detail = page.locator("#detail")
    field = detail.get_by_label("Add an instrument")
    field.fill("Kora; Oud")
    field.press("Enter")
    assert "holds no ;" in page.inner_text("#live")
    field.fill(" Kora ")
    field.press("Enter")
    expected = record_of(plan_for(results))
    expected["files"][0]["instruments"]["after"].append("Kora")
    assert downloaded(page) == expected


def test_tag_can_be_added_where_nothing_was_proposed(
    browser: Any, results: list[Result], tmp_path: Path
) -> None:
    write_report(tmp_path / "none.html", results[:1], TagPlan(()))
    opened = browser.new_page()
    opened.goto((tmp_path / "none.html").as_uri())
    name = record_of(plan_for(results[:1]))["files"][0]["instruments"]["after"][0]
    opened.get_by_role("checkbox", name=name).check()
    assert downloaded(opened)["files"] == [
        {
            "path": str(results[0].path),
            "audio": results[0].existing.audio,
            "instruments": {"before": [], "after": [name]},
        }
    ]
    opened.close()


def test_plan_keeps_what_the_page_does_not_know(
    browser: Any, results: list[Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = {
        "format": 9,
        "run": "x",
        "files": [
            {
                "path": str(results[0].path),
                "genres": {"before": ["Gone", "Old"], "x": [1], "after": ["New", "Old"]},
                "z": 0,
            }
        ],
    }
    given = create_autospec(record_of, return_value=other)  # called as the real one must be
    monkeypatch.setattr("tagger.report.page_data.record_of", given)
    write_report(tmp_path / "other.html", results[:2], TagPlan(()))
    opened = browser.new_page()
    opened.goto((tmp_path / "other.html").as_uri())
    assert downloaded(opened) == other
    opened.get_by_role("checkbox", name="New").uncheck()
    assert downloaded(opened)["files"][0]["genres"]["after"] == ["Old"]
    opened.close()


def test_hostile_name_is_text_and_nothing_runs(page: Page) -> None:
    page.get_by_role("button", name=HOSTILE).click()
    assert page.inner_text("#detail h2") == HOSTILE
    assert page.locator("img").count() == 0
    assert page.locator("tr", has_text=HOSTILE).locator(".chip.now").first.inner_text() == HOSTILE


def test_policy_stops_script_that_gets_in(browser: Any, report: Path) -> None:
    """Were there a hole in the page's own care, the policy would still hold."""
    opened = browser.new_page()
    opened.goto(report.as_uri())
    ran = opened.evaluate(
        """() => {
            const script = document.createElement('script');
            try { script.textContent = 'window.ran = true'; } catch (error) { return 'refused'; }
            document.body.append(script);
            return String(window.ran);
        }"""
    )
    assert ran in ("refused", "undefined")
    refused = opened.evaluate(
        "() => { try { document.body.innerHTML = '<b>'; } catch { return true; } return false; }"
    )
    assert refused
    opened.close()


def test_filters_and_sorting(page: Page, results: list[Result]) -> None:
    page.select_option("#genre", "Jazz")
    n_jazz = sum(
        any(tag.name == "Jazz" for tag in result.track.tags) for result in results if result.track
    )
    assert shown_count(page).startswith(f"{n_jazz} ")
    page.click("button[type=reset]")
    page.select_option("#state", "failed")
    assert shown_count(page) == "1 file of 2,000"
    assert "Not classified: not an audio file" in page.inner_text("#tracks")
    page.click("button[type=reset]")
    page.get_by_role("button", name="Least sure").click()
    assert page.get_attribute("th:has(button[data-sort=confidence])", "aria-sort") == "ascending"
    shares = [float(text.strip("%")) for text in page.locator(".number").all_inner_texts()]
    assert shares == sorted(shares)


def test_keyboard_opens_closes_and_comes_back(page: Page) -> None:
    button = page.locator("button[data-open]").first
    button.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('#detail') !== null")
    page.keyboard.press("Escape")
    assert page.locator("#detail").is_hidden()
    assert page.evaluate("document.activeElement.dataset.open") == "0"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert page.evaluate("document.activeElement.type") == "checkbox"
    assert not page.evaluate("document.activeElement.checked")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 800])
def test_axe_finds_no_serious_fault(page: Page, scheme: str, width: int) -> None:
    import axe_playwright_python

    script = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate(script)
    for _ in range(2):
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        grave = [fault for fault in found if fault["impact"] in ("serious", "critical")]
        assert not grave, [(f["id"], [node["html"] for node in f["nodes"][:3]]) for f in grave]
        page.locator("button[data-open]").first.click()


def test_local_sound_plays(browser: Any, tmp_path: Path) -> None:
    (result,) = heard_library(1)
    sound = np.zeros((2, 44100), dtype=np.float32)
    write_audio(tmp_path / "it's 100% #1.wav", sound, 44100)
    odd = replace(result, path=tmp_path / "it's 100% #1.wav")
    write_report(tmp_path / "r.html", [odd], TagPlan(()))
    opened = browser.new_page()
    opened.goto((tmp_path / "r.html").as_uri())
    opened.locator("button[data-open]").first.click()
    opened.evaluate("document.querySelector('audio').play()")
    assert opened.evaluate("document.querySelector('audio').duration") == pytest.approx(1, abs=0.1)
    opened.close()


def test_sound_that_is_gone_is_said(browser: Any, report: Path) -> None:
    opened = browser.new_page()
    opened.goto(report.as_uri())
    opened.locator("button[data-open]").first.click()
    opened.evaluate("document.querySelector('audio').play().catch(() => null)")
    opened.get_by_text("The browser cannot play this file from here.").first.wait_for()
    opened.close()


@pytest.mark.parametrize("width", [1280, 800])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_screenshots(page: Page, scheme: str, width: int, tmp_path: Path) -> None:
    folder = Path(os.environ.get("MUSICTAG_SCREENSHOTS", tmp_path))
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    if scheme == "dark":
        page.locator("button[data-open]").first.click()
        page.locator("#filters").evaluate("element => element.scrollIntoView()")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    picture = folder / f"report-{scheme}-{width}.png"
    page.screenshot(path=picture)
    assert picture.stat().st_size > 20_000
