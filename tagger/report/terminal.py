"""What a terminal can show: colour, and blocks for bars."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from typing import TextIO

EIGHTHS = " ▏▎▍▌▋▊▉█"  # bars grow by an eighth of a column
RISING = "▁▂▃▄▅▆▇█"
_BLOCKS = re.compile(r"[▏▎▍▌▋▊▉█]+|(?<=[%\d] )#+|(?<=  )#+$")

BOLD, DIM, BLUE, RESET = "\x1b[1m", "\x1b[2m", "\x1b[34m", "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Style:
    """Whether to use colour, and whether block signs can be written."""

    color: bool = False
    blocks: bool = True

    def bar(self, share: float, columns: int) -> str:
        """A bar of up to so many columns; never empty, so that "little" differs from "none".

        >>> Style().bar(0.5, 4), Style(blocks=False).bar(0.5, 4), Style().bar(0.001, 4)
        ('██', '##', '▏')
        """
        if not self.blocks:
            return "#" * max(1, round(share * columns))
        full, eighths = divmod(max(1, round(share * columns * 8)), 8)
        return "█" * full + EIGHTHS[eighths].strip()

    def strong(self, line: str) -> str:
        """The line in bold."""
        return f"{BOLD}{line}{RESET}" if self.color else line

    def weak(self, line: str) -> str:
        """The line dimmed."""
        return f"{DIM}{line}{RESET}" if self.color else line

    def bars_colored(self, line: str) -> str:
        """The line with its bars in colour; widths were counted before."""
        return _BLOCKS.sub(rf"{BLUE}\g<0>{RESET}", line) if self.color else line


def terminal_style(stream: TextIO | None = None) -> Style:
    """What the stream (standard output) can show.

    Colour only on a terminal that is not "dumb", and not where NO_COLOR is set (no-color.org).
    """
    stream = stream or sys.stdout
    terminal = stream.isatty() and os.environ.get("TERM") != "dumb"
    return Style(terminal and not os.environ.get("NO_COLOR"), _can_write(EIGHTHS, stream))


def _can_write(signs: str, stream: TextIO) -> bool:
    try:
        signs.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
