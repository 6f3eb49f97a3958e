"""How often each genre and instrument occurs, as a value and as a histogram for the terminal."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tagger.report.escaping import pad, printable, width, wrap
from tagger.report.terminal import Style
from tagger.vocabulary import KINDS, PLURALS, Kind, canonical

WIDEST_NAME = 28  # columns
LEAST_BAR = 8


@dataclass(slots=True)
class Tally:
    """Counts over files: of each value, and of files with no value of a kind."""

    n_files: int = 0
    values: dict[Kind, Counter[str]] = field(default_factory=lambda: {k: Counter() for k in KINDS})
    without: Counter[Kind] = field(default_factory=Counter)

    def add(self, values: dict[Kind, Iterable[str]]) -> None:
        """Count one file; a value it has twice counts once."""
        self.n_files += 1
        for kind in KINDS:
            different = {name for value in values[kind] for name in names_in(value, kind)}
            self.values[kind].update(different)
            self.without[kind] += not different

    def as_json(self) -> dict[str, Any]:
        """Keys: files, genres, instruments (value to count, most frequent first), without, same."""
        counts = {PLURALS[kind]: dict(_ranked(self.values[kind])) for kind in KINDS}
        without = {PLURALS[kind]: self.without[kind] for kind in KINDS}
        same = {PLURALS[kind]: {name: list(s) for name, s in self.same(kind)} for kind in KINDS}
        return {"files": self.n_files, **counts, "without": without, "same": same}

    def same(self, kind: Kind) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Names of the taxonomy that occur in several spellings, with these, the frequent first."""
        spellings: dict[str, list[str]] = defaultdict(list)
        for value, _ in _ranked(self.values[kind]):
            if name := canonical(value, kind):
                spellings[name].append(value)
        return ((name, tuple(found)) for name, found in spellings.items() if len(found) > 1)


def names_in(value: str, kind: Kind) -> tuple[str, ...]:
    """The names in a value: several where a program joined them, as ID3 2.3 makes it do.

    beets joins genres there with "/". Some genres have that sign themselves.

    >>> names_in("Jazz/Classical", "genre"), names_in("R&B/Soul", "genre"), names_in("A/B", "genre")
    (('Jazz', 'Classical'), ('R&B/Soul',), ('A/B',))
    """
    parts = tuple(part.strip() for part in value.split("/"))
    joined = len(parts) > 1 and not canonical(value, kind)
    return parts if joined and all(canonical(part, kind) for part in parts) else (value,)


def tally_lines(
    tally: Tally, columns: int, style: Style, kinds: Iterable[Kind] = KINDS
) -> Iterator[str]:
    """A histogram for each kind, most frequent first; nothing where no file was counted."""
    for kind in kinds if tally.n_files else ():
        yield ""
        yield style.strong(PLURALS[kind].capitalize())
        rows = _ranked(tally.values[kind])
        for name, count in rows:
            yield _row(printable(name), count, rows[0][1], columns, style)
        if tally.without[kind]:
            yield style.weak(_row("(none)", tally.without[kind], 0, columns, style))


def same_lines(tally: Tally, columns: int) -> Iterator[str]:
    """What stands in several spellings, which musictag takes for one; nothing without any."""
    for kind in KINDS:
        folded = list(tally.same(kind))
        if folded:
            yield ""
            yield f"Taken for the same {kind}"
        for name, spellings in folded:
            text = f"{name}: {', '.join(printable(spelling) for spelling in spellings)}"
            yield from (f"  {line}" for line in wrap(text, columns - 2))


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0].casefold()))


def _row(name: str, count: int, most: int, columns: int, style: Style) -> str:
    """One bar; `most` is the count of the longest, 0 for no bar."""
    shown = min(WIDEST_NAME, columns // 3)
    while width(name) > shown:
        name = name[:-2] + "…" if style.blocks else name[:-1]
    line = f"  {pad(name, shown)} {count:>7}"
    if not most:
        return line
    room = max(LEAST_BAR, min(40, columns - len(line) - 2))
    return style.bars_colored(f"{line}  {style.bar(count / most, room)}")
