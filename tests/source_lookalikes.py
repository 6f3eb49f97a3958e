"""Small look-alikes of the data sets people download, in the true layout and columns of each.

Every artist has several tracks, so that a split which does not keep artists together shows.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.training_data import HIGH, tone, write_sound

ARTISTS = 12
SHORT_S = 0.3


def sound(path: Path) -> Path:
    """A short tone; the container is by the name: WAV, FLAC, Ogg or MP3."""
    return write_sound(path, tone(HIGH, SHORT_S))


def write_rows(path: Path, rows: Iterable[Sequence[object]], delimiter: str = ",") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def write_gtzan(root: Path) -> tuple[Path, Path]:
    """`genres_original/` and a folder of lists; blues 0 to 35 of twelve artists, three a piece."""
    names = [f"{genre}.{i:05d}" for genre in ("blues", "disco", "rock") for i in range(36)]
    names += ["jazz.00053", "jazz.00054"]
    for name in names:
        sound(root / "genres_original" / name.split(".")[0] / f"{name}.wav")
    split, parts = root / "split", ("train", "valid", "test")
    split.mkdir()
    for i, part in enumerate(parts):
        chosen = [name for name in names if int(name[-5:]) // 12 == i and name[-2:] != "07"]
        if part == "train":
            chosen += ["jazz.00053", "jazz.00054"]
        lines = "".join(f"{name.split('.')[0]}/{name}.wav\n" for name in chosen)
        (split / f"{part}_filtered.txt").write_text(lines)
    index = ["## Bob L. Sturm, 2012", "##"]
    for name in names:  # an artist with clips of two genres; some unknown
        artist = f"Artist {int(name[-5:]) // 3}" if not name.startswith("jazz") else ""
        index.append(f"{name}.wav ::: {artist} ::: A title")
    (split / "artists_sturm.txt").write_text("\n".join(index))
    return root, split


def write_fma(root: Path) -> Path:
    metadata = root / "fma_metadata"
    genres = [
        (2, 5271, 0, "International", 2), (4, 4126, 0, "Jazz", 4), (12, 32923, 0, "Rock", 12),
        (31, 1498, 12, "Metal", 12), (38, 38154, 0, "Experimental", 38),
        (9999, 1, 4, "Kazoo Jazz", 4),
    ]  # fmt: skip
    write_rows(
        metadata / "genres.csv", [("genre_id", "#tracks", "parent", "title", "top_level"), *genres]
    )
    header = [
        ("", "album", "artist", "artist", "set", "set", "track", "track", "track"),
        ("", "comments", "id", "name", "split", "subset", "genre_top", "genres", "genres_all"),
        ("track_id", "", "", "", "", "", "", "", ""),
    ]
    lists = ("[4]", "[31, 12]", "[9999, 4]", "[]")
    rows: list[Sequence[object]] = []
    for i in range(4 * ARTISTS):
        artist = i % ARTISTS
        part = ("training", "training", "training", "validation", "test")[artist % 5]
        genre = lists[i // ARTISTS]
        row = (i, 0, artist, f"Artist {artist}", part, "small", "Jazz", genre, genre)
        rows.append(row)
        if i != 5:  # the table names tracks of other subsets too
            sound(root / "fma_small" / f"{i:06d}"[:3] / f"{i:06d}.mp3")
    write_rows(metadata / "tracks.csv", [*header, *rows])
    return root


def write_jamendo(root: Path) -> Path:
    header = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS\n"
    tags = (
        "genre---jazz\tinstrument---piano",
        "genre---metal\tmood/theme---dark",
        "mood/theme---happy",
        "instrument---theremin\tgenre---jazz",
    )
    parts: dict[str, list[str]] = {"train": [], "validation": [], "test": []}
    for i in range(4 * ARTISTS):
        artist = i % ARTISTS
        part = ("train", "train", "train", "validation", "test")[artist % 5]
        path = f"{i:02d}/{i + 214}.mp3"
        parts[part].append(
            f"track_{i:07d}\tartist_{artist:06d}\talbum_{i:06d}\t{path}\t1.0\t{tags[i // ARTISTS]}"
        )
        low = Path(path).with_suffix(".low.mp3") if i % 2 else path
        if i:
            sound(root / "audio" / low)
    split = root / "data" / "splits" / "split-0"
    split.mkdir(parents=True)
    for part, lines in parts.items():
        text = header + "\n".join(lines) + "\n"
        (split / f"autotagging-{part}.tsv").write_text(text)
    whole = header + "\n".join(line for lines in parts.values() for line in lines) + "\n"
    (root / "data" / "autotagging.tsv").write_text(whole)
    return root


def write_magnatagatune(root: Path) -> Path:
    words = ("no vocals", "guitar", "classical", "no drums", "techno", "woman", "hum of a fridge")
    info: list[Sequence[object]] = [
        ("clip_id", "track_number", "title", "artist", "album", "url", "segmentStart",
         "segmentEnd", "original_url", "mp3_path"),
    ]  # fmt: skip
    notes: list[Sequence[object]] = [("clip_id", *words, "mp3_path")]
    for i in range(3 * ARTISTS):
        artist = i % ARTISTS
        # An artist's clips lie in several folders: the usual split by folder parts them.
        path = f"{'0123456789abcdef'[i % 16]}/artist_{artist}-album-{i}-title-0-29.mp3"
        info.append((i, 1, "Title", f"Artist {artist}", "Album", "", 0, 29, "", path))
        given = ((1, 1, 1, 0, 0, 0, 0), (0, 0, 0, 1, 1, 1, 0), (0, 0, 1, 0, 0, 0, 1))[i // ARTISTS]
        notes.append((i, *given, path))
        sound(root / path)
    write_rows(root / "clip_info_final.csv", info, "\t")
    write_rows(root / "annotations_final.csv", notes, "\t")
    return root


OPENMIC = ("accordion", "cello", "drums", "guitar", "voice")  # five of the twenty


def write_openmic(root: Path, *, npz: bool = True, objects: bool = False) -> Path:
    keys = [f"{i:06d}_{3840 + i}" for i in range(4 * ARTISTS)]
    values = np.full((len(keys), len(OPENMIC)), 0.5, np.float32)
    asked = np.zeros(values.shape, bool)
    labels: list[Sequence[object]] = [("sample_key", "instrument", "relevance", "num_responses")]
    for i in range(len(keys)):
        for j, relevance in ((i % 3, 0.91), (3, 0.13), (4, 0.5)):
            values[i, j], asked[i, j] = relevance, True
            labels.append((keys[i], OPENMIC[j], relevance, 3))
        sound(root / "audio" / keys[i][:3] / f"{keys[i]}.ogg")
    if npz:
        stored: npt.NDArray[np.generic] = np.array(keys, dtype=object if objects else str)
        np.savez(root / "openmic-2018.npz", Y_true=values, Y_mask=asked, sample_key=stored)
        class_map = {word: i for i, word in enumerate(OPENMIC)}
        (root / "class-map.json").write_text(json.dumps(class_map))
    if objects or not npz:
        write_rows(root / "openmic-2018-aggregated-labels.csv", labels)
    rows = [(i, i % ARTISTS, f"Artist {i % ARTISTS}", key, 3.84) for i, key in enumerate(keys)]
    write_rows(
        root / "openmic-2018-metadata.csv",
        [("track_id", "artist_id", "artist_name", "sample_key", "start_time"), *rows],
    )
    for part in ("train", "test"):
        chosen = [key for i, key in enumerate(keys) if (i % ARTISTS < 9) == (part == "train")]
        write_rows(root / "partitions" / f"split01_{part}.csv", [(key,) for key in chosen])
    return root


def write_irmas(root: Path) -> Path:
    for i in range(10):
        for excerpt in (1, 2, 3):
            for marks in ("[cel][nod][cla]", "[voi][dru][pop_roc]", "[sax][jaz_blu]"):
                name = f"{i:03d}__{marks}{i:04d}__{excerpt}.wav"
                sound(root / "IRMAS-TrainingData" / marks[1:4] / name)
    part = root / "IRMAS-TestingData-Part1" / "Part1"
    for i in range(4):
        for excerpt in (1, 5):
            sound(part / f"({i:02d}) a song-{excerpt}.wav")
            (part / f"({i:02d}) a song-{excerpt}.txt").write_text("gel\t\nvoi\t\nkaz\t\n")
    return root


def write_folders(root: Path) -> Path:
    for i in range(8):
        sound(root / "Jazz" / f"Artist {i}" / f"Album {i}" / "one.flac")
        sound(root / "Jazz" / f"Artist {i}" / "two.wav")
        sound(root / "Heavy Metal" / f"Artist {i}" / "three.wav")  # who plays Jazz too
        sound(root / "Hip-Hop" / f"Singer {i} - Title.wav")
        sound(root / "Hip-Hop" / f"Singer {i} - Other.wav")
    sound(root / "Bathroom Acoustics" / "drip.wav")
    (root / "Jazz" / "cover.jpg").write_bytes(b"no sound")
    return root


def write_listing(root: Path) -> Path:
    rows: list[Sequence[object]] = [("path", "genres", "instruments", "absent", "artist", "fold")]
    for i in range(3 * ARTISTS):
        artist = f"Artist {i % ARTISTS}"
        sound(root / "sound" / f"{i}.flac")
        row = (
            ("Jazz|Latin", "Piano; upright bass", "Voice", artist, ""),
            ("metal", "", "*", artist, ""),
            ("", "Ukulele of Doom|Drums", "", artist, ""),
        )[i // ARTISTS]
        rows.append((f"sound/{i}.flac", *row))
    rows.append(("sound/gone.flac", "Jazz", "", "", "Nobody", ""))
    sound(root / "sound" / "kept.flac")
    rows.append(("sound/kept.flac", "Jazz", "", "", "Kept", 0))
    return write_rows(root / "mine.csv", rows)


def write_beets(root: Path) -> Path:
    """A library with paths relative to its music folder, as beets keeps them."""
    from beets.library import Item, Library

    music = root / "music"
    library = Library(str(root / "library.db"), str(music))
    for i in range(3 * ARTISTS):
        path = sound(music / f"{i}.flac")
        genres = (["Jazz", "Latin"], ["Heavy Metal"], ["Yodelcore"])[i // ARTISTS]
        artist = f"Artist {i % ARTISTS}"
        item = Item(path=str(path).encode(), title="T", artist=artist, genres=genres)
        library.add(item)
    library._close()
    (root / "config.yaml").write_text(f"directory: {music}\n")
    return root
