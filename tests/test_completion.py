"""Shells complete commands, options and values, by what docs/terminal.md says to set up."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("these shells are not at home on Windows", allow_module_level=True)

DOCS = (Path(__file__).parent.parent / "docs" / "terminal.md").read_text(encoding="utf-8")
BASH = """
COMP_WORDS=({words}); COMP_CWORD={last}; _musictag_completion musictag
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
# zsh completes only in its line editor, so that what it would offer is listed in its place.
ZSH = """
compdef() {{ :; }}; _describe() {{ print -l -- ${{(P)3}}; }}; compadd() {{ print -l -- ${{(P)5}}; }}
{setup}
words=({words}); CURRENT={last}; ((CURRENT += 1)); _musictag_completion
"""


def set_up(shell: str) -> str:
    """The line that the documentation gives for a shell."""
    (line,) = re.findall(rf"^{shell}: `(.*)`$", DOCS, re.MULTILINE)
    return str(line)


def completed(shell: str, words: str) -> str:
    """What a shell offers for the last of the words."""
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    setup, last = set_up(shell), len(words.split(" ")) - 1
    script = {
        "bash": f"{setup}\n{BASH.format(words=words, last=last)}",
        "zsh": ZSH.format(setup=setup, words=words, last=last),
        "fish": f'{setup}; complete -C "{words}"',
    }[shell]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [shutil.which(shell) or shell, "-c", script],
        env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("musictag his", "history"),
        ("musictag scan --exp", "--experimental"),
        ("musictag scan --profile bal", "balanced"),
    ],
)
def test_shell_completes(shell: str, words: str, expected: str) -> None:
    assert expected in completed(shell, words)
