"""The console sessions of README.md and docs/: made by running them, and held to what they show.

`python -m tests.console_sessions` makes them anew. A block is a session if it is fenced as
`console` and its first line is `$ musictag ...`; the line `...` stands for output that is left out.
Blocks behind the comment `<!-- session of another library -->` are not run.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tagger.demo import write_demo

ROOT = Path(__file__).parent.parent
COLUMNS = 96
_BLOCK = re.compile(r"(?<!library -->\n)```console\n\$ (musictag .*?)\n(.*?)```", re.DOTALL)
ELISION = "..."


@dataclass(frozen=True, slots=True)
class Session:
    """A command and what the page says that it prints."""

    page: Path
    command: str
    shown: str


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def sessions() -> Iterator[Session]:
    for page in pages():
        for match in _BLOCK.finditer(page.read_text(encoding="utf-8")):
            yield Session(page, match[1], match[2])


def run(command: str, folder: Path) -> str:
    """What a terminal shows, standard error behind standard output."""
    environment = {
        **os.environ, "COLUMNS": str(COLUMNS), "PYTHONUTF8": "1", "NO_COLOR": "1",
        "XDG_CACHE_HOME": str(folder / "cache"), "XDG_DATA_HOME": str(folder / "data"),
    }  # fmt: skip
    words = shlex.split(command)
    done = subprocess.run(
        [sys.executable, "-m", "tagger", *words[1:]], cwd=folder, env=environment,
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def alike(text: str) -> list[str]:
    """The lines without what differs from machine to machine: figures, and bars made of them."""
    plain = re.sub(r"[▏▎▍▌▋▊▉█]+", "", text)
    return [re.sub(r"\d+", "0", line).rstrip() for line in plain.splitlines()]


def fits(shown: str, printed: str) -> bool:
    """Whether a session shows what was printed, but for what it leaves out."""
    left = alike(printed)
    for number, part in enumerate(shown.split(f"{ELISION}\n")):
        lines = alike(part)
        starts = [0] if number == 0 else range(len(left) + 1)
        at = next((i for i in starts if left[i : i + len(lines)] == lines), None)
        if at is None:
            return False
        left = left[at + len(lines) :]
    return not left or shown.endswith(f"{ELISION}\n")


def with_elisions(shown: str, printed: str) -> str:
    """What was printed, with the parts left out that a session leaves out: those between blanks."""
    if ELISION not in shown.splitlines():
        return printed
    after = shown.split(f"{ELISION}\n", 1)[1]
    lines = printed.splitlines(keepends=True)
    blank = next((i for i, line in enumerate(lines) if not line.strip()), len(lines))
    return "".join([*lines[:blank], f"{ELISION}\n", *lines[len(lines) - after.count("\n") :]])


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_demo(folder / "music")
        for session in list(sessions()):
            printed = with_elisions(session.shown, run(session.command, folder))
            text = session.page.read_text(encoding="utf-8")
            old = f"```console\n$ {session.command}\n{session.shown}```"
            assert old in text
            new = f"```console\n$ {session.command}\n{printed}```"
            session.page.write_text(text.replace(old, new), encoding="utf-8")


if __name__ == "__main__":
    main()
