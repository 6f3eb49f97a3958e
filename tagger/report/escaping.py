"""Text of unknown origin, made fit for a terminal."""

from __future__ import annotations

import logging
import os
import unicodedata
from pathlib import Path


def printable(text: str) -> str:
    r"""The text with everything a terminal might obey replaced.

    Tags and file names come from strangers: an escape sequence in one could clear the screen or
    rewrite what was shown.

    >>> printable("Blues\x1b[2J")
    'Blues\ufffd[2J'
    """
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)


def log_plainly(level: int) -> None:
    """Let the log go to standard error from a level on, cleaned as all that is shown."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Plain("%(message)s"))
    logging.basicConfig(level=level, handlers=[handler])


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """The message with its traceback, line by line."""
        return "\n".join(map(printable, super().format(record).split("\n")))


def path_text(path: Path) -> str:
    """A path as it can be shown: bytes that are no UTF-8 become replacement signs."""
    return printable(os.fsencode(path).decode("utf-8", "replace"))


def width(text: str) -> int:
    """Columns a text takes on a terminal: wide signs take two, combining marks none.

    >>> width("Caf\u00e9"), width("\u97f3\u697d")
    (4, 4)
    """
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in text)
    return len(text) + wide - sum(unicodedata.combining(sign) > 0 for sign in text)


def pad(text: str, columns: int) -> str:
    """The text with spaces behind it up to a number of columns."""
    return text + " " * max(0, columns - width(text))


def wrap(text: str, columns: int) -> list[str]:
    r"""Lines of at most so many columns, broken at spaces where there are any.

    Not at a space that is not to be broken, which the lines then have as a plain one.

    >>> wrap("Blues 91%\xa0███ Folk", 9)
    ['Blues', '91% ███', 'Folk']
    """
    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if width(joined) <= columns:
            lines[-1] = joined
            continue
        pieces = _pieces(word, columns)
        lines += pieces if lines[-1] else []
        if not lines[0]:
            lines = pieces
    return [line.replace("\xa0", " ") for line in lines]


def _pieces(word: str, columns: int) -> list[str]:
    pieces = [""]
    for sign in word:
        if width(pieces[-1] + sign) > columns:
            pieces.append("")
        pieces[-1] += sign
    return pieces
