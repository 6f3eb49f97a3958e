"""Where two teachers of different kinds agree about held-out songs: evidence for unlisted labels.

No one listed Rock, Metal or Piano for the songs that are held out. Two networks that other people
trained, one on tags that listeners gave to songs (Last.fm, MagnaTagATune, Jamendo), one on what
listeners heard in ten seconds (AudioSet), know these words; where both place a song among those
that have most of it, it has it, and where neither does, it has not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.data.datasets import Clip
from training.data.taxonomy import VOCABULARY, Targets
from training.data.teacher_outputs import AUDIOSET_CLASSES, Soft, load_soft

Floats = npt.NDArray[np.float64]

PRESENT, ABSENT = 0.85, 0.60  # shares of the songs that have less of a label
FEWEST_SONGS = 40  # below this, shares of songs say little

TAGS_OF = {"jamendo_musicnn": "jamendo"}  # teachers whose list of tags has another name


@dataclass(frozen=True, slots=True)
class Words:
    """What two teachers call a label."""

    audioset: tuple[str, ...]
    teacher: str
    tags: tuple[str, ...]


WORDS = {
    "Ambient": Words(("Ambient music", "New-age music"), "msd", ("ambient",)),
    "Funk": Words(("Funk",), "msd", ("funk",)),
    "House": Words(("House music",), "jamendo_musicnn", ("genre---house",)),
    "Indie": Words(("Independent music",), "msd", ("indie", "indie rock", "indie pop")),
    "Metal": Words(("Heavy metal",), "msd", ("metal", "heavy metal")),
    "Pop": Words(("Pop music",), "msd", ("pop", "catchy")),
    "Punk": Words(("Punk rock",), "msd", ("punk",)),
    "Rock": Words(("Rock music",), "msd", ("rock", "classic rock", "hard rock")),
    "Soul": Words(("Soul music",), "msd", ("soul",)),
    "Techno": Words(("Techno",), "jamendo_musicnn", ("genre---techno",)),
    "Soundtrack": Words(("Soundtrack music",), "jamendo_musicnn", ("genre---soundtrack",)),
    "Choir": Words(("Choir",), "mtt", ("choir", "choral")),
    "Piano": Words(("Piano",), "mtt", ("piano",)),
    "Synthesizer": Words(("Synthesizer",), "mtt", ("synth",)),
    "Strings": Words(("String section", "Bowed string instrument"), "mtt", ("strings",)),
    "Violin": Words(("Violin, fiddle",), "mtt", ("violin",)),
    "Cello": Words(("Cello",), "mtt", ("cello",)),
    "Flute": Words(("Flute",), "mtt", ("flute",)),
    "Harp": Words(("Harp",), "mtt", ("harp",)),
    "Harpsichord": Words(("Harpsichord",), "mtt", ("harpsichord",)),
    "Acoustic Guitar": Words(("Acoustic guitar",), "mtt", ("guitar",)),
    "Electric Piano": Words(("Electric piano",), "jamendo_musicnn",
                            ("instrument---electricpiano",)),
}  # fmt: skip


def agreed_about(
    clips: Iterable[Clip], ask: Callable[[Path], Soft], tags: Mapping[str, list[str]]
) -> dict[str, Targets]:
    """What two teachers agree on, by song; only of songs with stored outputs.

    `ask`: the AudioSet teacher. Shape: `(K,)` each
    """
    known = {clip.id: {**load_soft(clip.soft), **ask(clip.path)} for clip in clips if clip.soft}
    return dict(zip(known, agreed_targets(list(known.values()), tags), strict=True))


def agreed_targets(soft: Sequence[Soft], tags: Mapping[str, list[str]]) -> list[Targets]:
    """What both teachers say of each song among the others; NaN where they differ or stay between.

    Shape: `(K,)` each
    """
    targets = np.full((len(soft), len(VOCABULARY)), np.nan, dtype=np.float32)
    if len(soft) >= FEWEST_SONGS:
        for i, label in enumerate(VOCABULARY.labels):
            if words := WORDS.get(label.name):
                targets[:, i] = _agreed(words, soft, tags)
    return list(targets)


def _agreed(words: Words, soft: Sequence[Soft], tags: Mapping[str, list[str]]) -> Floats:
    classes = [tags["audioset"][i] for i in AUDIOSET_CLASSES]
    own = tags[TAGS_OF.get(words.teacher, words.teacher)]
    one = _ranks([_mean(s["audioset"], classes, words.audioset) for s in soft])
    other = _ranks([_mean(s[words.teacher], own, words.tags) for s in soft])
    truth = np.full(len(soft), np.nan)
    truth[np.minimum(one, other) >= PRESENT] = 1.0
    truth[np.maximum(one, other) <= ABSENT] = 0.0
    return truth


def _mean(rows: npt.NDArray[np.float16], names: Sequence[str], wanted: Sequence[str]) -> float:
    """The mean over a song of the sum of some outputs."""
    return float(rows[:, [names.index(name) for name in wanted]].astype(np.float64).sum(1).mean())


def _ranks(values: Sequence[float]) -> Floats:
    """The share of the songs that have less. Shape: `(N,)` in and out."""
    found = np.asarray(values)
    return np.asarray([(found < value).mean() for value in found])
