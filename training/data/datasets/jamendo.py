"""MTG-Jamendo: 55,609 full tracks with 195 tags of those who uploaded them (Bogdanov et al. 2019).

Layout: a checkout of its repository, `data/autotagging.tsv` (TRACK_ID, ARTIST_ID, ALBUM_ID, PATH,
DURATION, then one tag a column: "genre---rock", "instrument---piano", "mood/theme---happy") with
`data/splits/split-0/autotagging-{train,validation,test}.tsv`, and the sound `14/214.mp3` (or
`14/214.low.mp3`) under it, under `audio/` or under `raw_30s/audio/`. The splits keep each artist in
one part. A tag that nobody gave is unknown: uploaders name few.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from training.data.datasets.source import Entry, Source, first_folder, gather, part_fold
from training.data.datasets.tables import reading

NAME = "jamendo"
AUDIO = ("audio", "raw_30s/audio", "raw_30s/audio-low", "raw_30s", "audio-low")
PARTS = {"train": "train", "validation": "valid", "test": "test"}
LEFT_OUT = "mood/theme---"  # of no genre and no instrument

GENRES: dict[str, str | None] = {
    "60s": None, "70s": None, "80s": None, "90s": None, "acidjazz": "Jazz", "african": "African",
    "alternative": "Alternative", "alternativerock": "Alternative", "ambient": "Ambient",
    "atmospheric": None, "blues": "Blues", "bluesrock": "Rock", "bossanova": "Bossa Nova",
    "breakbeat": "Electronic", "celtic": "Celtic", "chanson": "Chanson", "chillout": "Downtempo",
    "choir": None, "classical": "Classical", "classicrock": "Rock", "club": "Electronic",
    "contemporary": None, "country": "Country", "dance": "Electronic", "darkambient": "Ambient",
    "darkwave": None, "deephouse": "House", "disco": "Disco", "downtempo": "Downtempo",
    "drumnbass": "Drum and Bass", "dub": "Dub", "dubstep": "Dubstep",
    "easylistening": "Easy Listening", "edm": "Electronic", "electronic": "Electronic",
    "electronica": "Electronic", "electropop": "Synth Pop", "ethnicrock": "Rock",
    "ethno": "World", "eurodance": "Electronic", "experimental": "Experimental", "folk": "Folk",
    "funk": "Funk", "fusion": "Fusion", "gothic": None, "groove": None, "grunge": "Alternative",
    "hard": None, "hardrock": "Rock", "heavymetal": "Metal", "hiphop": "Hip-Hop",
    "house": "House", "idm": "Electronic", "improvisation": None, "indie": "Indie",
    "industrial": "Industrial", "instrumentalpop": "Pop", "instrumentalrock": "Rock",
    "jazz": "Jazz", "jazzfunk": "Jazz", "jazzfusion": "Fusion", "latin": "Latin",
    "lounge": "Lounge", "medieval": None, "metal": "Metal", "minimal": None,
    "newage": "New Age", "newwave": "Pop Rock", "orchestral": "Orchestral", "oriental": "World",
    "pop": "Pop", "popfolk": "Pop", "poprock": "Pop Rock", "postrock": "Rock",
    "progressive": None, "psychedelic": None, "punkrock": "Punk", "rap": "Hip-Hop",
    "reggae": "Reggae", "rnb": "R&B", "rock": "Rock", "rocknroll": "Rock",
    "singersongwriter": "Singer-Songwriter", "ska": "Ska", "soul": "Soul",
    "soundtrack": "Soundtrack", "swing": "Swing", "symphonic": "Orchestral",
    "synthpop": "Synth Pop", "techno": "Techno", "trance": "Trance", "tribal": "World",
    "triphop": "Trip-Hop", "world": "World", "worldfusion": "World",
}  # fmt: skip

# Names that the vocabulary may have no label for are kept as they are.
INSTRUMENTS: dict[str, str | None] = {
    "accordion": "Accordion", "acousticbassguitar": "Bass", "acousticguitar": "Acoustic Guitar",
    "bass": "Bass", "beat": "Beat", "bell": "Bell", "bongo": "Bongo", "brass": "Brass",
    "cello": "Cello", "clarinet": "Clarinet", "classicalguitar": "Classical Guitar",
    "computer": "Computer", "doublebass": "Double Bass", "drummachine": "Drum Machine",
    "drums": "Drums", "electricguitar": "Electric Guitar", "electricpiano": "Electric Piano",
    "flute": "Flute", "guitar": "Guitar", "harmonica": "Harmonica", "harp": "Harp",
    "horn": "Brass", "keyboard": "Keyboard", "oboe": "Oboe", "orchestra": "Orchestra",
    "organ": "Organ", "pad": "Synthesizer", "percussion": "Percussion", "piano": "Piano",
    "pipeorgan": "Pipe Organ", "rhodes": "Electric Piano", "sampler": "Sampler",
    "saxophone": "Saxophone", "strings": "Strings", "synthesizer": "Synthesizer",
    "trombone": "Trombone", "trumpet": "Trumpet", "ukulele": "Ukulele", "viola": "Viola",
    "violin": "Violin", "voice": "Voice",
}  # fmt: skip

TABLE: dict[str, str | None] = {
    **{f"genre---{word}": name for word, name in GENRES.items()},
    **{f"instrument---{word}": name for word, name in INSTRUMENTS.items()},
}


def load(root: Path, *, weak: bool = False) -> Source:
    """All tracks whose sound is there; with `weak`, far genres that nobody gave are absent."""
    data = first_folder(root, "data")
    listed = dict.fromkeys(name for name in GENRES.values() if name) if weak else ()
    return gather(NAME, _entries(root, data), TABLE, listed=listed)


def _entries(root: Path, data: Path) -> Iterator[Entry]:
    split = data / "splits" / "split-0"
    if not split.is_dir():
        yield from _rows(root, data / "autotagging.tsv", None)
        return
    for file, part in PARTS.items():
        yield from _rows(root, split / f"autotagging-{file}.tsv", part)


def _rows(root: Path, table: Path, part: str | None) -> Iterator[Entry]:
    folders = [root / name for name in AUDIO if (root / name).is_dir()] + [root]
    with reading(table, "tag", "--source"):
        lines = table.read_text(encoding="utf-8").splitlines()
        if not lines or not lines[0].startswith("TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\t"):
            raise ValueError("the columns are not those of autotagging.tsv")
        for line in lines[1:]:
            track, artist, _album, path, _duration, *tags = line.split("\t")
            fold = part_fold(part, artist, has_valid=True) if part else None
            words = tuple(tag for tag in tags if not tag.startswith(LEFT_OUT))
            yield Entry(track, _sound(folders, path), artist, words, fold=fold)


def _sound(folders: list[Path], path: str) -> Path:
    names = (path, str(Path(path).with_suffix(".low.mp3")))
    places = [folder / name for folder in folders for name in names]
    return next((place for place in places if place.is_file()), places[0])
