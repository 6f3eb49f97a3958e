"""IRMAS: the predominant of eleven instruments in 6,705 excerpts of 3 s (Bosch et al. 2012).

Layout: `IRMAS-TrainingData/cel/008__[cel][nod][cla]0058__1.wav` (instrument, drums or none or not
said, genre; the song's number; which excerpt of it) and `IRMAS-TestingData-Part1/Part1/NAME-5.wav`
with `NAME-5.txt`, an instrument a line. What else plays under a predominant instrument is unknown.
The set names no artists; a song is a group.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from training.data.datasets.source import TEST_FOLD, Entry, Source, gather
from training.data.datasets.tables import reading

NAME = "irmas"
TABLE: dict[str, str | None] = {
    "cel": "Cello", "cla": "Clarinet", "flu": "Flute", "gac": "Acoustic Guitar",
    "gel": "Electric Guitar", "org": "Organ", "pia": "Piano", "sax": "Saxophone",
    "tru": "Trumpet", "vio": "Violin", "voi": "Voice", "dru": "Drums",
    "genre:cla": "Classical", "genre:pop_roc": "Pop Rock",
}  # fmt: skip
# Two in one: which of them, nobody says.
EITHER: dict[str, tuple[str, ...]] = {
    "cou_fol": ("Country", "Folk"),
    "jaz_blu": ("Jazz", "Blues"),
    "lat_sou": ("Latin", "R&B"),
}
LISTED = ("Classical", "Pop Rock", *(name for pair in EITHER.values() for name in pair))
MARK = re.compile(r"\[([a-z_]+)\]")
SONG = re.compile(r"(\d{4})__\d+$")
EXCERPT = re.compile(r"[-_ ]*\d+$")


def load(root: Path, *, weak: bool = False) -> Source:
    """All excerpts of both parts; those of the testing part are only ever measured."""
    return gather(NAME, _entries(root), TABLE, listed=LISTED)


def _entries(root: Path) -> Iterator[Entry]:
    for path in sorted(root.glob("**/*.wav")):
        if (labels := path.with_suffix(".txt")).is_file():
            yield _tested(path, labels)
        elif marks := MARK.findall(path.stem):
            yield _trained(path, marks)


def _trained(path: Path, marks: list[str]) -> Entry:
    instrument, rest = marks[0], marks[1:]
    # Numbers are of songs within a folder of one instrument, in which most songs stay.
    song = SONG.search(path.stem)
    genre = next((mark for mark in rest if mark not in ("dru", "nod")), None)
    return Entry(
        id=f"{path.parent.name}/{path.stem}",
        path=path,
        group=f"{instrument} {song.group(1)}" if song else path.stem,
        words=(
            instrument,
            *(("dru",) if "dru" in rest else ()),
            *((f"genre:{genre}",) if genre and genre not in EITHER else ()),
        ),
        denied=("dru",) if "nod" in rest else (),
        perhaps=EITHER.get(genre or "", ()),
    )


def _tested(path: Path, labels: Path) -> Entry:
    with reading(labels, "instrument", "--source"):
        words = tuple(labels.read_text(encoding="utf-8", errors="replace").split())
    group = f"test {EXCERPT.sub('', path.stem)}"
    return Entry(f"{path.parent.name}/{path.stem}", path, group, words, fold=TEST_FOLD)
