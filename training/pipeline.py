"""From data to an exported, calibrated and measured model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tagger.card import LabelRule, ModelCard, dump_card
from tagger.errors import DataError
from tagger.model import Model, load_model
from tagger.vocabulary import Kind
from training.calibrate import fit_rules
from training.config import Config
from training.datasets import Clip, genres, instruments
from training.datasets.source import TEST_FOLD, Source
from training.evaluate import Heard, HeardClip, gathered, hear, measure
from training.export import export
from training.features import load_features
from training.labels import GENRE_SLICE, INSTRUMENT_SLICE, unknown
from training.log import LOSSES, Log, open_writer
from training.loop import Pools, train
from training.mixing import Pool
from training.networks import PooledNetwork
from training.parallel import Team, joined
from training.pictures import write_pictures
from training.teachers import Array, load_soft, standardise
from training.watch import is_watched, watched
from training.weak import add_weak_instruments

PICTURES = "pictures.html"  # in the folder of a run

Report = Callable[[int, float], object]
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


def load_split(
    data: Path | None, rendered: Path | None, fold: int, sources: Sequence[Source] = ()
) -> Split:
    """Read all labels and set aside one fold of the songs and of the instruments.

    Clips of `sources` are songs too; their fold 0, the test part of some, is never learned from.
    """
    songs = add_weak_instruments(genres.load(data), data) if data else []
    sounds = instruments.load(data) if data else []
    midi = instruments.load_rendered(rendered) if rendered else []
    added = [clip for source in sources for clip in source.clips]
    held_out = [clip for clip in added if clip.fold == fold]
    split = Split(
        songs=[clip for clip in songs + added if clip.fold not in (fold, TEST_FOLD)],
        solos=[clip for clip in sounds if not instruments.is_held_out(clip)],
        rendered=[clip for clip in midi if not instruments.is_held_out(clip)],
        held_out_songs=[clip for clip in songs if clip.fold == fold]
        + _known_of(held_out, GENRE_SLICE),
        held_out_instruments=[
            clip
            for clip in sounds + midi
            if instruments.is_held_out(clip) and clip.source != instruments.TEST_SOURCE
        ]
        + _known_of(held_out, INSTRUMENT_SLICE),
        real_mixes=[clip for clip in sounds if clip.source == instruments.TEST_SOURCE],
    )
    if not split.held_out_songs and not held_out:
        raise DataError(f"no song is in fold {fold}", data / "tracks.csv" if data else None)
    check_disjoint(split.songs, split.held_out_songs + held_out)
    check_disjoint(split.solos + split.rendered, split.held_out_instruments + split.real_mixes)
    return split


def _known_of(clips: list[Clip], kind: slice) -> list[Clip]:
    """Clips of which something of one kind is known, and of them only that."""
    known = []
    for clip in clips:
        targets = unknown()
        targets[kind] = clip.targets[kind]
        if not np.isnan(targets).all():
            known.append(replace(clip, targets=targets))
    return known


def check_disjoint(learned: list[Clip], held_out: list[Clip]) -> None:
    """Refuse a split in which an artist, singer or instrument is on both sides."""
    if both := {clip.group for clip in learned} & {clip.group for clip in held_out}:
        raise DataError(f"in training and held out at once: {', '.join(sorted(both)[:5])}")


def run(
    config: Config,
    split: Split,
    folder: Path,
    cache: Path,
    device: str,
    progress: Progress,
    *,
    scalars: bool = False,
) -> Path | None:
    """Train, export, calibrate and measure; returns the path of the model's card.

    Of several processes that `torchrun` started only the first does more than train, and returns
    a path. With `scalars`, TensorBoard can show how it goes.
    """
    with joined(device) as (team, own_device):
        with team.first_alone():
            pools = _pools(config, split, cache, progress if team.is_first else silent)
        folder.mkdir(parents=True, exist_ok=True)
        with _reporting(config, folder, progress, team, scalars=scalars) as (report, heard):
            network = train(config, pools, folder, own_device, report, team=team, heard=heard)
    return _finish(network, config, split, folder, progress) if team.is_first else None


def _finish(
    network: PooledNetwork, config: Config, split: Split, folder: Path, progress: Progress
) -> Path:
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
    n_labels = len(model.card.vocabulary)
    heard = hear_all(model, split, progress)
    return {name: gathered(part, n_labels) for name, part in heard.items()}


def hear_all(model: Model, split: Split, progress: Progress) -> dict[str, list[HeardClip]]:
    """Each part of the held-out sound, clip by clip."""
    parts = {
        "genres": split.held_out_songs,
        "instruments": split.held_out_instruments,
        "instruments_in_real_mixes": split.real_mixes,
    }
    heard = {}
    for name, clips in parts.items():
        with progress(f"listening: {name}", len({clip.path for clip in clips})) as advance:
            heard[name] = hear(model, clips, advance)
    return heard


def measure_all(heard: dict[str, Heard], card: ModelCard) -> dict[str, Any]:
    """Figures of each part of the held-out sound, as they stand in a card."""
    return {name: measure(part, card, kind_of(name)) for name, part in heard.items()}


def kind_of(part: str) -> Kind:
    """What is measured on a part of the held-out sound."""
    return "genre" if part == "genres" else "instrument"


def _rules(heard: dict[str, Heard], card: ModelCard) -> tuple[LabelRule, ...]:
    """Rules fitted on held-out songs and instruments; the real mixes are for measuring only."""
    parts = heard["genres"], heard["instruments"]
    return fit_rules(
        np.concatenate([part.targets for part in parts]),
        np.concatenate([part.votes for part in parts]),
        card.vocabulary,
    )


@contextmanager
def silent(label: str, length: int) -> Iterator[Callable[[], object]]:
    """No progress shown."""
    yield lambda: None


@contextmanager
def _reporting(
    config: Config, folder: Path, progress: Progress, team: Team, *, scalars: bool
) -> Iterator[tuple[Report, Report]]:
    """Write each loss and each hearing to a file, by step, and move the progress on.

    Only the first process of a team writes; steps done before count.
    """
    if not team.is_first:
        yield (lambda step, loss: None), (lambda step, value: None)
        return
    writer = open_writer(folder) if scalars else None
    steps = config.loop.steps
    with progress("training", steps) as advance, closing(Log(folder, writer, config)) as log:
        done = 0

        def report(step: int, loss: float) -> None:
            nonlocal done
            log.loss(step, loss)
            for _ in range(step - done):
                advance()
            done = step

        yield report, log.hearing


def _pools(config: Config, split: Split, cache: Path, progress: Progress) -> Pools:
    clips = split.songs + split.solos + split.rendered
    with progress("reading sound", len(clips)) as advance:
        features = load_features(clips, config.mel, cache, advance)
    soft = standardise({clip.id: load_soft(clip.soft) for clip in split.songs if clip.soft})

    def pool(clips: list[Clip], soft: dict[str, Array]) -> Pool | None:
        readable = [clip for clip in clips if clip.id in features]
        return Pool.of(readable, features, soft, config.mel) if readable else None

    stops = config.loop.patience > 0
    if not (songs := pool([c for c in split.songs if not (stops and is_watched(c))], soft)):
        raise DataError("there is no song to learn from")
    heard = [clip for clip in split.songs if stops and is_watched(clip) and clip.id in features]
    if stops and not heard:
        raise DataError("too few artists to watch one in ten of them: set patience = 0")
    return Pools(
        songs=songs,
        solos=pool(split.solos, {}),
        rendered=pool(split.rendered, {}),
        watched=watched(heard, features, config.mel) if heard else None,
    )
