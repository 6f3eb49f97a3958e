"""`python -m training code`: a folder of songs coded once more, and its table."""

from __future__ import annotations

import csv
import logging
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tagger.errors import DataError
from tagger.writing.atomic_file import replacing
from training.cli.console import progress
from training.cli.options import SEED, data_folder, out_folder

if TYPE_CHECKING:
    from training.data.datasets import Clip

TABLE = "coded.csv"
_SAVE_EVERY = 50  # songs


@dataclass(frozen=True, slots=True)
class Copy:
    """A row of the table."""

    id: str  # of the clip
    file: str
    codec: str
    kbps: str
    rate: str
    channels: str


@click.command()
@data_folder("tracks.csv and the audio it lists")
@out_folder("the copies and coded.csv")
@SEED
def code(*, data: Path, out: Path, seed: int) -> None:
    """Code each song once more: MP3, AAC, Vorbis or Opus, at settings drawn at random.

    Give the folder to `train` with --coded: half of the slices of a song are then from the copy.
    """
    from training.data.split import load_split

    songs = load_split(data, fold=None, weak=False).songs
    done = _read(out / TABLE) if (out / TABLE).exists() else {}
    with progress("coding", len(songs)) as advance:
        for i, clip in enumerate(songs):
            if clip.id not in done and (copy := _copied(clip, out, seed)):
                done[clip.id] = copy
            advance()
            if i % _SAVE_EVERY == _SAVE_EVERY - 1 or i == len(songs) - 1:
                _write(out / TABLE, done.values())
    click.echo(f"{len(done)} of {len(songs)} songs in {out}")


def load_copies(folder: Path) -> dict[str, Path]:
    """The coded copy of each song, by the id of its clip; DataError where there is no table."""
    return {copy.id: folder / copy.file for copy in _read(folder / TABLE, "--coded").values()}


def _copied(clip: Clip, out: Path, seed: int) -> Copy | None:
    """Code one song; None, and a warning, where it cannot be decoded."""
    import numpy as np

    from training.augment import codecs

    setting = codecs.draw_setting(np.random.default_rng((seed, zlib.crc32(clip.id.encode()))))
    file = f"audio/{clip.id}{setting.suffix}"
    try:
        (out / file).parent.mkdir(parents=True, exist_ok=True)
        with replacing(out / file) as part:
            codecs.code(clip.path, part, setting)
    except DataError as error:
        logging.getLogger(__name__).warning("%s; left out", error)
        return None
    numbers = (setting.kbps, setting.rate, setting.channels)
    return Copy(clip.id, file, setting.codec, *map(str, numbers))


def _read(table: Path, option: str = "--out") -> dict[str, Copy]:
    from training.data.datasets.tables import reading

    with reading(table, "song", option), table.open(newline="", encoding="utf-8") as file:
        return {row["id"]: Copy(**row) for row in csv.DictReader(file)}


def _write(table: Path, copies: Iterable[Copy]) -> None:
    with replacing(table) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [column.name for column in fields(Copy)])
        writer.writeheader()
        writer.writerows(asdict(copy) for copy in sorted(copies, key=lambda copy: copy.id))
