"""A program on a real terminal, and all that it writes there."""

from __future__ import annotations

import os
import pty
import re
import subprocess

# What we write ourselves: four styles, the line that is drawn anew, the progress of `demo`.
OURS = re.compile(r"\x1b\[(?:0|1|2|34)m|\r\x1b\[K|\r?\x1b\[\?25[lh]|\r(?=making music)")
# What a terminal may obey: controls of both sets, and signs that turn the direction of text.
OBEYED = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def written(command: list[str], environment: dict[str, str], typed: bytes = b"") -> tuple[int, str]:
    """Exit code of a command and what it wrote to its terminal, both streams together."""
    ours, theirs = pty.openpty()
    os.write(ours, typed)
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, close_fds=True
    ) as process:
        os.close(theirs)
        content = _all_of(ours)
    os.close(ours)
    return process.returncode, content.decode("utf-8", "replace").replace("\r\n", "\n")


def _all_of(terminal: int) -> bytes:
    content = b""
    while True:
        try:
            more = os.read(terminal, 65536)
        except OSError:  # how Linux says that nobody writes any more
            return content
        if not more:
            return content
        content += more


def obeyed(content: str) -> list[str]:
    """What a terminal would obey that is not of our making."""
    return OBEYED.findall(OURS.sub("", content))


def hostile(name: str) -> str:
    """A name that would clear the screen, redraw the line, turn text round, begin a new line."""
    return f"{name}\x1b[2J\x1b[1mH\x9b31m\r\u202egpj\n\x07x"
