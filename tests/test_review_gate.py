"""Who gets into a review, and who does not: a real server, asked by real requests."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.reviewing import Client, Running, review


@pytest.fixture(scope="module")
def running(
    demo: Path, tiny_card: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("review")
    music = Path(shutil.copytree(demo, folder / "music"))
    with review(music, folder / "data", "--model", tiny_card, "--no-cache", "--jobs", 1) as found:
        yield found


@pytest.fixture(scope="module")
def client(running: Running) -> Client:
    entered = Client(running)
    entered.enter(running.link)
    entered.rows()
    return entered


def test_server_is_bound_to_the_loopback_alone(running: Running) -> None:
    table = Path(f"/proc/{running.process.pid}/net/tcp")
    if not table.exists():
        pytest.skip("needs /proc")
    port = f":{running.port:04X}"
    listening = [
        line.split()[1] for line in table.read_text().splitlines()[1:]
        if line.split()[1].endswith(port) and line.split()[3] == "0A"
    ]  # fmt: skip
    assert listening == [f"0100007F{port}"]


def test_link_is_good_for_one_browser(running: Running, client: Client) -> None:
    address = urlsplit(running.link)
    link = f"{address.path}?{address.query}"
    stranger = Client(running)
    assert stranger.ask(link)[0] == 403
    status, headers, _ = client.ask(link)  # the one who has the cookie may follow it again
    assert (status, headers["location"]) == (303, "./")


def test_cookie_is_strict_and_of_an_unguessable_path(
    demo: Path, tiny_card: Path, tmp_path: Path
) -> None:
    with review(demo, tmp_path, "--model", tiny_card, "--no-cache", "--jobs", 1) as running:
        address = urlsplit(running.link)
        _, headers, _ = Client(running).ask(f"{address.path}?{address.query}")
    attributes = [part.strip().lower() for part in headers["set-cookie"].split(";")[1:]]
    assert {"httponly", "samesite=strict", f"path={running.folder}".lower()} <= set(attributes)
    assert len(running.folder) > 40
    assert "token" not in headers["location"]


@pytest.mark.parametrize("token", ["", "x", "token=x", "token=%F0%9F%8E%B5", "token=" + "A" * 43])
def test_wrong_token_is_refused(running: Running, client: Client, token: str) -> None:
    assert Client(running).ask(f"{running.folder}open?{token}")[0] == 403


@pytest.mark.parametrize(
    "path",
    ["library", "updates?since=0", "tracks/0", "tracks/0/sound", "tracks/0/cover", "history"],
)
def test_nothing_is_told_without_the_cookie(running: Running, client: Client, path: str) -> None:
    assert client.ask(f"{running.folder}api/{path}")[0] in (200, 204)
    assert client.ask(f"{running.folder}api/{path}", Cookie=None)[0] == 403
    assert client.ask(f"{running.folder}api/{path}", Cookie="musictag_review=x")[0] == 403
    assert (
        client.ask(f"{running.folder}api/{path}", Cookie="musictag_review=\xff; a=\x01")[0] == 403
    )


@pytest.mark.parametrize("path", ["", "x/", "api/library", "../api/library"])
def test_nothing_is_found_without_the_folder(client: Client, path: str) -> None:
    assert client.ask(f"/{path}")[0] == 404


def test_page_without_cookie_holds_nothing_of_the_library(running: Running, demo: Path) -> None:
    status, headers, content = Client(running).ask(running.folder)
    assert status == 200
    assert b"Warm Tiles" not in content
    assert str(demo).encode() not in content
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example", "[::1]", ""]
)
def test_foreign_host_is_refused(client: Client, host: str) -> None:
    """A name that points to 127.0.0.1 makes a stranger's page our own origin: DNS rebinding."""
    assert client.ask(f"{client.folder}api/library", Host=host)[0] == 403
    assert client.ask(client.folder, Host=host)[0] == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", None])
def test_post_of_another_page_is_refused(client: Client, origin: str | None) -> None:
    for path in ("decide", "plan", "write", "undo", "stop", "go-on"):
        assert client.ask(f"{client.folder}api/{path}", {}, Origin=origin)[0] == 403
    assert client.api("updates?since=0")["run"] is None


@pytest.mark.parametrize("site", ["same-site", "cross-site"])
def test_request_from_another_site_is_refused(client: Client, site: str) -> None:
    for path in ("api/library", "api/tracks/0/sound", "api/tracks/0/cover", ""):
        headers = {"Sec_Fetch_Site": site, "Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "image"}
        assert client.ask(f"{client.folder}{path}", **headers)[0] == 403
    opened = {"Sec_Fetch_Site": site, "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    assert client.ask(client.folder, **opened)[0] == 200  # a link in a mail shows the bare page
    assert client.ask(f"{client.folder}api/library", **opened)[0] == 403
    framed = {**opened, "Sec_Fetch_Dest": "iframe"}
    assert client.ask(client.folder, **framed)[0] == 403


@pytest.mark.parametrize("number", ["-1", "999", "0x1", "..%2f..%2fetc%2fpasswd", "1e3", "%00"])
def test_files_have_numbers_and_no_paths(client: Client, number: str) -> None:
    for path in (f"tracks/{number}", f"tracks/{number}/sound", f"tracks/{number}/cover"):
        assert client.ask(f"{client.folder}api/{path}")[0] == 404


@pytest.mark.parametrize(
    "body",
    [
        [], {}, {"choices": 1}, {"choices": [[0]]}, {"choices": [[0, "genre", "Jazz"]]},
        {"choices": [[0, "title", ["x"]]]}, {"choices": [["/etc/passwd", "genre", ["x"]]]},
        {"choices": [[-1, "genre", []]]}, {"choices": [[10**6, "genre", []]]},
        {"choices": [[0, "genre", ["a;b"]]]}, {"choices": [[0, "genre", ["\x1b[2J"]]]},
        {"choices": [[0, "genre", ["x" * 200]]]}, {"choices": [[0, "genre", ["x"] * 999]]},
        {"choices": [[0, "genre", ["Jazz"]], [0, "genre", [" "]]]},
    ],
)  # fmt: skip
def test_choices_that_make_no_sense_change_nothing(client: Client, body: object) -> None:
    before = client.api("updates?since=0")["tracks"]
    assert client.ask(f"{client.folder}api/decide", body)[0] == 400
    assert client.api("updates?since=0")["tracks"] == before


def test_body_without_end_is_refused(client: Client) -> None:
    status = client.ask(f"{client.folder}api/decide", {"choices": ["x" * (33 << 20)]})[0]
    assert status == 413
    plain = client.ask(f"{client.folder}api/write", {}, Content_Type="text/plain")
    assert plain[0] == 415  # what a form of another page could send


def test_sound_comes_in_the_parts_that_are_asked_for(client: Client) -> None:
    (row,) = [row for row in client.rows() if row["file"].endswith(".flac")][:1]
    whole = Path(row["folder"], row["file"]).read_bytes()
    path = f"{client.folder}api/tracks/{row['id']}/sound"
    status, headers, content = client.ask(path)
    assert (status, content, headers["content-type"]) == (200, whole, "audio/flac")
    status, headers, content = client.ask(path, Range="bytes=100-199")
    assert (status, content) == (206, whole[100:200])
    assert headers["content-range"] == f"bytes 100-199/{len(whole)}"
    assert client.ask(path, Range=f"bytes={len(whole)}-")[0] == 416


def test_what_no_browser_plays_comes_as_a_copy(client: Client) -> None:
    (row,) = [row for row in client.rows() if row["file"].endswith(".aiff")][:1]
    path = f"{client.folder}api/tracks/{row['id']}/sound?wave"
    status, headers, content = client.ask(path)
    assert (status, headers["content-type"], content[:4]) == (200, "audio/wav", b"RIFF")
    assert client.ask(path, Range="bytes=0-3")[2] == b"RIFF"


def test_details_are_those_of_the_file(client: Client) -> None:
    n_labels = len(client.api("library")["labels"])
    for row in client.rows():
        details = client.api(f"tracks/{row['id']}")
        assert details["path"] == str(Path(row["folder"], row["file"]))
        assert len(base64.b64decode(details["slices"])) == n_labels * len(details["starts"]) > 0
