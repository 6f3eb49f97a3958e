"""A review as a person has it: `musictag review` in a process of its own."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Running:
    """The process, and the link that it shows."""

    process: subprocess.Popen[str]
    link: str

    @property
    def port(self) -> int:
        return urlsplit(self.link).port or 0

    @property
    def folder(self) -> str:
        """The path of the page, with a slash at both ends."""
        return urlsplit(self.link).path.removesuffix("open")


@contextmanager
def started(*command: object, **variables: object) -> Iterator[Running]:
    """Start a program that shows the link of a review; end it as Ctrl-C does."""
    environment = {**os.environ, **{name: str(value) for name, value in variables.items()}}
    process = subprocess.Popen(
        [sys.executable, *map(str, command)],
        stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    assert process.stderr
    shown = ""
    while not (found := re.search(r"http://\S+", shown)):
        line = process.stderr.readline()
        shown += line
        assert line, f"it ended: {shown}"
    try:
        yield Running(process, found[0])
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


@contextmanager
def review(music: Path, data: Path, *options: object) -> Iterator[Running]:
    """`musictag review` of a folder, with a journal of its own."""
    command = ("-m", "tagger", "review", music, "--no-browser", *options)
    with started(*command, XDG_DATA_HOME=data) as running:
        yield running


class Client:
    """What a program can ask of a review, with any headers; a browser sends its own."""

    def __init__(self, running: Running) -> None:
        self.port, self.folder = running.port, running.folder
        self.host = f"127.0.0.1:{self.port}"
        self.cookie = ""

    def ask(
        self, path: str, body: Any = None, *, method: str = "", **headers: str | None
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and content of an answer; a header that is None is not sent."""
        if body is None:
            return self.send(path, None, headers, method=method)
        own = {"Origin": f"http://{self.host}", "Content_Type": "application/json"}
        return self.send(path, json.dumps(body).encode(), {**own, **headers}, method=method)

    def send(
        self, path: str, data: bytes | None, headers: Mapping[str, str | None], *, method: str = ""
    ) -> tuple[int, dict[str, str], bytes]:
        """The same with a body as it is."""
        sent: dict[str, str | None] = {"Host": self.host, "Cookie": self.cookie or None}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.putrequest(
            method or ("GET" if data is None else "POST"), path, skip_host=True,
            skip_accept_encoding=True,
        )  # fmt: skip
        for name, value in sent.items():
            if value is not None:
                connection.putheader(name, value)
        if data is not None:
            connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, content

    def enter(self, link: str) -> None:
        """Exchange the token for the cookie."""
        address = urlsplit(link)
        status, headers, _ = self.ask(f"{address.path}?{address.query}")
        assert status == 303
        self.cookie = headers["set-cookie"].split(";")[0]

    def api(self, path: str, body: Any = None) -> Any:
        """What the page would be told."""
        status, _, content = self.ask(f"{self.folder}api/{path}", body)
        assert status == 200, (status, content)
        return json.loads(content)

    def rows(self) -> list[dict[str, Any]]:
        """All files, once all are classified."""
        while True:
            update = self.api("updates?since=0")
            if update["classifying"]["state"] in ("done", "failed"):
                assert not update["classifying"]["error"]
                rows: list[dict[str, Any]] = update["tracks"]
                return rows
            time.sleep(0.1)

    def until_ended(self) -> dict[str, Any]:
        """Wait for the run that is under way."""
        while not (run := self.api("updates?since=0")["run"])["ended"]:
            time.sleep(0.05)
        return dict(run)
