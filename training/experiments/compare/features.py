"""Clips -> all that the systems need of their sound, kept on disk.

All of it is held in memory while systems learn: 1.5 MB a track, twice while a task begins.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import numpy.typing as npt

from tagger.audio import Windows, read_windows
from tagger.errors import AudioError, DataError
from training.data.datasets import Clip
from training.data.mel_cache import cached_array
from training.experiments.baselines.handmade import NAMES, features
from training.experiments.baselines.images import SPEC, compact_images
from training.experiments.baselines.problem import Array, Sound
from training.experiments.compare.our_network import OurNetwork
from training.experiments.protocols import Indices

SLICES = 10  # of a clip: three seconds each, spread as a scan spreads them
TIMED = 8  # clips whose sound is computed anew to see how long it takes


@dataclass(frozen=True, slots=True, eq=False)
class FeatureStore:
    """Everything computed of some clips.

    Shape: each of `slices` is a list of `(S, ...)`, one a clip; `votes` `(N, K)`, K 0 without ears
    """

    clips: tuple[Clip, ...]
    slices: dict[str, list[npt.NDArray[Any]]]
    votes: Array
    ours: OurNetwork | None
    front_ms: dict[str, float]  # milliseconds of processor time a track, sound once decoded

    def sound(self, clips: Sequence[Clip]) -> Sound:
        """The sound of some of the clips, in their order."""
        rows = self.rows(clips)
        arrays = {
            name: np.concatenate([parts[row] for row in rows])
            for name, parts in self.slices.items()
        }
        return Sound(self.tracks(clips), arrays)

    def tracks(self, clips: Sequence[Clip]) -> Indices:
        """The number of the clip each of their slices is of. Shape: `(S,)`."""
        counts = [len(self.slices["starts"][row]) for row in self.rows(clips)]
        return np.repeat(np.arange(len(clips)), counts)

    def rows(self, clips: Sequence[Clip]) -> list[int]:
        """Where some of the clips are."""
        place = {clip.id: i for i, clip in enumerate(self.clips)}
        return [place[clip.id] for clip in clips]


def compute_features(
    clips: Sequence[Clip],
    wanted: Collection[str],
    ours: OurNetwork | None,
    cache: Path,
    progress: Callable[[], object] = lambda: None,
) -> FeatureStore:
    """All arrays that are wanted, of all clips that can be heard.

    A file that cannot is left out, with a warning that names it.
    """
    makers = _makers(wanted, ours)
    folders = _folders(makers, ours, cache)
    readable: list[Clip] = []
    slices: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in makers}
    for clip in clips:
        try:
            made = {
                name: cached_array(clip.path, folders[name], partial(make, clip.path))
                for name, make in makers.items()
            }
        except (AudioError, DataError) as error:
            logging.getLogger(__name__).warning("%s; left out", error)
        else:
            readable.append(clip)
            for name, values in made.items():
                slices[name].append(values)
        progress()
    votes = slices.pop("votes", [np.zeros(0, dtype=np.float32)] * len(readable))
    timed = readable[:: max(1, len(readable) // TIMED)][:TIMED]
    return FeatureStore(tuple(readable), slices, np.array(votes), ours, _times(timed, makers))


@lru_cache(maxsize=1)  # several arrays are made of each file, one after the other
def windows(path: Path) -> Windows:
    """Ten slices of a file at the rate of the features and pictures."""
    return read_windows(path, rate=SPEC.rate, length=SPEC.slice_samples, count=SLICES)


Maker = Callable[[Path], npt.NDArray[Any]]


def _makers(wanted: Collection[str], ours: OurNetwork | None) -> dict[str, Maker]:
    """How each array is made of a file, by its name."""
    makers: dict[str, Maker] = {
        "starts": lambda path: np.array(windows(path).starts),
        "features": lambda path: np.stack([features(row) for row in windows(path).samples]),
        "images": lambda path: compact_images(windows(path).samples),
        "waves": lambda path: windows(path).samples.astype(np.float16),
    }
    if ours:
        body = ours
        makers["embeddings"] = lambda path: body.embed(path, windows(path).starts)
        makers["votes"] = body.vote
    return {name: make for name, make in makers.items() if name in wanted or name == "starts"}


def _folders(makers: dict[str, Maker], ours: OurNetwork | None, cache: Path) -> dict[str, Path]:
    """Where each array is kept: another place for other settings or another model."""
    settings = repr((SPEC, NAMES, SLICES))
    own = {"embeddings", "votes"}
    keys = {name: ours.model.card.sha256 if ours and name in own else settings for name in makers}
    folders = {
        name: cache / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
        for name, key in keys.items()
    }
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    return folders


def _times(clips: Sequence[Clip], makers: dict[str, Maker]) -> dict[str, float]:
    """Milliseconds a track for each array, less what it takes to decode one."""
    spent = {}
    for name, make in makers.items():
        for clip in clips[:1]:
            make(clip.path)  # some of librosa is compiled when it is first used
        started = process_time()
        for clip in clips:
            make(clip.path)
        spent[name] = (process_time() - started) / max(1, len(clips)) * 1000
    # Whatever is made of a track decodes it; an embedding does so twice, here but not in a scan.
    twice = {"embeddings": 2.0}
    decoding = spent["starts"]
    return {name: max(0.0, ms - decoding * twice.get(name, 1.0)) for name, ms in spent.items()}
