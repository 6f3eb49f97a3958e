"""MagnaTagATune: 25,863 clips of 29 seconds with 188 tags of players (Law et al. 2009).

Layout: `annotations_final.csv` (tab-separated: clip_id, a 0 or 1 for each tag, mp3_path),
`clip_info_final.csv` (tab-separated: clip_id, track_number, title, artist, album, url,
segmentStart, segmentEnd, original_url, mp3_path), and the sound under `f/`, `0/`... of the same
folder or of `mp3/`. Its usual split, by first letter of the folder, has artists on both sides, so
folds are by artist here. A tag that no two players agreed on is unknown; "no vocals" says no.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from training.data.datasets.source import Entry, Source, first_folder, gather
from training.data.datasets.tables import reading

Row = TypeVar("Row")

NAME = "magnatagatune"
SKIPPED = ("clip_id", "mp3_path")

GENRES: dict[str, str | None] = {
    "ambient": "Ambient", "arabic": "Middle Eastern", "baroque": "Baroque", "blues": "Blues",
    "celtic": "Celtic", "choral": "Choral", "classical": "Classical", "country": "Country",
    "dance": "Electronic", "disco": "Disco", "eastern": "World", "electro": "Electronic",
    "electronic": "Electronic", "electronica": "Electronic", "folk": "Folk", "funk": "Funk",
    "funky": None, "hard rock": "Rock", "heavy metal": "Metal", "hip hop": "Hip-Hop",
    "house": "House", "india": "Indian", "indian": "Indian", "industrial": "Industrial",
    "irish": "Celtic", "jazz": "Jazz", "jazzy": None, "jungle": "Drum and Bass",
    "medieval": None, "metal": "Metal", "middle eastern": "Middle Eastern",
    "new age": "New Age", "opera": "Opera", "operatic": None, "oriental": "World",
    "orchestral": "Orchestral", "pop": "Pop", "punk": "Punk", "rap": "Hip-Hop",
    "reggae": "Reggae", "rock": "Rock", "soft rock": "Rock", "techno": "Techno",
    "trance": "Trance", "tribal": "World", "trip-hop": "Trip-Hop", "trip hop": "Trip-Hop",
    "world": "World", "classic": None, "clasical": "Classical",
}  # fmt: skip
INSTRUMENTS: dict[str, str | None] = {
    "acoustic guitar": "Acoustic Guitar", "banjo": "Banjo", "bass": "Bass", "beat": "Beat",
    "beats": "Beat", "bells": "Bell", "bongos": "Bongo", "cello": "Cello", "choir": "Choir",
    "chorus": None, "clarinet": "Clarinet", "classical guitar": "Classical Guitar",
    "clapping": None, "drum": "Drums", "drums": "Drums", "electric guitar": "Electric Guitar",
    "fiddle": "Violin", "flute": "Flute", "flutes": "Flute", "guitar": "Guitar",
    "guitars": "Guitar", "harp": "Harp", "harpsichord": "Harpsichord",
    "harpsicord": "Harpsichord", "horn": "Brass", "horns": "Brass", "keyboard": "Keyboard",
    "lute": "Lute", "mandolin": "Mandolin", "oboe": "Oboe", "orchestra": "Orchestra",
    "organ": "Organ", "percussion": "Percussion", "piano": "Piano", "sax": "Saxophone",
    "saxophone": "Saxophone", "scratches": None, "sitar": "Sitar", "strings": "Strings",
    "string": "Strings", "synth": "Synthesizer", "synthesizer": "Synthesizer",
    "trumpet": "Trumpet", "violin": "Violin", "violins": "Violin", "wind": None,
    "woodwind": None, "woodwinds": None, "plucking": None, "brass": "Brass",
}  # fmt: skip
SINGING = (
    "female", "female opera", "female singer", "female singing", "female vocal", "female vocals",
    "female voice", "female voices", "girl", "man", "man singing", "men", "male", "male opera",
    "male singer", "male singing", "male vocal", "male vocals", "male voice", "male voices",
    "monks", "chant", "chanting", "chorus singing", "duet", "singer", "singing", "vocal",
    "vocals", "voice", "voices", "woman", "woman singing", "women",
)  # fmt: skip
# Words for how it sounds, of no genre and no instrument, or that only say what holds not of it
# ("not classical" is a player's doubt of the pair just heard, "no beat" speaks of rhythm).
LEFT_OUT = (
    "acoustic", "airy", "bass only", "birds", "calm", "crazy", "dark", "deep", "different", "drone",
    "echo", "eerie", "english", "fast", "fast beat", "foreign", "french", "german", "happy",
    "hard", "heavy", "heavy beat", "instrumental", "italian", "light", "loud", "low", "mellow",
    "modern", "noise", "noisey", "no beat", "no drums only", "not classical", "not english",
    "not rock", "old", "party", "peaceful", "quick", "quiet", "rain", "relaxing", "repetitive",
    "sad", "scary", "silence", "slow", "soft", "solo", "soothing", "soul", "space", "spacey",
    "spanish", "spoken", "strange", "sweet", "talking", "upbeat", "water", "weird", "whistling",
)  # fmt: skip

# Players' own denials.
DENIED: dict[str, str] = {
    "no voice": "voice", "no voices": "voice", "no vocal": "voice", "no vocals": "voice",
    "no singer": "voice", "no singing": "voice", "no drums": "drums", "no guitar": "guitar",
    "no guitars": "guitar", "no piano": "piano", "no flute": "flute", "no violin": "violin",
    "no strings": "strings",
}  # fmt: skip

TABLE: dict[str, str | None] = {
    **dict.fromkeys(LEFT_OUT),
    **GENRES,
    **INSTRUMENTS,
    **dict.fromkeys(SINGING, "Voice"),
}


def load(root: Path, *, weak: bool = False) -> Source:
    """All clips whose sound is there; with `weak`, far genres that nobody gave are absent."""
    listed = dict.fromkeys(name for name in GENRES.values() if name) if weak else ()
    return gather(NAME, _entries(root), TABLE, listed=listed)


def _entries(root: Path) -> Iterator[Entry]:
    audio = first_folder(root, "mp3", "mp3s", "audio")
    artists = dict(_read(root / "clip_info_final.csv", lambda row: (row["clip_id"], row["artist"])))
    for clip, path, given in _read(root / "annotations_final.csv", _given):
        yield Entry(
            id=clip,
            path=audio / path,
            # The name of a file begins with artist and album, for clips without a row of their own.
            group=artists.get(clip) or Path(path).name.split("-")[0],
            words=tuple(word for word in given if word not in DENIED),
            denied=tuple(DENIED[word] for word in given if word in DENIED),
        )


def _given(row: dict[str, str]) -> tuple[str, str, list[str]]:
    given = [word for word in row if word not in SKIPPED and row[word] == "1"]
    return row["clip_id"], row["mp3_path"], given


def _read(table: Path, take: Callable[[dict[str, str]], Row]) -> Iterator[Row]:
    with (
        reading(table, "tag", "--source"),
        table.open(newline="", encoding="utf-8", errors="replace") as file,
    ):
        for row in csv.DictReader(file, delimiter="\t"):
            yield take(row)
