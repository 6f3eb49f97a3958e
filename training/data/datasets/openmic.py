"""OpenMIC-2018: 20,000 clips of 10 seconds with 20 instruments, partly labelled (Humphrey 2018).

Layout: `openmic-2018.npz` (Y_true: relevance 0 to 1, Y_mask: whether anybody was asked, sample_key)
with `class-map.json`, or `openmic-2018-aggregated-labels.csv` (sample_key, instrument, relevance,
num_responses); `openmic-2018-metadata.csv` (sample_key, artist_id and more);
`partitions/split01_{train,test}.csv` (a sample_key a line); the sound `audio/000/000046_3840.ogg`.
Where nobody was asked, or the crowd was split even, a label is unknown.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from tagger.errors import DataError
from training.data.datasets.source import Entry, Source, gather, part_fold
from training.data.datasets.tables import reading

NAME = "openmic"
TABLE: dict[str, str | None] = {
    "accordion": "Accordion", "banjo": "Banjo", "bass": "Bass", "cello": "Cello",
    "clarinet": "Clarinet", "cymbals": "Cymbals", "drums": "Drums", "flute": "Flute",
    "guitar": "Guitar", "mallet_percussion": "Mallets", "mandolin": "Mandolin",
    "organ": "Organ", "piano": "Piano", "saxophone": "Saxophone", "synthesizer": "Synthesizer",
    "trombone": "Trombone", "trumpet": "Trumpet", "ukulele": "Ukulele", "violin": "Violin",
    "voice": "Voice",
}  # fmt: skip

Relevance = dict[str, dict[str, float]]  # sample_key -> instrument -> 0 (absent) to 1 (present)


def load(root: Path, *, weak: bool = False) -> Source:
    """All clips of its partitions."""
    return gather(NAME, _entries(root), TABLE)


def _entries(root: Path) -> Iterator[Entry]:
    relevance, artists = _relevance(root), _artists(root / "openmic-2018-metadata.csv")
    for part in ("train", "test"):
        for key in _keys(root / "partitions" / f"split01_{part}.csv"):
            given = relevance.get(key, {})
            group = artists.get(key) or key
            yield Entry(
                id=key,
                path=root / "audio" / key[:3] / f"{key}.ogg",
                group=group,
                words=tuple(word for word, value in given.items() if value > 0.5),
                denied=tuple(word for word, value in given.items() if value < 0.5),
                fold=part_fold(part, group, has_valid=False),
            )


def _relevance(root: Path) -> Relevance:
    stored = root / "openmic-2018.npz"
    return _from_npz(stored) if stored.is_file() else _from_csv(root)


def _from_npz(stored: Path) -> Relevance:
    names = json.loads((stored.parent / "class-map.json").read_text(encoding="utf-8"))
    words = sorted(names, key=lambda word: int(names[word]))
    try:
        # Keys were stored as Python objects; a pickle could run code, so they are read as text
        # or, where they are objects, from the table beside.
        with np.load(stored, allow_pickle=False) as arrays:
            keys, values, asked = arrays["sample_key"], arrays["Y_true"], arrays["Y_mask"]
    except (OSError, EOFError, KeyError, BadZipFile) as error:
        raise DataError(f"cannot be read ({error})", stored) from error
    except ValueError:
        return _from_csv(stored.parent)
    return {
        str(key): {word: float(row[i]) for i, word in enumerate(words) if mask[i]}
        for key, row, mask in zip(keys, values, asked, strict=True)
    }


def _from_csv(root: Path) -> Relevance:
    table = root / "openmic-2018-aggregated-labels.csv"
    relevance: Relevance = {}
    with reading(table, "instrument", "--source"), table.open(newline="") as file:
        for row in csv.DictReader(file):
            relevance.setdefault(row["sample_key"], {})[row["instrument"]] = float(row["relevance"])
    return relevance


def _artists(table: Path) -> dict[str, str]:
    with reading(table, "artist", "--source"), table.open(newline="", encoding="utf-8") as file:
        return {row["sample_key"]: row["artist_id"] for row in csv.DictReader(file)}


def _keys(table: Path) -> list[str]:
    with reading(table, "clip", "--source"):
        return table.read_text(encoding="utf-8").split()
