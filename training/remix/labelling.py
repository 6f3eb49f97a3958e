"""Labels of a remix and of each of its windows, from its parts and their levels.

A line that is far below the rest of a window may or may not be audible there: it is neither called
present nor absent. A name is absent where nothing that sounds could be it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from training.remix.arrange import Remix, Voice
from training.remix.parts import Part
from training.remix.render import RATE, SECONDS, Samples
from training.synth.windows import QUIET_DB, WINDOW_S, Window

STARTS_S = (0.0, 1.5, 3.0, SECONDS - WINDOW_S)
SILENT_DB = 60.0  # below the window's sum: the line is inaudible


@dataclass(frozen=True, slots=True)
class Labels:
    """Names that sound in some window, names that sound in none, and what each window holds.

    In a window only names that sound in others are called unknown: of all else that is neither
    present nor absent nothing is said.
    """

    present: frozenset[str]
    absent: frozenset[str]
    windows: tuple[Window, ...]


def label(remix: Remix, lines: Samples, names: frozenset[str]) -> Labels:
    """The labels of a remix. `names`: all there are. Shape: `(voices, T)`."""
    windows = [_window(remix, lines, start_s, names) for start_s in STARTS_S]
    present = frozenset(name for window in windows for name in window.present)
    unknown = frozenset(name for window in windows for name in window.unknown)
    return Labels(
        present=present,
        absent=names - present - unknown,
        windows=tuple(replace(window, unknown=window.unknown & present) for window in windows),
    )


def _window(remix: Remix, lines: Samples, start_s: float, names: frozenset[str]) -> Window:
    first = round(start_s * RATE)
    part = lines[:, first : first + round(WINDOW_S * RATE)].astype(np.float64)
    power, total = np.square(part).mean(axis=1), np.square(part.sum(axis=0)).mean()
    loud = power > total * 10 ** (-QUIET_DB / 10)
    audible = [voice for voice, p in zip(remix.voices, power, strict=True) if _sounds(p, total)]
    sure = [voice for voice, is_loud in zip(remix.voices, loud, strict=True) if is_loud]
    present = frozenset(name for voice in sure for name in _present(voice))
    gone = frozenset(name for name in names if all(_lacks(voice, name) for voice in audible))
    return Window(start_s, start_s + WINDOW_S, present, names - present - gone)


def _sounds(power: float, total: float) -> bool:
    return power > total * 10 ** (-SILENT_DB / 10)


def _present(voice: Voice) -> frozenset[str]:
    """What all sounds of a line hold: which of them fall into a window is not known."""
    return frozenset.intersection(*(part.present for part in voice.parts))


def _lacks(voice: Voice, name: str) -> bool:
    return all(_is_absent(part, name) for part in voice.parts)


def _is_absent(part: Part, name: str) -> bool:
    return name not in part.present if part.complete else name in part.absent
