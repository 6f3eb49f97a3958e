"""How names of genres and instruments relate, whatever the vocabulary holds today.

The tables of the sources name what a label says as finely as it says it ("Metal", "Viola"); what
the vocabulary has no label for counts for the kinds it belongs to. So a table stays true when the
vocabulary grows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from training.data.taxonomy import INSTRUMENTS, UNLABELLED_INSTRUMENTS, VOCABULARY, Targets, unknown

# Whatever is the first is the second too.
BELONGS = {
    "Rock": "Pop Rock", "Pop": "Pop Rock", "Indie": "Pop Rock",
    "Metal": "Rock", "Punk": "Rock", "Alternative": "Rock",
    "House": "Electronic", "Techno": "Electronic", "Trance": "Electronic",
    "Drum and Bass": "Electronic", "Dubstep": "Electronic", "Downtempo": "Electronic",
    "Trip-Hop": "Electronic", "Synth Pop": "Electronic",
    "Soul": "R&B", "Funk": "R&B",
    "Dub": "Reggae", "Ska": "Reggae", "Dancehall": "Reggae",
    "Bluegrass": "Country",
    "Bossa Nova": "Latin", "Salsa": "Latin", "Tango": "Latin",
    "African": "World", "Indian": "World", "Middle Eastern": "World", "Balkan": "World",
    "Celtic": "World", "Asian": "World", "Chanson": "World", "Klezmer": "World",
    "Swing": "Jazz", "Fusion": "Jazz", "Free Jazz": "Jazz",
    "Opera": "Classical", "Chamber Music": "Classical", "Baroque": "Classical",
    "Choral": "Classical", "Symphony": "Classical",
    "Lounge": "Easy Listening",
    "Noise": "Experimental", "Drone": "Experimental",
    "Violin": "Strings", "Viola": "Strings", "Cello": "Strings",
    "Trumpet": "Brass", "Trombone": "Brass", "French Horn": "Brass", "Tuba": "Brass",
    "Electric Guitar": "Guitar", "Acoustic Guitar": "Guitar", "Classical Guitar": "Acoustic Guitar",
    "Electric Bass": "Bass", "Double Bass": "Bass", "Synth Bass": "Bass",
    "Pipe Organ": "Organ", "Drum Machine": "Drums",
    "Bongo": "Percussion", "Bell": "Percussion", "Cymbals": "Percussion", "Mallets": "Percussion",
    "Choir": "Voice",
    "Piano": "Keyboard", "Electric Piano": "Keyboard", "Organ": "Keyboard",
    "Synthesizer": "Keyboard", "Harpsichord": "Keyboard",
}  # fmt: skip

# Genres of which one is often called the other: where only the first is listed, whether the second
# holds too is unknown. What belongs to either is as near.
NEAR = frozenset(
    frozenset(pair)
    for pair in (
        ("Ambient", "Electronic"), ("Ambient", "New Age"), ("Ambient", "Soundtrack"),
        ("Ambient", "Experimental"), ("Downtempo", "Easy Listening"), ("New Age", "World"),
        ("New Age", "Classical"), ("New Age", "Easy Listening"), ("New Age", "Electronic"),
        ("Disco", "Electronic"), ("Disco", "R&B"), ("Disco", "Pop Rock"),
        ("Industrial", "Electronic"), ("Industrial", "Rock"), ("Industrial", "Experimental"),
        ("Experimental", "Electronic"), ("Experimental", "Classical"),
        ("Country", "Folk"), ("Country", "Pop Rock"), ("Folk", "World"), ("Folk", "Pop Rock"),
        ("Folk", "Singer-Songwriter"), ("Pop Rock", "Singer-Songwriter"), ("Folk", "Celtic"),
        ("Blues", "Jazz"), ("Blues", "R&B"), ("Blues", "Rock"), ("Jazz", "Easy Listening"),
        ("Jazz", "Vocal"), ("Jazz", "Funk"), ("Jazz", "Latin"), ("Easy Listening", "Vocal"),
        ("Easy Listening", "Pop"), ("Pop", "Vocal"), ("Pop", "R&B"), ("Pop", "Electronic"),
        ("R&B", "Hip-Hop"), ("Gospel", "R&B"), ("Gospel", "Vocal"), ("Trip-Hop", "Hip-Hop"),
        ("Latin", "World"), ("Latin", "Pop"), ("Reggae", "World"), ("Reggae", "Hip-Hop"),
        ("Ska", "Punk"), ("Synth Pop", "Pop"), ("Oldies", "Pop Rock"), ("Oldies", "Vocal"),
        ("Orchestral", "Classical"), ("Orchestral", "Soundtrack"), ("Classical", "Soundtrack"),
        ("Soundtrack", "Electronic"), ("Soundtrack", "Pop Rock"), ("Soundtrack", "New Age"),
    )
)  # fmt: skip

# Names of instruments that no label of ours speaks of, and of whole kinds.
_INSTRUMENTS = {
    *INSTRUMENTS, *UNLABELLED_INSTRUMENTS, "Guitar", "Bass", "Keyboard", "Beat", "Computer", "Lute",
    "Orchestra", "Sampler", "Ukulele",
}  # fmt: skip


def lineage(name: str) -> Iterator[str]:
    """A name and all it belongs to, nearest first.

    >>> list(lineage("Metal"))
    ['Metal', 'Rock', 'Pop Rock']
    """
    current: str | None = name
    while current:
        yield current
        current = BELONGS.get(current)


@cache
def apart(one: str, other: str) -> bool:
    """Whether two genres are so far from each other that a listing of one denies the other.

    >>> apart("Metal", "Jazz"), apart("Metal", "Pop"), apart("Disco", "Funk")
    (True, False, False)
    """
    return not any(
        x == y or frozenset((x, y)) in NEAR for x in lineage(one) for y in lineage(other)
    )


def targets_of(present: Iterable[str], absent: Iterable[str] = ()) -> Targets:
    """Targets from names: upward what is present is present, downward what is absent is absent.

    A name that is in no label's lineage says nothing; where names contradict, presence wins.
    Shape: `(K,)`
    """
    targets = unknown()
    here = {x for name in present for x in lineage(name)}
    gone = set(absent)
    for i, label in enumerate(VOCABULARY.labels):
        if label.name in here:
            targets[i] = 1.0
        elif gone & set(lineage(label.name)):
            targets[i] = 0.0
    return targets


def has_label(name: str) -> bool:
    """Whether some label of the vocabulary speaks of a name, itself or by kinship."""
    kin = set(lineage(name))
    return any(label.name in kin or name in lineage(label.name) for label in VOCABULARY.labels)


def is_instrument(name: str) -> bool:
    """Whether a name is one of an instrument, or of a kind of them.

    >>> is_instrument("Viola"), is_instrument("Guitar"), is_instrument("Disco")
    (True, True, False)
    """
    return any(kin in _INSTRUMENTS for kin in lineage(name))
