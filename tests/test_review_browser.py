"""A review in a real browser: look, listen, decide, write, take back; everything as it was.

With MUSICTAG_SCREENSHOTS=docs the picture of docs/ is made anew.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mediafile
import pytest
from PIL import Image

from tagger.demo import write_demo
from tagger.review.decisions import NAME, read_decisions
from tagger.tags.reader import read_tags
from tests.chromium import Page, until
from tests.reviewing import review

N_FILES = 300
FORMATS = (".aiff", ".flac", ".m4a", ".mp3", ".ogg", ".opus", ".wav")


@pytest.fixture
def music(demo: Path, tmp_path: Path) -> Path:
    """Albums of the demo library again and again, until there are three hundred files."""
    songs = sorted(path for path in demo.rglob("*.*"))
    for i in range(N_FILES):
        song = songs[i % len(songs)]
        folder = tmp_path / "music" / f"{i // len(songs):02} {song.parent.name}"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(song, folder / song.name)
    return tmp_path / "music"


@contextmanager
def opened(browser: Any, music: Path, data: Path, **look: Any) -> Iterator[Page]:
    """The page of a review of some music; whatever it does that it must not fails the test."""
    with review(music, data, "--jobs", 1) as running:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **look})
        page, wrong = context.new_page(), list[str]()
        page.on("pageerror", lambda error: wrong.append(f"error {error}"))
        page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
        page.goto(running.link)
        yield page
        context.close()
    assert not wrong


@pytest.fixture
def page(browser: Any, demo: Path, tmp_path: Path) -> Iterator[Page]:
    """A review of the demo library, all of it classified."""
    with opened(browser, demo, tmp_path / "data") as page:
        all_are_there(page, 12)
        yield page


def content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*.*"))}


def all_are_there(page: Page, n_files: int = N_FILES) -> None:
    until(
        page, f"tracks.length === {n_files} && document.getElementById('classifying').hidden", 120
    )


def number_of(page: Page, condition: str) -> int:
    return int(page.evaluate(f"tracks.filter((track) => {condition}).length"))


def ended(page: Page, kind: str) -> dict[str, Any]:
    until(page, f"lastRun && lastRun.kind === '{kind}' && lastRun.ended", 120)
    run: dict[str, Any] = page.evaluate("lastRun")
    assert not run["error"]
    return run


def test_from_folder_to_tagged_library_and_back(browser: Any, music: Path, tmp_path: Path) -> None:
    with opened(browser, music, tmp_path / "data") as page:
        journey(page, music, tmp_path / "data" / "musictag" / NAME)


def journey(page: Page, music: Path, decided: Path) -> None:
    before = content(music)
    assert {Path(name).suffix for name in before} == set(FORMATS)
    assert len(before) == N_FILES
    all_are_there(page)

    # Listen, from within the file: the rest of it is fetched in parts.
    page.get_by_role("button", name="Ground Bass").first.click()
    page.locator("#detail canvas").wait_for()
    page.evaluate("playFrom(3)")
    until(page, "document.querySelector('#detail audio').currentTime > 3")
    page.keyboard.press("Escape")

    # Untick one tag, and all of an album; accept one where nothing was sure.
    first = page.locator(".row.track .tags.instrument").first.get_by_role("checkbox")
    name = "(box) => box.parentElement.childNodes[1].data"
    kept, unticked = first.nth(0).evaluate(name), first.nth(1).evaluate(name)
    first.nth(1).uncheck()
    refused = page.get_by_role("checkbox", name=re.compile("^Album Harbour Trio")).first
    refused.uncheck()
    unsure = (
        page.locator(".row.track").filter(has=page.get_by_role("button", name="Nocturne")).first
    )
    guess = unsure.locator(".tags.genre input").first
    guess.check()
    unsure_one = "tracks.find((track) => track.title === 'Nocturne' && isTicked(track))"
    guessed = page.evaluate(f"{unsure_one}.genre.options[0].name")
    page.get_by_role("button", name=re.compile("^Write [0-9]+ files$")).click()
    n_ticked = number_of(page, "changes(track) > 0")
    page.locator("#confirm-text").filter(has_text="files").wait_for()  # the server counts them
    assert f"in {n_ticked} files" in page.inner_text("#confirm-text")
    page.locator("#confirm-write").click()
    run = ended(page, "write")
    assert run["counts"] == {"changed": n_ticked}
    assert number_of(page, "track.status === 'changed'") == n_ticked

    now = content(music)
    assert sum(now[name] != before[name] for name in now) == n_ticked
    tags = {name: read_tags(Path(name)) for name in now}
    one = str(page.evaluate("`${tracks[0].folder}/${tracks[0].file}`"))
    assert unticked not in tags[one].instruments
    assert kept in tags[one].instruments
    (ferry,) = [name for name in now if "00 Last Ferry" in name]
    assert now[ferry] == before[ferry]
    nocturnes = [name for name in now if "Nocturne" in name]
    assert [name for name in nocturnes if tags[name].genres == (guessed,)]

    # What was refused is not asked for again.
    assert page.locator("#write").is_disabled()

    decisions = list(read_decisions(decided))
    said = {(row["path"], row["label"]): row for row in decisions}
    assert said[one, unticked]["proposed"]
    assert not said[one, unticked]["accepted"]
    assert said[one, kept]["accepted"]
    assert {row["run"] for row in decisions} == {run["run"]}
    assert not any(row["accepted"] for row in decisions if row["path"] == ferry)

    page.get_by_role("button", name="Undo").click()
    assert ended(page, "undo")["counts"] == {"changed": n_ticked}
    assert content(music) == before
    assert sorted(path for path in music.rglob("*") if path.is_file()) == sorted(map(Path, before))

    page.keyboard.press("h")
    rows = page.locator("#past tbody tr")
    rows.nth(1).wait_for()
    assert rows.count() == 2
    assert "undone" in rows.nth(1).inner_text()


def test_accept_by_genre_and_confidence(page: Page) -> None:
    page.get_by_role("button", name="Untick all").click()
    assert number_of(page, "isTicked(track)") == 0
    page.select_option("#accept-name", "genre Electronic")
    page.select_option("#accept-least", "0.7")
    page.click("#accept")
    sure = "track.genre.options.some((one) => one.name === 'Electronic' && one.p >= 0.7)"
    assert number_of(page, "isTicked(track)") == number_of(page, sure) > 0
    page.click("#refuse")
    page.select_option("#accept-name", "")
    page.select_option("#accept-least", "0.9")
    page.click("#accept")
    assert number_of(page, "isTicked(track) && least(track) < 0.9") == 0
    sure = "track[kind].options.some((one) => one.proposed && one.p >= 0.9)"
    assert (
        number_of(page, "isTicked(track)") == number_of(page, f"KINDS.some((kind) => {sure})") > 0
    )
    page.reload()  # ticks are kept by the server
    all_are_there(page, 12)
    page.wait_for_timeout(300)
    assert number_of(page, "isTicked(track)") == number_of(page, f"KINDS.some((kind) => {sure})")


def test_album_in_sight_counts_the_files_that_come_in(page: Page) -> None:
    album = page.locator(".row.album").first
    assert "1 file " in album.inner_text()
    page.evaluate(
        """async () => {
            const update = await ask('updates?since=0');
            const more = { ...update.tracks[0], id: 12, file: '02 New.aiff' };
            takeUpdate({ ...update, tracks: [more] });
        }"""
    )
    assert "2 files " in album.inner_text()
    assert "/2" in album.locator("button[data-give]").first.inner_text()


CUT_CHIPS = """() => [...document.querySelectorAll('.row .tags')].flatMap((cell) => {
    const end = cell.getBoundingClientRect().right;
    const cut = (one) => !one.hidden && one.getBoundingClientRect().right > end + 1;
    return [...cell.children].filter(cut).map((one) => one.textContent);
})"""


def test_chips_without_room_stand_behind_a_button(page: Page) -> None:
    row = page.locator(".row.track", has_text="After Closing")
    n_chips = row.locator(".tags.instrument .chip").count()
    n_in_sight = row.locator(".tags.instrument .chip:visible").count()
    assert page.evaluate(CUT_CHIPS) == []
    page.get_by_role("button", name="Vespers", exact=True).click()
    page.locator("#detail h2").wait_for()
    until(page, "document.querySelector('.row .rest')")  # the list is narrower now
    assert page.evaluate(CUT_CHIPS) == []
    rest = row.locator(".tags.instrument .rest")
    left = row.locator(".tags.instrument .chip:visible").count()
    assert rest.inner_text() == f"+{n_chips - left}"
    rest.click()
    page.locator("#detail h2", has_text="After Closing").wait_for()
    assert page.locator("#detail [data-chips=instrument] label").count() >= n_chips
    page.keyboard.press("Escape")
    visible = ".row.track .tags.instrument .chip:not([hidden])"
    until(page, f"document.querySelector('{visible}')")
    page.wait_for_timeout(300)  # there is room again
    assert row.locator(".tags.instrument .chip:visible").count() == n_in_sight > left


def test_genre_for_a_whole_album(page: Page) -> None:
    page.get_by_role("button", name="Untick all").click()
    album = page.locator(".row.album", has_text="Evening Hours").first
    given = album.locator("button[data-give]").first
    name = given.get_attribute("data-give")
    given.click()
    inside = "track.album === 'Evening Hours'"
    one = f"{inside} && afterOf(track.genre).includes('{name}')"
    empty = f"{inside} && !track.genre.before.length"
    assert number_of(page, one) == number_of(page, empty) > 1
    assert given.get_attribute("aria-pressed") == "true"
    given.click()  # and taken off again
    assert number_of(page, one) == 0


def test_keyboard_does_it_all(page: Page) -> None:
    page.locator("#list").focus()
    page.keyboard.press("k")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.dataset.row") == page.evaluate(
        "keyOf(shown.active)"
    )
    title = page.evaluate("activeRow().title")
    ticked = page.evaluate("isTicked(activeRow())")
    page.keyboard.press("Space")
    assert page.evaluate("isTicked(activeRow())") is not ticked
    page.keyboard.press("Space")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.locator("#detail h2").wait_for()
    assert page.inner_text("#detail h2") == title
    page.keyboard.press("p")
    until(page, "document.querySelector('#detail audio').currentTime > 0")
    page.keyboard.press("j")
    until(page, f"document.querySelector('#detail h2').textContent !== {json.dumps(title)}")
    page.keyboard.press("Escape")
    assert page.locator("#detail").is_hidden()
    assert page.evaluate("document.activeElement.dataset.row") == page.evaluate(
        "keyOf(shown.active)"
    )
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("terminus")
    assert page.inner_text("#count") == "1 file of 12"
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.keyboard.press("w")
    page.locator("#confirm").wait_for()  # the server is asked what it comes to
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()


def test_what_browsers_cannot_play_is_heard_all_the_same(page: Page) -> None:
    page.get_by_role("button", name="Tide Tables").first.click()
    page.locator("#detail audio").wait_for()
    page.keyboard.press("p")
    until(page, "document.querySelector('#detail audio').currentTime > 0.2")
    assert page.evaluate("document.querySelector('#detail audio').src").endswith("?wave")


def test_stop_and_go_on(browser: Any, music: Path, tmp_path: Path) -> None:
    with review(music, tmp_path / "data", "--jobs", 1, "--no-cache") as running:
        page = browser.new_page()
        page.goto(running.link)
        until(page, "tracks.length > 0")
        page.keyboard.press("s")
        page.get_by_role("button", name="Go on").wait_for()
        page.wait_for_timeout(500)
        stopped = number_of(page, "true")
        assert stopped < N_FILES
        page.wait_for_timeout(2000)
        assert number_of(page, "true") <= stopped + 3
        page.get_by_role("button", name="Go on").click()
        until(page, f"tracks.length > {stopped + 5}")
        page.close()


def test_cover_is_that_of_the_file(browser: Any, demo: Path, tmp_path: Path) -> None:
    music = tmp_path / "music"
    music.mkdir()
    song = next(demo.rglob("*.flac"))
    shutil.copy(song, music / song.name)
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "crimson").save(picture, "PNG")
    file = mediafile.MediaFile(music / song.name)
    file.images = [mediafile.Image(picture.getvalue(), type=mediafile.ImageType.front)]
    file.save()
    with review(music, tmp_path / "data", "--jobs", 1) as running:
        page = browser.new_page()
        page.goto(running.link)
        until(page, "document.querySelector('img.cover')?.naturalWidth === 8")
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_axe_finds_no_fault(
    browser: Any, demo: Path, tmp_path: Path, scheme: str, width: int
) -> None:
    import axe_playwright_python

    script = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")
    look = {"viewport": {"width": width, "height": 860}, "color_scheme": scheme}
    with opened(browser, demo, tmp_path / "data", **look) as page:
        all_are_there(page, 12)
        page.evaluate(script)
        for step in (
            "",
            "document.querySelector('#more').click()",
            "showDetail(tracks[2])",
            "confirmWrite()",
        ):
            page.evaluate(step)
            page.wait_for_timeout(300)
            found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
            assert not found, [
                (f["id"], f["help"], [n["html"] for n in f["nodes"][:3]]) for f in found
            ]
            assert page.evaluate("document.documentElement.scrollWidth") <= width


RENAMED = """([from, to]) => {
    data.roots = [to];
    drawClassifying(classifying);
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replaceAll(from, to);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_screenshots(browser: Any, demo: Path, tmp_path: Path, scheme: str, width: int) -> None:
    folder = Path(os.environ.get("MUSICTAG_SCREENSHOTS", tmp_path))
    music = demo
    if "MUSICTAG_SCREENSHOTS" in os.environ:  # longer ones, with more to show
        write_demo(music := tmp_path / "music")
    look = {"viewport": {"width": width, "height": 860}, "color_scheme": scheme}
    with opened(browser, music, tmp_path / "data", **look) as page:
        all_are_there(page, 12)
        if width > 400:
            page.get_by_role("button", name="After Closing").first.click()
            page.wait_for_timeout(500)
        page.evaluate(RENAMED, [str(music), "/home/ana/Music"])  # no place of this machine
        name = (
            "review.png" if (scheme, width) == ("light", 1280) else f"review-{scheme}-{width}.png"
        )
        page.screenshot(path=(folder if name == "review.png" else tmp_path) / name)
