"""A real `beet` with a home of its own, and albums on disk for it to import."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import beets
import numpy as np
from beets.library import Item, Library
from mediafile import MediaFile

from tagger.demo import write_audio

FORMATS = ("mp3", "flac", "m4a", "ogg", "opus")
LOW_HZ, HIGH_HZ = 200.0, 3000.0  # what the tiny model calls Low and High

# A source of metadata that knows every album as its files say it is: beets then applies a match
# without asking and without a network.
SOURCE = """
from beets.autotag import AlbumInfo, TrackInfo
from beets.metadata_plugins import MetadataSourcePlugin

def track(item):
    return TrackInfo(title=item.title, artist=item.artist, track_id=f"t{item.track}",
                     index=item.track, medium=1, medium_index=item.track, length=item.length)

class OwnSourcePlugin(MetadataSourcePlugin):
    def album_for_id(self, album_id): return None
    def track_for_id(self, track_id): return None
    def item_candidates(self, item, artist, title): yield track(item)
    def candidates(self, items, artist, album, va_likely):
        yield AlbumInfo(tracks=[track(item) for item in items], album=album, artist=artist,
                        album_id="a1", artist_id="b1", mediums=1, media="CD",
                        data_source="OwnSource")
"""


def make_track(path: Path, number: int, hz: float = LOW_HZ, **tags: Any) -> Path:
    """Two seconds of a tone with title, artist, album and no genre."""
    rate = 48000 if path.suffix == ".opus" else 44100
    tone = (0.3 * np.sin(2 * np.pi * hz * np.arange(2 * rate) / rate)).astype(np.float32)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_audio(path, np.stack([tone, tone]), rate)
    file = MediaFile(path)
    values = {"title": f"Track {number}", "artist": "Ana", "album": "Low Tide", "track": number}
    for name, value in {**values, **tags}.items():
        setattr(file, name, value)
    file.save()
    return path


def make_album(folder: Path) -> list[Path]:
    """One low tone in each format."""
    return [make_track(folder / f"{i} a.{name}", i) for i, name in enumerate(FORMATS, 1)]


class Beet:
    """The `beet` program with a configuration, library and journal of its own."""

    def __init__(self, home: Path, card: Path, plugins: str = "genretag") -> None:
        self.home, self.music = home, home / "music"
        home.mkdir(parents=True, exist_ok=True)
        self.settings: dict[str, Any] = {
            "directory": str(self.music),
            "library": str(home / "library.db"),
            "create_backup_before_migrations": False,
            "ui": {"color": False},
            "pluginpath": str(home / "plugins"),
            "plugins": plugins,
            "import": {},
            "genretag": {"model": str(card), "threads": 1},
        }
        (home / "plugins").mkdir(exist_ok=True)
        (home / "plugins" / "ownsource.py").write_text(SOURCE)

    @property
    def environment(self) -> dict[str, str]:
        """Where beets and the journal keep their things."""
        return {**os.environ, "BEETSDIR": str(self.home), "XDG_DATA_HOME": str(self.home / "data")}

    def start(self, *arguments: object, **options: Any) -> subprocess.Popen[str]:
        """Start it and leave it to itself."""
        # JSON is YAML.
        (self.home / "config.yaml").write_text(json.dumps(self.settings))
        return subprocess.Popen(
            [sys.executable, "-m", "beets", *map(str, arguments)],
            env={**self.environment, **options.pop("env", {})},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            **options,
        )  # fmt: skip

    def __call__(
        self, *arguments: object, code: int = 0, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments, **options)
        out, err = process.communicate()
        assert process.returncode == code, err
        assert "Traceback" not in err, err
        assert "error loading plugin" not in err, err
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def add_album(self, paths: list[Path]) -> None:
        """Put files into the library as an album, without the plugin."""
        with self._library() as library:
            library.add_album([Item.from_path(bytes(path)) for path in paths])

    def add_single(self, path: Path) -> None:
        """Put a file into the library by itself."""
        with self._library() as library:
            library.add(Item.from_path(bytes(path)))

    def age(self) -> None:
        """Let an hour go by since the library last looked at its files."""
        with sqlite3.connect(self.home / "library.db") as database:
            database.execute("UPDATE items SET mtime = mtime - 3600")
        database.close()

    @contextmanager
    def _library(self) -> Iterator[Library]:
        with patch.dict(os.environ, {"BEETSDIR": str(self.home)}):
            beets.config["create_backup_before_migrations"] = False
            library = Library(self.settings["library"], self.settings["directory"])
            try:
                yield library
            finally:
                library._close()

    def items(self) -> dict[str, dict[str, Any]]:
        """What the library holds of each item, by title: fixed and flexible fields."""
        return {str(fields["title"]): fields for fields in self._rows("item")}

    def albums(self) -> dict[str, dict[str, Any]]:
        """What the library holds of each album, by name."""
        return {str(fields["album"]): fields for fields in self._rows("album")}

    def _rows(self, kind: str) -> list[dict[str, Any]]:
        database = sqlite3.connect(self.home / "library.db")
        database.row_factory = sqlite3.Row
        rows = [dict(row) for row in database.execute(f"SELECT * FROM {kind}s ORDER BY id")]
        for row in rows:
            flexible = database.execute(
                f"SELECT key, value FROM {kind}_attributes WHERE entity_id = ?", (row["id"],)
            )
            row.update(dict(flexible.fetchall()))
            for name in ("genres", "instruments"):
                if isinstance(row.get(name), str):
                    row[name] = tuple(v for v in row[name].split("\\␀") if v)
            if isinstance(row.get("path"), bytes):  # beets 2.14 keeps it below its folder
                row["path"] = self.music / os.fsdecode(row["path"])
        database.close()
        return rows


def contents(folder: Path) -> dict[Path, bytes]:
    """Every file under a folder with its bytes."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
