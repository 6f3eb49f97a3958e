"""How a browser gets in, and what is left of the token where others can see it."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.chromium import until, with_profile
from tests.reviewing import Client, Running, started

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a shell stands for the browser")

FORM = {"Content_Type": "application/x-www-form-urlencoded", "Sec_Fetch_Site": "cross-site"}
FROM_A_FILE = {
    **FORM, "Origin": "null", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document",
}  # fmt: skip


@contextmanager
def opened(demo: Path, card: Path, place: Path, **others: object) -> Iterator[tuple[Running, Path]]:
    """A review that opens a browser, which notes what it is told to open; and that file."""
    handed, program = place / "handed", place / "browser"
    program.write_text(f'#!/bin/sh\nprintf %s "$*" > {handed}.new && mv {handed}.new {handed}\n')
    program.chmod(0o755)
    command = ("-m", "tagger", "review", demo, "--model", card, "--no-cache", "--jobs", 1)
    surroundings = {"BROWSER": program, "DISPLAY": ":9", "XDG_DATA_HOME": place / "data"}
    with started(*command, **{**surroundings, **others}) as running:
        while not handed.exists():
            time.sleep(0.05)
        address = handed.read_text()
        assert address.startswith("file:///")
        yield running, Path(unquote(urlsplit(address).path))


def token_of(running: Running) -> str:
    return parse_qs(urlsplit(running.link).query)["token"][0]


def where_it_stands(profile: Path, text: str) -> list[str]:
    """Files of a browser's profile that hold a text."""
    spellings = (text.encode(), text.encode("utf-16-le"))
    files = [path for path in profile.rglob("*") if path.is_file() and not path.is_symlink()]
    return [path.name for path in files if any(one in path.read_bytes() for one in spellings)]


def visited(profile: Path) -> list[str]:
    """The addresses of a browser's history, as its own database has them."""
    with closing(sqlite3.connect(profile / "Default" / "History")) as history:
        return [address for (address,) in history.execute("select url from urls order by id")]


def test_browser_remembers_no_token(
    browser: Any, demo: Path, tiny_card: Path, tmp_path: Path
) -> None:
    with opened(demo, tiny_card, tmp_path) as (running, file):
        with with_profile(browser, tmp_path / "profile") as page:
            page.goto(file.as_uri())
            until(page, "tracks.length === 12")
            assert page.url == f"http://127.0.0.1:{running.port}{running.folder}"
            page.reload()  # it has been let in, for as long as the program runs
            until(page, "tracks.length === 12")
            page.wait_for_timeout(1000)
        assert running.folder in "".join(visited(tmp_path / "profile"))
        assert where_it_stands(tmp_path / "profile", token_of(running)) == []


def test_link_leaves_its_token_in_the_history(
    browser: Any, demo: Path, tiny_card: Path, tmp_path: Path
) -> None:
    """What the test above would see, were there something; and why the link is good for once."""
    with opened(demo, tiny_card, tmp_path) as (running, _):
        with with_profile(browser, tmp_path / "profile") as page:
            page.goto(running.link)
            until(page, "tracks.length === 12")
            page.wait_for_timeout(1000)
        assert running.link in visited(tmp_path / "profile")
        assert "History" in where_it_stands(tmp_path / "profile", token_of(running))
        address = urlsplit(running.link)
        assert Client(running).ask(f"{address.path}?{address.query}")[0] == 403


def test_file_is_the_persons_alone_and_goes_when_it_was_used(
    demo: Path, tiny_card: Path, tmp_path: Path
) -> None:
    with opened(demo, tiny_card, tmp_path) as (running, file):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert file.stat().st_uid == os.getuid()
        token = token_of(running)
        assert token not in str(file)
        assert token in file.read_text()
        status, headers, _ = form(Client(running), f"token={token}", FROM_A_FILE)
        assert (status, headers["location"]) == (303, "./")
        assert not file.parent.exists()
        assert form(Client(running), f"token={token}", FROM_A_FILE)[0] == 403


def test_file_goes_when_nobody_came(demo: Path, tiny_card: Path, tmp_path: Path) -> None:
    with opened(demo, tiny_card, tmp_path) as (_, file):
        assert file.exists()
    assert not file.parent.exists()


def test_link_makes_the_file_useless(demo: Path, tiny_card: Path, tmp_path: Path) -> None:
    with opened(demo, tiny_card, tmp_path) as (running, file):
        Client(running).enter(running.link)
        assert not file.parent.exists()


def test_browser_that_came_as_a_snap_can_read_the_file(
    demo: Path, tiny_card: Path, tmp_path: Path
) -> None:
    """It sees nothing of /tmp, and in a person's home no hidden folder."""
    home = tmp_path / "home"
    (home / "snap").mkdir(parents=True)
    with opened(demo, tiny_card, tmp_path, HOME=home) as (_, file):
        assert file.parent.parent == home
        assert not file.parent.name.startswith(".")


def test_only_the_form_that_opens_the_page_may_come_from_a_file(
    demo: Path, tiny_card: Path, tmp_path: Path
) -> None:
    with opened(demo, tiny_card, tmp_path) as (running, file):
        stranger, sent = Client(running), f"token={token_of(running)}"
        refused: list[dict[str, str | None]] = [
            {"Origin": "http://evil.example"},
            {"Origin": "http://127.0.0.1:1"},
            {"Origin": None},
            {"Host": "evil.example"},
            {"Sec_Fetch_Dest": "iframe"},  # a frame in a sandbox has this origin too
            {"Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "empty"},
        ]
        for headers in refused:
            assert form(stranger, sent, {**FROM_A_FILE, **headers})[0] == 403, headers
        for body in ("", "token=", "token=x", f"x={sent}", sent[:-1], "token=%FF", "\xff"):
            assert form(stranger, body, FROM_A_FILE)[0] == 403, body
        assert form(stranger, "x" * 2000, FROM_A_FILE)[0] == 413
        for path in ("api/write", "api/decide", ""):
            assert form(stranger, sent, FROM_A_FILE, running.folder + path)[0] in (403, 405)
        assert file.exists()  # nobody came in
        assert form(stranger, sent, FROM_A_FILE)[0] == 303


def form(
    client: Client, body: str, headers: Mapping[str, str | None], path: str = ""
) -> tuple[int, dict[str, str], bytes]:
    """Send a form, to where the page is opened if nothing else is said."""
    return client.send(path or f"{client.folder}open", body.encode("latin-1"), headers)


def test_policy_of_the_file_lets_nothing_but_its_own_script_run(
    demo: Path, tiny_card: Path, tmp_path: Path
) -> None:
    with opened(demo, tiny_card, tmp_path) as (running, file):
        (policy,) = re.findall(r'Policy" content="([^"]*)"', file.read_text())
        assert policy.startswith("default-src 'none';")
        assert policy.endswith(f"form-action http://127.0.0.1:{running.port}")
        assert "unsafe" not in policy
