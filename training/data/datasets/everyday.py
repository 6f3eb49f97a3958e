"""Words that people write for genres and instruments, for labels of their own making."""

from __future__ import annotations

from collections.abc import Iterator

from training.data.datasets.names import BELONGS
from training.data.taxonomy import VOCABULARY

# Other words for a name, as they stand in tags and folder names; small letters.
ALIASES: dict[str, str | None] = {
    "alt country": "Country", "alternative rock": "Alternative", "atmospheric": None,
    "ambience": "Ambient", "avant garde": "Experimental", "big band": "Swing",
    "black metal": "Metal", "bebop": "Jazz", "chillout": "Downtempo", "chill out": "Downtempo",
    "classic rock": "Rock", "dance": "Electronic", "death metal": "Metal", "deep house": "House",
    "drum n bass": "Drum and Bass", "dnb": "Drum and Bass", "edm": "Electronic",
    "electronica": "Electronic", "film music": "Soundtrack", "score": "Soundtrack",
    "hard rock": "Rock", "hardcore": "Punk", "heavy metal": "Metal", "hiphop": "Hip-Hop",
    "rap": "Hip-Hop", "hip hop rap": "Hip-Hop", "rap hip hop": "Hip-Hop", "idm": "Electronic",
    "indie pop": "Indie", "indie rock": "Indie", "international": "World", "ost": "Soundtrack",
    "post punk": "Rock", "post rock": "Rock", "progressive rock": "Rock", "prog rock": "Rock",
    "punk rock": "Punk", "r and b": "R&B", "rnb": "R&B", "rhythm and blues": "R&B",
    "soul r and b": "R&B", "r and b soul": "R&B", "rock and roll": "Rock", "rock n roll": "Rock",
    "rock pop": "Pop Rock", "stage and screen": "Soundtrack", "synthpop": "Synth Pop",
    "electropop": "Synth Pop", "thrash metal": "Metal", "vocal jazz": "Jazz",
    "world music": "World", "other": None, "unknown": None, "holiday": None, "christmas": None,
    "children's": None, "spoken": None, "spoken word": None, "comedy": None, "audiobook": None,
    "podcast": None,
    "vocals": "Voice", "singing": "Voice", "singer": "Voice", "drum kit": "Drums",
    "drum set": "Drums", "bass guitar": "Electric Bass", "e bass": "Electric Bass",
    "upright bass": "Double Bass", "contrabass": "Double Bass", "e guitar": "Electric Guitar",
    "sax": "Saxophone", "keys": "Keyboard", "synth": "Synthesizer", "fiddle": "Violin",
    "violoncello": "Cello", "rhodes": "Electric Piano", "horns": "Brass", "horn": "French Horn",
    "string section": "Strings", "hammond organ": "Organ", "orchestra": None,
}  # fmt: skip


def everyday_table() -> dict[str, str | None]:
    """All names we know and their aliases, each as `plain` writes it."""
    names = [label.name for label in VOCABULARY.labels] + [*BELONGS, *BELONGS.values()]
    return {plain(word): name for word, name in ALIASES.items()} | {
        plain(name): name for name in names
    }


def plain(word: str) -> str:
    """A word without the differences that nobody means.

    >>> plain("Hip-Hop"), plain("Pop/Rock"), plain(" R & B")
    ('hip hop', 'pop rock', 'r and b')
    """
    for sign in "-_/.":
        word = word.replace(sign, " ")
    return " ".join(word.casefold().replace("&", " and ").split())


def split_names(cell: str) -> Iterator[str]:
    """Names in one field, parted by `|`, `;` or `,`."""
    for sign in ";,":
        cell = cell.replace(sign, "|")
    yield from (plain(name) for name in cell.split("|") if name.strip())
