"""One run: a variant of the recipe, with a fold held out, from a seed."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from tagger.vocabulary import KINDS, Kind
from training.config import Config
from training.data.clip_pools import make_pools
from training.data.datasets import Clip
from training.data.mel_cache import Mel
from training.data.split import Split
from training.experiments.ablate.aggregation import OURS, WAYS, Figures, figures, tracks
from training.experiments.ablate.ledger import Cell, Result
from training.experiments.ablate.predict import Array, hear
from training.experiments.ablate.variants import BY_NAME
from training.networks import PooledNetwork
from training.trainer.loop import train


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """What all runs have in common."""

    config: Config  # of the recipe
    splits: dict[tuple[int, bool], Split]  # by the fold held out, and whether with weak labels
    features: dict[str, Mel]
    device: torch.device
    folder: Path  # for the checkpoints of runs that are not finished
    start: tuple[Path, ...] = ()  # checkpoints, with the mean of whose weights every run begins

    def run(self, cell: Cell) -> Result:
        """Train and measure; a run that was killed goes on from its checkpoint."""
        variant = BY_NAME[cell.variant]
        config = variant.of(self.config)
        config = replace(config, loop=replace(config.loop, seed=cell.seed))
        split = self.splits[cell.fold, variant.weak]
        folder = self.folder / f"{cell.variant}-{cell.fold}-{cell.seed}".replace(" ", "-")
        pools = make_pools(config, split, self.features)
        began = time.process_time()
        network = train(config, pools, folder, self.device, start=self.start)
        step_ms = (time.process_time() - began) / config.loop.steps * 1000
        result = self._measure(cell, network, split, config, step_ms)
        shutil.rmtree(folder)
        return result

    def _measure(
        self, cell: Cell, network: PooledNetwork, split: Split, config: Config, step_ms: float
    ) -> Result:
        heard: dict[Kind, tuple[list[Clip], list[Array]]] = {}
        held_out = {"genre": split.held_out_songs, "instrument": split.held_out_instruments}
        for kind in KINDS:
            clips = [clip for clip in held_out[kind] if clip.id in self.features]
            heard[kind] = clips, hear(network, clips, self.features, config.mel)
        votes: dict[str, dict[str, Figures]] = {}
        for kind, (clips, scores) in heard.items():
            targets, joined = tracks(clips, scores)
            votes[kind] = {way: figures(targets, joined, kind, way) for way in WAYS}
        clips, scores = heard["instrument"]
        own = figures([clip.targets for clip in clips], scores, "instrument", OURS["instrument"])
        genres = votes["genre"][OURS["genre"]]
        return Result(cell, genres, own, votes, round(step_ms, 1))
