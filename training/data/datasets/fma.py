"""FMA, the Free Music Archive: 8,000 to 106,574 tracks in 161 genres (Defferrard et al. 2017).

Layout: `fma_metadata/tracks.csv` (three header lines: group, column, "track_id"),
`fma_metadata/genres.csv` (genre_id, #tracks, parent, title, top_level) and beside it the sound of
one subset: `fma_small/000/000002.mp3`, or `fma_medium`, `fma_large`, `fma_full`. Artists chose the
genres from one tree. Its own split keeps each artist in one part.
"""

from __future__ import annotations

import ast
import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from training.data.datasets.source import Entry, Source, gather, ours, part_fold
from training.data.datasets.tables import reading

NAME = "fma"
SUBSETS = ("fma_full", "fma_large", "fma_medium", "fma_small")
PARTS = {"training": "train", "validation": "valid", "test": "test"}

# Titles of genres.csv. A track has its genres with all their parents, so what is left out here is
# still known by the genre above it.
TABLE: dict[str, str | None] = {
    # the sixteen at the top
    "Blues": "Blues", "Classical": "Classical", "Country": "Country",
    "Easy Listening": "Easy Listening", "Electronic": "Electronic", "Experimental": "Experimental",
    "Folk": "Folk", "Hip-Hop": "Hip-Hop", "Instrumental": None, "International": "World",
    "Jazz": "Jazz", "Old-Time / Historic": "Oldies", "Pop": "Pop", "Rock": "Rock",
    "Soul-RnB": "R&B", "Spoken": None,
    # under Electronic
    "Ambient Electronic": "Ambient", "Techno": "Techno", "House": "House", "Glitch": "Electronic",
    "Minimal Electronic": "Electronic", "Breakcore - Hard": "Electronic", "IDM": "Electronic",
    "Chiptune": "Electronic", "Chip Music": "Electronic", "Trip-Hop": "Trip-Hop",
    "Dance": "Electronic", "Drum & Bass": "Drum and Bass", "Chill-out": "Downtempo",
    "Bigbeat": "Electronic", "Dubstep": "Dubstep", "Skweee": "Electronic",
    "Downtempo": "Downtempo", "Breakbeat": "Electronic", "Wonky": "Electronic",
    "Jungle": "Drum and Bass",
    # under Rock
    "Post-Rock": "Rock", "Lo-Fi": "Pop Rock", "Metal": "Metal", "Krautrock": "Rock",
    "Loud-Rock": "Rock", "Noise-Rock": "Rock", "Psych-Rock": "Rock", "Indie-Rock": "Indie",
    "Industrial": "Industrial", "Garage": "Rock", "Progressive": "Rock", "Punk": "Punk",
    "Electro-Punk": "Punk", "No Wave": "Rock", "New Wave": "Pop Rock", "Post-Punk": "Rock",
    "Sludge": "Metal", "Death-Metal": "Metal", "Black-Metal": "Metal", "Thrash": "Metal",
    "Grindcore": "Metal", "Hardcore": "Punk", "Power-Pop": "Pop Rock", "Space-Rock": "Rock",
    "Goth": "Rock", "Shoegaze": "Rock", "Rock Opera": "Rock", "Surf": "Rock", "Rockabilly": "Rock",
    # under Pop, Folk, Country, Soul-RnB, Hip-Hop
    "Experimental Pop": "Pop", "Synth Pop": "Synth Pop", "Psych-Folk": "Folk", "Free-Folk": "Folk",
    "Freak-Folk": "Folk", "British Folk": "Folk", "Singer-Songwriter": "Singer-Songwriter",
    "Bluegrass": "Bluegrass", "Country & Western": "Country", "Western Swing": "Country",
    "Americana": None, "Disco": "Disco", "Funk": "Funk", "Deep Funk": "Funk", "Gospel": "Gospel",
    "Soul": "Soul", "Nerdcore": "Hip-Hop", "Alternative Hip-Hop": "Hip-Hop", "Rap": "Hip-Hop",
    "Abstract Hip-Hop": "Hip-Hop", "Hip-Hop Beats": "Hip-Hop",
    # under International
    "French": None, "Latin America": "Latin", "Latin": "Latin", "Brazilian": "Latin",
    "Cumbia": "Latin", "Salsa": "Salsa", "Tango": "Tango", "Flamenco": "World", "Fado": "World",
    "Spanish": None, "Reggae - Dub": "Reggae", "Reggae - Dancehall": "Dancehall",
    "African": "African", "Afrobeat": "African", "North African": "African",
    "Middle East": "Middle Eastern", "Turkish": "Middle Eastern", "Indian": "Indian",
    "Bollywood": "Indian", "South Indian Traditional": "Indian",
    "North Indian Traditional": "Indian", "Asia-Far East": "Asian", "Pacific": "World",
    "Europe": None, "Balkan": "Balkan", "Polka": "World", "Klezmer": "Klezmer",
    "Romany (Gypsy)": "Balkan", "Celtic": "Celtic",
    # under Jazz, Classical, Easy Listening, Instrumental
    "Jazz: Vocal": "Jazz", "Jazz: Out": "Jazz", "Free-Jazz": "Free Jazz", "Nu-Jazz": "Jazz",
    "Modern Jazz": "Jazz", "Be-Bop": "Jazz", "Big Band/Swing": "Swing", "Opera": "Opera",
    "20th Century Classical": "Classical", "Contemporary Classical": "Classical",
    "Composed Music": "Classical", "Chamber Music": "Chamber Music", "Choral Music": "Choral",
    "Symphony": "Symphony", "Lounge": "Lounge", "Nostalgia": "Easy Listening",
    "Soundtrack": "Soundtrack", "Ambient": "Ambient", "New Age": "New Age",
    # under Experimental
    "Avant-Garde": "Experimental", "Noise": "Noise", "Drone": "Drone",
    "Electroacoustic": "Experimental", "Audio Collage": "Experimental",
    "Sound Collage": "Experimental", "Sound Art": "Experimental", "Improv": "Experimental",
    "Musique Concrete": "Experimental", "Minimalism": None, "Field Recordings": None,
    "Sound Effects": None, "Sound Poetry": None, "Unclassifiable": None, "Novelty": None,
    "Comedy": None, "Kid-Friendly": None, "Holiday": None, "Christmas": None, "Radio": None,
    "Radio Art": None, "Radio Theater": None, "Talk Radio": None, "Poetry": None,
    "Spoken Weird": None, "Spoken Word": None, "Banter": None, "Interview": None, "Easy": None,
    "Musical Theater": None, "Compilation": None, "Tribute": None,
}  # fmt: skip


def load(root: Path, *, weak: bool = False) -> Source:
    """All tracks whose sound is there and that have a genre."""
    metadata = root / "fma_metadata"
    audio = next((root / name for name in SUBSETS if (root / name).is_dir()), root)
    # A listing of genres is whole here, whatever `weak` asks for.
    return gather(NAME, _entries(metadata, audio), TABLE, listed=ours(TABLE))


def _entries(metadata: Path, audio: Path) -> Iterator[Entry]:
    titles = _titles(metadata / "genres.csv")
    there = {path.stem: path for path in audio.glob("*/*.mp3")}
    table = metadata / "tracks.csv"
    with reading(table, "genre", "--source"), table.open(newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        columns = _columns(next(rows), next(rows))
        next(rows)  # "track_id", and nothing else
        for row in rows:
            # The table is of all 106,574 tracks; a folder of sound may be of 8,000.
            if (name := f"{int(row[0]):06d}") not in there:
                continue
            genres = ast.literal_eval(row[columns["track", "genres_all"]] or "[]")
            artist = row[columns["artist", "id"]]
            part = PARTS[row[columns["set", "split"]]]
            fold = part_fold(part, artist, has_valid=True)
            words = tuple(titles[int(genre)] for genre in genres)
            yield Entry(name, there[name], artist, words, fold=fold)


def _titles(table: Path) -> dict[int, str]:
    with reading(table, "genre", "--source"), table.open(newline="", encoding="utf-8") as file:
        return {int(row["genre_id"]): row["title"] for row in csv.DictReader(file)}


def _columns(groups: Sequence[str], names: Sequence[str]) -> dict[tuple[str, str], int]:
    return {pair: i for i, pair in enumerate(zip(groups, names, strict=True))}
