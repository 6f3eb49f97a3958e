"""GTZAN: 1,000 clips of 30 seconds in ten genres (Tzanetakis and Cook 2002).

Layout: `genres/blues/blues.00000.wav` (or .au), or the genre folders themselves. Its faults and
its artists are known from Sturm 2013, "The GTZAN dataset": of 1,000 clips 788 share an artist with
another, so a random split measures memory. With the folder of his lists (`train_filtered.txt`,
`valid_filtered.txt`, `test_filtered.txt`, lines "blues/blues.00029.wav"; `artists_sturm.txt`,
lines "blues.00000.wav ::: artist ::: title") the split is his, without the faulty clips.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from training.data.datasets.source import Entry, Source, first_folder, gather, ours, part_fold
from training.data.datasets.tables import reading

NAME = "gtzan"
TABLE: dict[str, str | None] = {
    "blues": "Blues",
    "classical": "Classical",
    "country": "Country",
    "disco": "Disco",
    "hiphop": "Hip-Hop",
    "jazz": "Jazz",
    "metal": "Metal",
    "pop": "Pop",
    "reggae": "Reggae",
    "rock": "Rock",
}
CORRUPT = frozenset({"jazz.00054"})  # cannot be decoded in the copies that go round
PARTS = {
    "train": "train_filtered.txt",
    "valid": "valid_filtered.txt",
    "test": "test_filtered.txt",
}


def load(root: Path, *, split: Path | None = None, weak: bool = False) -> Source:
    """All clips, or with Sturm's lists in `split` those without faults, in his parts."""
    # Every clip is of exactly one of the ten genres, whatever `weak` asks for.
    return gather(NAME, _entries(root, split), TABLE, listed=ours(TABLE))


def _entries(root: Path, split: Path | None) -> Iterator[Entry]:
    folder = first_folder(root, "genres_original", "genres", "Data/genres_original")
    artists = _artists(split) if split else {}
    parts = _parts(split) if split else None
    names = sorted(parts) if parts else sorted(_found(folder))
    for name in names:
        genre = name.split(".")[0]
        if name in CORRUPT:
            continue
        group = artists.get(name) or name  # an artist nobody knows is a group of its own
        fold = part_fold(parts[name], group, has_valid=True) if parts else None
        yield Entry(name, _file(folder / genre, name), group, (genre,), fold=fold)


def _found(folder: Path) -> set[str]:
    return {path.stem for genre in TABLE for path in (folder / genre).glob(f"{genre}.*.*")}


def _file(folder: Path, name: str) -> Path:
    au = folder / f"{name}.au"
    return au if au.is_file() else folder / f"{name}.wav"


def _parts(split: Path) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part, file in PARTS.items():
        with reading(split / file, "clip", "--gtzan-split"):
            lines = (split / file).read_text(encoding="utf-8").split()
        parts |= {Path(line).stem: part for line in lines}
    return parts


def _artists(split: Path) -> dict[str, str]:
    index = split / "artists_sturm.txt"
    with reading(index, "artist", "--gtzan-split"):
        lines = index.read_text(encoding="utf-8", errors="replace").splitlines()
    rows = (line.split(":::") for line in lines if ":::" in line)
    return {row[0].strip().removesuffix(".wav"): row[1].strip() for row in rows}
