"""A small library with labels of its own, for a model that tells low sound from high.

"Deep" tracks hum low, "Bright" ones whistle; "Buzz" is a pulse of both, which the tiny model has no
label for.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from tagger.tags.reader import read_tags

RATE = 8000
LABELS = ("Deep", "Bright", "Buzz")


def sound(label: str, seed: int, seconds: float = 3.0) -> npt.NDArray[np.float32]:
    """A few seconds that have the label."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    low = np.sin(2 * np.pi * rng.uniform(120, 400) * time)
    high = np.sin(2 * np.pi * rng.uniform(2200, 3400) * time)
    mixed = {"Deep": low, "Bright": high, "Buzz": low + high}[label]
    noise = 0.05 * rng.standard_normal(len(time))
    return (0.3 * mixed + 0.3 * noise).astype(np.float32)


def write_folders(root: Path, each: int = 12, labels: tuple[str, ...] = LABELS) -> Path:
    """A folder for each label, with an artist's folder for every two tracks."""
    for k, label in enumerate(labels):
        for i in range(each):
            path = root / label / f"artist {k}-{i // 2}" / f"{i:02}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, sound(label, 100 * k + i), RATE, subtype="PCM_16")
    return root


def write_changing(root: Path, each: int = 6) -> Path:
    """Tracks of two labels whose sound changes on the way: low first, then high, or the reverse."""
    for k, parts in enumerate((("Deep", "Bright", "Buzz"), ("Bright", "Buzz", "Deep"))):
        for i in range(each):
            path = root / f"Change {k}" / f"artist {k}-{i}" / f"{i:02}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            samples = [sound(part, 300 * k + 10 * i + j) for j, part in enumerate(parts)]
            soundfile.write(path, np.concatenate(samples), RATE, subtype="PCM_16")
    return root


def write_table(path: Path, music: Path, **changes: str) -> Path:
    """A CSV of a library in folders; `changes` gives some files, by name, other genres."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "genres", "artist"])
        for track in sorted(music.rglob("*.wav")):
            label = track.relative_to(music).parts[0]
            name = str(track.relative_to(music))
            writer.writerow([track, changes.get(name, label), track.parent.name])
    return path


def genres_of(path: Path) -> tuple[str, ...]:
    """The genres in a file's tags."""
    return read_tags(path).genres


def write_untagged(folder: Path, count: int, name: str) -> Path:
    """Files without tags, by turns bright and deep; `name` has a place for the number."""
    folder.mkdir()
    for i in range(count):
        wave = sound("Deep" if i % 2 else "Bright", i)
        soundfile.write(folder / name.format(i=i), wave, RATE)
    return folder
