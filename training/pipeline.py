"""From data to an exported, calibrated and measured model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from tagger.card import ModelCard, dump_card
from tagger.errors import DataError
from tagger.model import Model, load_model
from tagger.vocabulary import Kind
from training.calibrate import fit_rules
from training.checks import check
from training.config import Config
from training.datasets import Clip, genres, instruments
from training.evaluate import listen, measure
from training.evidence import with_evidence
from training.export import export
from training.features import load_features
from training.heard import Heard, join, load_heard, save_heard
from training.loop import train
from training.mixing import Pool, Pools
from training.pictures import write_pictures
from training.teachers import load_soft, standardise
from training.weak import add_weak_labels

LOSSES, PICTURES, HEARD = "loss.csv", "pictures.html", "heard.npz"  # in the folder of a run
GENRES, INSTRUMENTS, MIXES = "genres", "instruments", "instruments_in_real_mixes"  # parts of sound

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


def load_split(data: Path, rendered: Iterable[Path], fold: int) -> Split:
    """Read all labels and set aside one fold of the songs and of the instruments.

    Fold 0 sets nothing aside but the real mixes: for a model that ships, whose rules were fitted
    on a run that held a fold out.
    """
    songs = add_weak_labels(genres.load(data), data)
    sounds = instruments.load(data)
    midi = [clip for folder in rendered for clip in instruments.load_rendered(folder)]
    if fold and not any(clip.fold == fold for clip in songs):
        raise DataError(f"no song is in fold {fold}", data / "tracks.csv")
    mixes = [clip for clip in sounds if clip.source == instruments.TEST_SOURCE]
    solos = [clip for clip in sounds if clip.source != instruments.TEST_SOURCE]
    held_out = [clip for clip in solos + midi if fold and instruments.is_held_out(clip, fold)]
    kept = {clip.id for clip in held_out}
    split = Split(
        songs=[clip for clip in songs if not fold or clip.fold != fold],
        solos=[clip for clip in solos if clip.id not in kept],
        rendered=[clip for clip in midi if clip.id not in kept],
        held_out_songs=[clip for clip in songs if fold and clip.fold == fold],
        held_out_instruments=held_out,
        real_mixes=mixes,
    )
    check_disjoint(split.songs, split.held_out_songs)
    check_disjoint(split.solos + split.rendered, split.held_out_instruments + split.real_mixes)
    return split


def check_disjoint(learned: list[Clip], held_out: list[Clip]) -> None:
    """Refuse a split in which an artist, singer or instrument is on both sides."""
    if both := {clip.group for clip in learned} & {clip.group for clip in held_out}:
        raise DataError(f"in training and held out at once: {', '.join(sorted(both)[:5])}")


@dataclass(frozen=True, slots=True)
class Origin:
    """What a run takes from another."""

    start: Path | None = None  # a checkpoint, whose averaged weights it begins with
    runs: tuple[Path, ...] = ()  # folders of runs that held folds out, where this one does not


def run(
    config: Config,
    split: Split,
    folder: Path,
    cache: Path,
    device: str,
    progress: Progress,
    origin: Origin = Origin(),
) -> Path:
    """Train, export, calibrate and measure; returns the path of the model's card."""
    pools = _pools(config, split, cache, progress)
    folder.mkdir(parents=True, exist_ok=True)
    with _reporting(config, folder / LOSSES, progress) as report:
        network = train(config, pools, folder, torch.device(device), report, origin.start)
    path = export(network, config, folder)
    model = load_model(str(path))
    heard = listen_all(model, split, progress)
    save_heard(heard, folder / HEARD)
    runs = [load_heard(other / HEARD) for other in origin.runs] or [heard]
    card = judge(model.card, runs, heard[MIXES])
    dump_card(card, path)
    write_pictures(folder / PICTURES, folder / LOSSES, {**runs[0], MIXES: heard[MIXES]}, card)
    return path


def judge(card: ModelCard, runs: list[dict[str, Heard]], mixes: Heard) -> ModelCard:
    """The card with rules, evidence and figures from what models of one recipe heard.

    Each run held out another fold. Rules rest on all of them, and so does the evidence; the figures
    called "genres" and "instruments" are those of the first run, to be compared with others' of
    that fold. The real mixes are never fitted on.
    """
    fitted = join([run[name] for run in runs for name in (GENRES, INSTRUMENTS)])
    rules = fit_rules(fitted.targets, fitted.votes, card.vocabulary)
    card = replace(card, rules=with_evidence(rules, join([fitted, mixes])))
    parts = {**runs[0], MIXES: mixes}
    real = join([join([run[INSTRUMENTS] for run in runs]), mixes])
    parts["genres_in_all_runs"] = join([run[GENRES] for run in runs])
    parts["instruments_in_recordings"] = real.rows(real.real)
    metrics = measure_all(parts, card)  # the figures depend on the rules
    metrics[GENRES] |= check(runs[0][GENRES], card, "genre")
    metrics["genres_in_all_runs"] |= check(parts["genres_in_all_runs"], card, "genre")
    return replace(card, metrics=metrics)


def listen_all(model: Model, split: Split, progress: Progress) -> dict[str, Heard]:
    """What the model votes on each part of the held-out sound."""
    parts = {
        GENRES: split.held_out_songs,
        INSTRUMENTS: split.held_out_instruments,
        MIXES: split.real_mixes,
    }
    heard = {}
    for name, clips in parts.items():
        with progress(f"listening: {name}", len({clip.path for clip in clips})) as advance:
            heard[name] = listen(model, clips, advance)
    return heard


def measure_all(heard: dict[str, Heard], card: ModelCard) -> dict[str, Any]:
    """Figures of each part of the held-out sound, as they stand in a card."""
    kinds: dict[bool, Kind] = {True: "genre", False: "instrument"}
    return {
        name: measure(part, card, kinds[name.startswith(GENRES)]) for name, part in heard.items()
    }


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
    talk = [clip for clip in split.solos if (clip.targets == 0).all()]
    solos = [clip for clip in split.solos if not (clip.targets == 0).all()]

    def pool(clips: list[Clip]) -> Pool | None:
        return Pool.of(clips, features, {}, config.mel) if clips else None

    return Pools(
        songs=Pool.of(split.songs, features, soft, config.mel),
        solos=Pool.of(solos, features, {}, config.mel),
        rendered=pool(split.rendered),
        talk=pool(talk),
    )
