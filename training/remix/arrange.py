"""Which stems and solo sounds go into one remix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.remix.parts import Part, Parts

STEMS = ("drums", "bass", "other", "vocals")
# Instruments that are laid over songs more often than others: those classified worst in mixes.
WANTED = (
    "Saxophone", "Trumpet", "Flute", "Cello", "Clarinet", "Violin", "Piano", "Organ", "Accordion",
    "Electric Piano", "Synthesizer", "Harp",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Voice:
    """One line of a remix: sounds one behind the other, at a level."""

    parts: tuple[Part, ...]
    gain_db: float


@dataclass(frozen=True, slots=True)
class Remix:
    """What to mix; `labelling` gives the labels of the sum."""

    voices: tuple[Voice, ...]


def arrange(parts: Parts, rng: np.random.Generator) -> Remix:
    """Draw a remix: stems of one song or of several, not all of them, and mostly a solo."""
    songs = list(parts.songs.values())
    stems = _one_song(songs, rng) if rng.random() < 0.4 else _many_songs(songs, rng)
    voices = [Voice((part,), float(rng.uniform(-4, 4))) for part in stems]
    if rng.random() < 0.6 or not voices:
        voices.append(_solo(parts, rng))
    return Remix(tuple(voices))


def _one_song(songs: list[dict[str, Part]], rng: np.random.Generator) -> list[Part]:
    """A song without some of its stems."""
    song = songs[rng.integers(len(songs))]
    return [song[stem] for stem in STEMS if stem in song and rng.random() < 0.6]


def _many_songs(songs: list[dict[str, Part]], rng: np.random.Generator) -> list[Part]:
    """Each stem of another song, some left out."""
    drawn = {stem: songs[rng.integers(len(songs))] for stem in STEMS}
    return [song[stem] for stem, song in drawn.items() if stem in song and rng.random() < 0.6]


def _solo(parts: Parts, rng: np.random.Generator) -> Voice:
    names = sorted(parts.solos)
    weights = np.array([3.0 if name in WANTED else 1.0 for name in names])
    groups = parts.solos[names[rng.choice(len(names), p=weights / weights.sum())]]
    sounds = groups[sorted(groups)[rng.integers(len(groups))]]
    chosen = tuple(sounds[i] for i in rng.integers(len(sounds), size=8))
    return Voice(chosen, float(rng.uniform(-4, 8)))
