"""One run: a variant of the recipe, with a fold held out, from a seed; and the order of all."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import torch

from tagger.vocabulary import KINDS, Kind
from training.config import Config
from training.data.clip_pools import make_pools
from training.data.datasets import Clip
from training.data.mel_cache import Mel
from training.data.split import Split
from training.experiments.ablate.aggregation import AGGREGATIONS, OURS, Figures, figures, tracks
from training.experiments.ablate.predict import Array, score_clips
from training.experiments.ablate.variants import BY_NAME, RECIPE
from training.experiments.runner.ledger import Ledger, Outcome, file_name
from training.networks import PooledNetwork
from training.trainer.loop import train


@dataclass(frozen=True, slots=True)
class Cell:
    """One run."""

    variant: str
    fold: int  # held out
    seed: int


@dataclass(frozen=True, slots=True)
class Result(Outcome[Cell]):
    """What came of it."""

    genres: Figures  # of tracks
    instruments: Figures  # of labelled windows and sounds
    votes: Mapping[str, Mapping[str, Figures]]  # of tracks, by kind and way
    step_ms: float  # processor time of a step


def open_ledger(folder: Path, setup: dict[str, Any]) -> Ledger[Cell, Result]:
    """The finished runs in a folder; a DataError where they are of another setup."""
    return Ledger(folder, setup, _result, "runs of other data or settings")


def planned(variants: Sequence[str], folds: Sequence[int], seeds: int) -> list[Cell]:
    """Every variant under every fold and seed, the recipe's own run before those held against it.

    Folds and seeds that both are new come first, so that a table of a stopped run has seen some of
    either.

    >>> [(c.fold, c.seed) for c in planned([], [1, 2], 2)]
    [(1, 1), (2, 2), (1, 2), (2, 1)]
    """
    pairs = list(product(range(len(folds)), range(seeds)))
    pairs.sort(key=lambda pair: (pair[1] - pair[0]) % max(len(folds), seeds))
    names = [RECIPE, *(name for name in variants if name != RECIPE)]
    return [Cell(name, folds[fold], seed + 1) for fold, seed in pairs for name in names]


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """What all runs have in common."""

    config: Config  # of the recipe
    splits: dict[tuple[int, bool], Split]  # by the fold held out, and whether with weak labels
    features: dict[str, Mel]
    device: torch.device
    folder: Path  # for the checkpoints of runs that are not finished
    start: tuple[Path, ...] = ()  # checkpoints, with the mean of whose weights every run begins

    def run(self, cell: Cell) -> tuple[Result, None]:
        """Train and measure; a run that was killed goes on from its checkpoint."""
        variant = BY_NAME[cell.variant]
        config = variant.of(self.config)
        config = replace(config, loop=replace(config.loop, seed=cell.seed))
        split = self.splits[cell.fold, variant.weak]
        folder = self.folder / file_name(cell)
        pools = make_pools(config, split, self.features)
        began = time.process_time()
        network = train(config, pools, folder, self.device, start=self.start)
        step_ms = (time.process_time() - began) / config.loop.steps * 1000
        result = self._measure(cell, network, split, config, step_ms)
        shutil.rmtree(folder)
        return result, None

    def _measure(
        self, cell: Cell, network: PooledNetwork, split: Split, config: Config, step_ms: float
    ) -> Result:
        scored: dict[Kind, tuple[list[Clip], list[Array]]] = {}
        held_out = {"genre": split.held_out_songs, "instrument": split.held_out_instruments}
        for kind in KINDS:
            clips = [clip for clip in held_out[kind] if clip.id in self.features]
            scored[kind] = clips, score_clips(network, clips, self.features, config.mel)
        votes: dict[str, dict[str, Figures]] = {}
        for kind, (clips, scores) in scored.items():
            targets, joined = tracks(clips, scores)
            votes[kind] = {
                aggregation: figures(targets, joined, kind, aggregation)
                for aggregation in AGGREGATIONS
            }
        clips, scores = scored["instrument"]
        own = figures([clip.targets for clip in clips], scores, "instrument", OURS["instrument"])
        genres = votes["genre"][OURS["genre"]]
        return Result(cell, genres, own, votes, round(step_ms, 1))


def _result(row: dict[str, Any]) -> Result:
    return Result(cell=Cell(**row.pop("cell")), **row)
