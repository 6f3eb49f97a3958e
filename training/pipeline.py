"""From data to an exported, calibrated and measured model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tagger.card import LabelRule, ModelCard, dump_card
from tagger.errors import DataError
from tagger.model import Model, load_model
from tagger.vocabulary import Kind
from training.calibrate import fit_rules
from training.config import Config
from training.datasets import Clip, genres, instruments
from training.evaluate import Heard, listen, measure
from training.export import export
from training.features import load_features
from training.loop import Pools, train
from training.mixing import Pool
from training.pictures import write_pictures
from training.teachers import load_soft, standardise
from training.weak import add_weak_instruments

LOSSES, PICTURES = "loss.csv", "pictures.html"  # in the folder of a run

Progress = Callable[[str, int], AbstractContextManager[Callable[[], object]]]


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Clips to learn from and clips held out, by what they are."""

    songs: list[Clip]
    solos: list[Clip]
    rendered: list[Clip]
    held_out_songs: list[Clip]
    held_out_instruments: list[Clip]
    real_mixes: list[Clip]


def load_split(data: Path, rendered: Path | None, fold: int) -> Split:
    """Read all labels and set aside one fold of the songs and of the instruments."""
    songs = add_weak_instruments(genres.load(data), data)
    sounds = instruments.load(data)
    midi = instruments.load_rendered(rendered) if rendered else []
    split = Split(
        songs=[clip for clip in songs if clip.fold != fold],
        solos=[clip for clip in sounds if not instruments.is_held_out(clip)],
        rendered=[clip for clip in midi if not instruments.is_held_out(clip)],
        held_out_songs=[clip for clip in songs if clip.fold == fold],
        held_out_instruments=[
            clip
            for clip in sounds + midi
            if instruments.is_held_out(clip) and clip.source != instruments.TEST_SOURCE
        ],
        real_mixes=[clip for clip in sounds if clip.source == instruments.TEST_SOURCE],
    )
    if not split.held_out_songs:
        raise DataError(f"no song is in fold {fold}", data / "tracks.csv")
    check_disjoint(split.songs, split.held_out_songs)
    check_disjoint(split.solos + split.rendered, split.held_out_instruments + split.real_mixes)
    return split


def check_disjoint(learned: list[Clip], held_out: list[Clip]) -> None:
    """Refuse a split in which an artist, singer or instrument is on both sides."""
    if both := {clip.group for clip in learned} & {clip.group for clip in held_out}:
        raise DataError(f"in training and held out at once: {', '.join(sorted(both)[:5])}")


def run(
    config: Config, split: Split, folder: Path, cache: Path, device: str, progress: Progress
) -> Path:
    """Train, export, calibrate and measure; returns the path of the model's card."""
    pools = _pools(config, split, cache, progress)
    folder.mkdir(parents=True, exist_ok=True)
    with _reporting(config, folder / LOSSES, progress) as report:
        network = train(config, pools, folder, torch.device(device), report)
    path = export(network, config, folder)
    model = load_model(str(path))
    heard = listen_all(model, split, progress)
    card = replace(model.card, rules=_rules(heard, model.card))
    card = replace(card, metrics=measure_all(heard, card))  # the figures depend on the rules
    dump_card(card, path)
    write_pictures(folder / PICTURES, folder / LOSSES, heard, card)
    return path


def listen_all(model: Model, split: Split, progress: Progress) -> dict[str, Heard]:
    """What the model votes on each part of the held-out sound."""
    parts = {
        "genres": split.held_out_songs,
        "instruments": split.held_out_instruments,
        "instruments_in_real_mixes": split.real_mixes,
    }
    heard = {}
    for name, clips in parts.items():
        with progress(f"listening: {name}", len({clip.path for clip in clips})) as advance:
            heard[name] = listen(model, clips, advance)
    return heard


def measure_all(heard: dict[str, Heard], card: ModelCard) -> dict[str, Any]:
    """Figures of each part of the held-out sound, as they stand in a card."""
    kinds: dict[str, Kind] = {"genres": "genre"}
    return {
        name: measure(part, card, kinds.get(name, "instrument")) for name, part in heard.items()
    }


def _rules(heard: dict[str, Heard], card: ModelCard) -> tuple[LabelRule, ...]:
    """Rules fitted on held-out songs and instruments; the real mixes are for measuring only."""
    parts = heard["genres"], heard["instruments"]
    return fit_rules(
        np.concatenate([part.targets for part in parts]),
        np.concatenate([part.votes for part in parts]),
        card.vocabulary,
    )


@contextmanager
def _reporting(
    config: Config, log: Path, progress: Progress
) -> Iterator[Callable[[int, float], object]]:
    """Write each loss to a file, by step, and move the progress on; steps done before count."""
    with progress("training", config.loop.steps) as advance, log.open("a", buffering=1) as losses:
        done = 0

        def report(step: int, loss: float) -> None:
            nonlocal done
            losses.write(f"{step},{loss:.5f}\n")
            for _ in range(step - done):
                advance()
            done = step

        yield report


def _pools(config: Config, split: Split, cache: Path, progress: Progress) -> Pools:
    clips = split.songs + split.solos + split.rendered
    with progress("reading sound", len(clips)) as advance:
        features = load_features(clips, config.mel, cache, advance)
    soft = standardise({clip.id: load_soft(clip.soft) for clip in split.songs if clip.soft})
    return Pools(
        songs=Pool.of(split.songs, features, soft, config.mel),
        solos=Pool.of(split.solos, features, {}, config.mel),
        rendered=Pool.of(split.rendered, features, {}, config.mel) if split.rendered else None,
    )
