"""One figure of the same cell from several seeds: mean and spread, as values and as words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Mean:
    """Over seeds, and the standard deviation between them; 0 where there is one."""

    value: float
    spread: float
    seeds: int

    @classmethod
    def of(cls, values: Iterable[float | None]) -> Mean | None:
        """The mean of those that are known; None where none is."""
        known = [value for value in values if value is not None]
        if not known:
            return None
        spread = float(np.std(known, ddof=1)) if len(known) > 1 else 0.0
        return cls(float(np.mean(known)), spread, len(known))

    def text(self, *, sign: bool = False) -> str:
        """Three digits, with the spread where there is one.

        >>> Mean(0.5, 0.0, 1).text(), Mean(0.03, 0.01, 2).text(sign=True)
        ('0.500', '+0.030 ± 0.010')
        """
        value = f"{self.value:+.3f}" if sign else f"{self.value:.3f}"
        return value + (f" ± {self.spread:.3f}" if self.seeds > 1 else "")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table as lines of Markdown."""
    yield row_text(heads)
    yield f"|{'---|' * len(heads)}"
    yield from map(row_text, rows)


def row_text(cells: Sequence[str]) -> str:
    """One row of a table."""
    return f"| {' | '.join(cells)} |"
