"""The vocabulary, and how each source's own names map to it.

`None` marks a name that is known and left out on purpose; a name that is in no table is an error
when the data are read, so nothing is dropped silently.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from tagger.vocabulary import Label, Vocabulary

Targets = npt.NDArray[np.float32]  # (K,): 1 present, 0 absent, NaN unknown

# Genres that people gave to the songs we learn from.
LISTED_GENRES = (
    "Blues", "Classical", "Country", "Easy Listening", "Electronic", "Experimental", "Folk",
    "Hip-Hop", "Jazz", "Latin", "New Age", "Pop Rock", "R&B", "Reggae", "Soundtrack", "Vocal",
    "World",
)  # fmt: skip

# Genres that only other networks heard in them; see training/data/pseudo_labels.py.
WEAK_GENRES = (
    "Alternative", "Ambient", "Funk", "House", "Indie", "Metal", "Pop", "Punk", "Rock", "Soul",
    "Techno",
)  # fmt: skip

GENRES = LISTED_GENRES + WEAK_GENRES

INSTRUMENTS = (
    "Voice", "Choir", "Drums", "Percussion", "Electric Bass", "Double Bass", "Electric Guitar",
    "Acoustic Guitar", "Piano", "Electric Piano", "Organ", "Synthesizer", "Strings", "Violin",
    "Cello", "Flute", "Clarinet", "Saxophone", "Brass", "Trumpet", "Harp", "Accordion",
    "Harpsichord",
)  # fmt: skip

VOCABULARY = Vocabulary(
    tuple(Label("genre", name) for name in GENRES)
    + tuple(Label("instrument", name) for name in INSTRUMENTS)
)
GENRE_SLICE = slice(0, len(GENRES))
INSTRUMENT_SLICE = slice(len(GENRES), len(VOCABULARY))

# AllMusic's artist-level genres, the words of the taffc and emotify sets.
ALLMUSIC: dict[str, str | None] = {
    "Avant-Garde": "Experimental",
    "Blues": "Blues",
    "Children's": None,  # 10 clips; a matter of words more than of sound
    "Classical": "Classical",
    "Comedy/Spoken": None,  # speech and sketches, not a genre of music
    "Country": "Country",
    "Easy Listening": "Easy Listening",
    "Electronic": "Electronic",
    "Folk": "Folk",
    "Holiday": None,  # a season, heard in the words
    "International": "World",
    "Jazz": "Jazz",
    "Latin": "Latin",
    "New Age": "New Age",
    "Pop/Rock": "Pop Rock",
    "R&B": "R&B",
    "Rap": "Hip-Hop",
    "Reggae": "Reggae",
    "Religious": None,  # 15 clips; heard in the words
    "Stage & Screen": "Soundtrack",
    "Vocal": "Vocal",
}

# A family is heard whenever one of its members is; where only the family's own name is
# known (a string section, a brass section), the members stay unknown.
FAMILIES: dict[str, tuple[str, ...]] = {
    "Strings": ("Violin", "Viola", "Cello"),
    "Brass": ("Trumpet", "Trombone", "French Horn", "Tuba", "Brass Section"),
}

# Names of instruments.csv and of the rendered MIDI that have no label of their own (some are
# members of a family above): too few players or too few listeners who would look for them.
UNLABELLED_INSTRUMENTS = frozenset(
    {
        "Bagpipe", "Banjo", "Bassoon", "Brass Section", "Clavinet", "Cor Anglais", "French Horn",
        "Harmonica", "Mallets", "Mandolin", "Oboe", "Orchestra Hit", "Other Pipe",
        "Other Plucked", "Shanai", "Sitar", "Sound Effects", "Trombone", "Tuba", "Viola",
    }
)  # fmt: skip


# Where the name of a family sounds, any of these may be what is heard of it. A synthetic choir is
# close enough to singing that it must not be taught as its opposite.
VEILS = {**FAMILIES, "Brass Section": FAMILIES["Brass"], "Choir": ("Voice",)}

# Names for players together, in no list of absent names: those speak of the players.
COLLECTIVE = frozenset({"Brass", "Brass Section"})


def label_names() -> list[str]:
    """The label of each output, with its kind."""
    return [f"{label.kind}:{label.name}" for label in VOCABULARY.labels]


def unknown() -> Targets:
    """Targets of which nothing is known."""
    return np.full(len(VOCABULARY), np.nan, dtype=np.float32)


def genre_targets(names: Iterable[str], *, complete: bool) -> Targets:
    """Targets from AllMusic names; with `complete`, a genre that is not listed is absent.

    AllMusic has no names for the weak genres here, so of them nothing is known.
    """
    targets = unknown()
    if complete:
        targets[: len(LISTED_GENRES)] = 0.0
    for name in names:
        ours = ALLMUSIC[name]
        if ours is not None:
            targets[GENRES.index(ours)] = 1.0
    return targets


def instrument_targets(
    present: Iterable[str], absent: Iterable[str] | None, unsure: Iterable[str] = ()
) -> Targets:
    """Targets from instrument names.

    Args:
        present: names known to sound.
        absent: names known not to sound; None when every name not present is absent.
        unsure: names of which nothing is known, whatever `absent` says.
    """
    here, gone, maybe = set(present), set(absent or ()), set(unsure)
    for name in here | gone | maybe:
        if name not in INSTRUMENTS and name not in UNLABELLED_INSTRUMENTS:
            raise KeyError(name)
    targets = unknown()
    for i, name in enumerate(INSTRUMENTS, start=INSTRUMENT_SLICE.start):
        members = {name, *FAMILIES.get(name, ())}
        if members & here:
            targets[i] = 1.0
        elif not _veiled(members, here, maybe) and (absent is None or members - COLLECTIVE <= gone):
            targets[i] = 0.0
    return targets


def _veiled(members: set[str], here: set[str], maybe: set[str]) -> bool:
    """Whether one of these could sound behind a name that stands for several, or an unsure one."""
    hidden = {m for head in here | maybe for m in VEILS.get(head, ())}
    return bool(members & (maybe | hidden))
