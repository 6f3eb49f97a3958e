"""Instruments, and genres AllMusic has no name for, where the teachers leave little doubt.

Solo notes and rendered MIDI teach what an instrument sounds like, but not what a record without it
sounds like: a network that knew only them heard strings in nine of ten rock songs. The rules below
turn teachers' tags (mean over a clip) into labels where a tag is far up or down its range; what
lies between stays unknown. Some tags speak of other things too: metal has no harp, and is rock.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tagger.errors import DataError
from training.data.datasets import Clip
from training.data.taxonomy import VOCABULARY, Targets, unknown
from training.data.teacher_outputs import load_soft

TAGS = Path("teachers/tags.json")  # in the data folder
ORCHESTRA = ("Violin", "Cello", "Flute", "Clarinet", "Harp", "Harpsichord")
BAND = ("Drums", "Electric Bass", "Electric Guitar", "Synthesizer")
HORNS = ("Saxophone", "Brass", "Trumpet", "Clarinet")


@dataclass(frozen=True, slots=True)
class Rule:
    """If the sum of some tags of one teacher is in a range, these are heard and those are not.

    With a genre, of the songs alone that people gave it.
    """

    teacher: str
    tags: tuple[str, ...]
    least: float = 0.0
    most: float = np.inf
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    genre: str = ""


TAGS_OF = {"jamendo_musicnn": "jamendo"}  # teachers whose list of tags has another name
VOCAL_TAGS = ("vocal", "vocals", "singing", "male vocal", "female vocal", "voice", "male", "female")

# Ordered from weak to strong: a later rule overrules an earlier one.
INSTRUMENT_RULES = (
    Rule("mtt", ("strings", "violin", "cello"), most=0.05, absent=("Strings", "Violin", "Cello")),
    Rule("mtt", ("violin",), most=0.008, absent=("Violin",)),
    Rule("mtt", ("cello",), most=0.004, absent=("Cello",)),
    Rule("mtt", ("flute",), most=0.004, absent=("Flute",)),
    Rule("mtt", ("harp",), most=0.003, absent=("Harp",)),
    Rule("mtt", ("harpsichord",), most=0.003, absent=("Harpsichord",)),
    Rule("mtt", ("choir", "choral", "opera"), most=0.004, absent=("Choir",)),
    Rule("mtt", ("synth", "electronic", "techno", "ambient"), most=0.04, absent=("Synthesizer",)),
    Rule("mtt", ("piano",), most=0.015, absent=("Piano",)),
    Rule("mtt", ("guitar",), most=0.03, absent=("Acoustic Guitar", "Electric Guitar")),
    Rule("mtt", ("drums", "beat", "beats", "rock", "techno"), most=0.05, absent=("Drums",)),
    Rule("mtt", VOCAL_TAGS, most=0.10, absent=("Voice",)),
    Rule("mtt", ("strings",), least=0.30, present=("Strings",)),
    Rule("mtt", ("violin",), least=0.30, present=("Strings", "Violin")),
    Rule("mtt", ("cello",), least=0.20, present=("Strings", "Cello")),
    Rule("mtt", ("flute",), least=0.25, present=("Flute",)),
    Rule("mtt", ("harp",), least=0.15, present=("Harp",)),
    Rule("mtt", ("harpsichord",), least=0.40, present=("Harpsichord",), absent=BAND),
    Rule("mtt", ("choir", "choral"), least=0.30, present=("Choir",)),
    Rule("mtt", ("synth",), least=0.30, present=("Synthesizer",)),
    Rule("mtt", ("piano",), least=0.35, present=("Piano",)),
    Rule("mtt", ("guitar",), least=0.60, present=("Acoustic Guitar",)),
    Rule("mtt", VOCAL_TAGS, least=0.90, present=("Voice",)),
    Rule("msd", ("female vocalists", "female vocalist"), least=0.35, present=("Voice",)),
    Rule("mtt", ("drums",), least=0.30, present=("Drums",)),
    Rule("mtt", ("techno", "beats"), least=0.35, present=("Drums",), absent=ORCHESTRA + HORNS),
    Rule("msd", ("House", "dance"), least=0.45, present=("Drums",), absent=ORCHESTRA),
    Rule("msd", ("Hip-Hop",), least=0.45, present=("Drums", "Voice"), absent=("Harp", "Clarinet")),
    Rule(
        "msd",
        ("metal", "heavy metal", "hard rock", "punk"),
        least=0.55,
        present=("Drums", "Electric Guitar", "Electric Bass"),
        absent=(*ORCHESTRA, *HORNS, "Double Bass", "Accordion", "Strings", "Acoustic Guitar"),
    ),
    Rule("msd", ("rock", "alternative rock", "indie rock"), least=0.75,
         present=("Drums", "Electric Guitar"), absent=(*ORCHESTRA, "Accordion")),
    Rule("mtt", ("rock",), least=0.45, present=("Drums", "Electric Guitar", "Electric Bass"),
         absent=("Double Bass", "Harp", "Harpsichord", "Accordion", "Cello", "Clarinet")),
    Rule("msd", ("metal", "heavy metal", "hard rock", "punk"), least=0.35,
         absent=("Organ", "Percussion", "Electric Piano", "Double Bass", "Choir", "Brass")),
    Rule("mtt", ("techno",), least=0.60, absent=("Double Bass", "Accordion", "Cello", "Clarinet")),
    Rule("mtt", ("classical",), least=0.50, absent=(*BAND, "Percussion", "Saxophone")),
    Rule("mtt", ("ambient", "new age"), least=0.60, absent=("Drums", "Electric Guitar", *HORNS)),
    # The guitar on the off-beat is no "guitar" to a teacher that was shown soloists.
    Rule("jamendo_musicnn", ("genre---reggae",), least=0.20, genre="Reggae",
         present=("Drums", "Electric Bass", "Electric Guitar")),
)  # fmt: skip


# Bounds stand near the median of a tag over all songs here (absent) and its highest twentieth
# (present): a tag of these teachers is seldom sure of itself, so they are read off its own range.
GENRE_RULES = (
    Rule("msd", ("alternative", "alternative rock"), most=0.04, absent=("Alternative",)),
    Rule("msd", ("alternative", "alternative rock"), least=0.22, present=("Alternative",)),
    Rule("msd", ("ambient",), most=0.02, absent=("Ambient",)),
    Rule("msd", ("ambient",), least=0.28, present=("Ambient",)),
    Rule("msd", ("funk",), most=0.010, absent=("Funk",)),
    Rule("msd", ("funk",), least=0.07, present=("Funk",)),
    Rule("msd", ("House",), most=0.005, absent=("House",)),
    Rule("jamendo_musicnn", ("genre---house",), least=0.12, present=("House",)),
    Rule("msd", ("House",), least=0.08, present=("House",)),
    Rule("msd", ("indie", "indie rock", "indie pop"), most=0.07, absent=("Indie",)),
    Rule("msd", ("indie", "indie rock", "indie pop"), least=0.35, present=("Indie",)),
    Rule("msd", ("pop", "indie pop", "catchy"), most=0.05, absent=("Pop",)),
    Rule("msd", ("pop", "catchy"), least=0.20, present=("Pop",)),
    Rule("msd", ("rock", "alternative rock", "classic rock"), most=0.08, absent=("Rock",)),
    Rule("msd", ("rock", "alternative rock", "classic rock"), least=0.30, present=("Rock",)),
    Rule("mtt", ("rock",), least=0.50, present=("Rock",)),
    Rule("msd", ("soul", "rnb"), most=0.02, absent=("Soul",)),
    Rule("msd", ("soul",), least=0.16, present=("Soul",)),
    Rule("jamendo_musicnn", ("genre---techno",), most=0.010, absent=("Techno",)),
    Rule("jamendo_musicnn", ("genre---techno",), least=0.12, present=("Techno",)),
    Rule("msd", ("metal", "heavy metal", "hard rock"), most=0.02, absent=("Metal",)),
    Rule("mtt", ("metal",), most=0.005, absent=("Metal",)),
    Rule("msd", ("metal", "heavy metal"), least=0.25, present=("Metal", "Rock"), absent=("Pop",)),
    Rule("msd", ("punk",), most=0.010, absent=("Punk",)),
    Rule("msd", ("punk",), least=0.20, present=("Punk", "Rock")),
)

RULES = INSTRUMENT_RULES + GENRE_RULES
_INDEX = {label.name: i for i, label in enumerate(VOCABULARY.labels)}


def add_weak_labels(clips: list[Clip], data: Path) -> list[Clip]:
    """The same clips, with what their teachers are sure of where nothing was known."""
    tags = tag_names(data / TAGS)
    return [
        _added(clip, weak_targets(clip.soft, tags, clip.targets)) if clip.soft else clip
        for clip in clips
    ]


def weak_targets(soft: Path, tags: dict[str, list[str]], given: Targets) -> Targets:
    """Targets from the teachers' stored outputs and what people gave; most are unknown."""
    targets = unknown()
    means = {name: rows.mean(axis=0, dtype=np.float32) for name, rows in load_soft(soft).items()}
    for rule in RULES:
        if rule.genre and given[_INDEX[rule.genre]] != 1:
            continue
        if rule.least <= _sum(means[rule.teacher], rule, tags) <= rule.most:
            for names, value in ((rule.absent, 0.0), (rule.present, 1.0)):
                for name in names:
                    targets[_INDEX[name]] = value
    return targets


def _sum(means: npt.NDArray[np.float32], rule: Rule, tags: dict[str, list[str]]) -> float:
    return float(
        sum(means[tags[TAGS_OF.get(rule.teacher, rule.teacher)].index(tag)] for tag in rule.tags)
    )


def _added(clip: Clip, weak: Targets) -> Clip:
    return replace(clip, targets=np.where(np.isnan(clip.targets), weak, clip.targets))


def tag_names(path: Path) -> dict[str, list[str]]:
    """What the outputs of each teacher stand for."""
    try:
        names: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"the teachers' tag names cannot be read ({error})", path) from error
    return names
