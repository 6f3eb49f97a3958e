"""A hostile page in the next tab, of the same browser and the same machine, that knows the address.

It is served from another port of 127.0.0.1, which browsers take for the same site: the strictest
cookie is sent along with its requests.
"""

from __future__ import annotations

import http.server
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.chromium import Page, until
from tests.reviewing import Running, review

ATTACKS = Path(__file__).with_name("hostile_page.js").read_text("utf-8")


class Attacker(http.server.BaseHTTPRequestHandler):
    """An empty page; what browsers send along is noted."""

    cookies: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.cookies.append(self.headers.get("Cookie", ""))
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>nice</title><body>")

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def attacker() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Attacker)
    Attacker.cookies.clear()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def music(demo: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(demo, tmp_path / "music"))


@pytest.fixture
def running(music: Path, tiny_card: Path, tmp_path: Path) -> Iterator[Running]:
    with review(music, tmp_path / "data", "--model", tiny_card, "--jobs", 1) as found:
        yield found


def entered(context: Any, running: Running) -> Page:
    page = context.new_page()
    page.goto(running.link)
    until(page, "tracks.length === 12 && byId('classifying').hidden")
    return page


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_hostile_page_reads_and_writes_nothing(
    browser: Any, running: Running, music: Path, tmp_path: Path, host: str
) -> None:
    before = {path: path.read_bytes() for path in music.rglob("*.*")}
    context = browser.new_context()
    mine = entered(context, running)
    with attacker() as port:
        hostile = context.new_page()
        hostile.goto(f"http://{host}:{port}/")
        target = f"http://127.0.0.1:{running.port}{running.folder}"
        found = hostile.evaluate(ATTACKS, target)
        sent = list(Attacker.cookies)
    assert found.pop("read blindly") in ("", "refused")  # an opaque answer says nothing
    assert found.pop("write blindly") in ("", "refused")
    assert found.pop("tab") in ("", "refused")  # the tab is not the opener's any more
    assert set(found.values()) == {"refused"}, found
    assert sent
    assert not any(cookie for cookie in sent), "our cookie was sent to another port"
    mine.wait_for_timeout(300)
    assert mine.evaluate("ask('updates?since=0')")["run"] is None
    assert not (tmp_path / "data" / "musictag").exists(), "a run was begun"
    assert {path: path.read_bytes() for path in music.rglob("*.*")} == before
    context.close()


def test_name_that_points_here_is_refused(browser: Any, running: Running) -> None:
    """DNS rebinding: a stranger's name that resolves to this machine."""
    page = browser.new_page()
    link = running.link.replace("127.0.0.1", "evil.localhost")
    answer = page.goto(link)
    assert answer.status == 403
    page.close()


def test_policy_stops_script_that_gets_in(browser: Any, running: Running) -> None:
    context = browser.new_context()
    page = entered(context, running)
    ran = page.evaluate(
        """() => {
            const script = document.createElement('script');
            try { script.textContent = 'window.ran = true'; } catch { return 'refused'; }
            document.body.append(script);
            return String(window.ran);
        }"""
    )
    assert ran in ("refused", "undefined")
    assert (
        page.evaluate("fetch('https://example.org').then(() => 'sent', () => 'refused')")
        == "refused"
    )
    assert page.evaluate("document.cookie") == ""
    context.close()


def test_token_is_in_no_history_of_the_tab(browser: Any, running: Running) -> None:
    (token,) = parse_qs(urlsplit(running.link).query)["token"]
    context = browser.new_context()
    page = entered(context, running)
    assert token not in page.url
    assert token not in str(page.evaluate("navigation.entries().map((entry) => entry.url)"))
    assert token not in page.evaluate("document.referrer")
    context.close()
    stranger = browser.new_page()
    assert stranger.goto(running.link).status == 403  # whoever finds it elsewhere
    stranger.close()
