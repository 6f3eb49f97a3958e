"""What other networks said of each clip, to be learned beside its labels.

Their vocabularies are their own, so each teacher gets a head of its own on our network (dropped at
export): it learns what they know without their words becoming ours. Sources: musicnn (Pons and
Serra 2019, trained on the Million Song Dataset and on MagnaTagATune), the musicnn of
sota-music-tagging-models (Won et al. 2020, trained on MTG-Jamendo) and EfficientAT (Schmid et al.
2023, trained on AudioSet).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from tagger.errors import DataError

Array = npt.NDArray[np.float32]
Outputs = npt.NDArray[np.float16]  # (windows, width) of one file

PATCH_S = 187 * 256 / 16000  # seconds of sound behind one row of musicnn's outputs, and their hop
AUDIOSET_HOP_S = 0.5  # between two windows of 3 s that the AudioSet teacher was asked about

# The classes of AudioSet that speak of music: speech, singing of all kinds, and from "Music" on
# instruments, genres and moods.
AUDIOSET_CLASSES = np.array([0, *range(27, 38), *range(137, 283)])


@dataclass(frozen=True, slots=True)
class Teacher:
    """One array of outputs."""

    name: str  # its name in the .npz files
    width: int
    is_probability: bool  # else matched by squared error after standardising
    hop_s: float = PATCH_S  # seconds between two rows


TEACHERS = (
    Teacher("msd", 50, True),
    Teacher("mtt", 50, True),
    Teacher("jamendo_musicnn", 50, True),
    Teacher("msd_embedding", 200, False),
    Teacher("mtt_embedding", 200, False),
    Teacher("audioset", len(AUDIOSET_CLASSES), False, AUDIOSET_HOP_S),
    Teacher("audioset_embedding", 384, False, AUDIOSET_HOP_S),
)
STORED = TEACHERS[:5]  # whose outputs lie beside the data
COMPUTED = TEACHERS[5:]  # that are asked here
NAMES = tuple(teacher.name for teacher in TEACHERS)
WIDTH = sum(teacher.width for teacher in TEACHERS)
N_PROBABILITIES = sum(teacher.width for teacher in TEACHERS if teacher.is_probability)

Soft = Mapping[str, Outputs]  # by the name of the teacher; those that were not asked are not there


def columns(name: str) -> slice:
    """Where one teacher's outputs stand among all."""
    before = sum(t.width for t in TEACHERS[: NAMES.index(name)])
    return slice(before, before + next(t.width for t in TEACHERS if t.name == name))


def load_soft(path: Path) -> dict[str, Outputs]:
    """The stored outputs of musicnn for one file; DataError where they are not all there."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {teacher.name: stored[teacher.name].astype(np.float16) for teacher in STORED}
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        raise DataError(f"not the teachers' outputs for a file ({error})", path) from error


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """Mean and spread by which outputs that are no probabilities are standardised."""

    mean: Array  # (WIDTH,)
    spread: Array  # (WIDTH,)


PLAIN = Scale(np.zeros(WIDTH, np.float32), np.ones(WIDTH, np.float32))


def fit_scale(soft: Iterable[Soft]) -> Scale:
    """The scale of all files together."""
    mean, spread = np.zeros(WIDTH, np.float32), np.ones(WIDTH, np.float32)
    by_file = list(soft)
    for teacher in TEACHERS:
        rows = [outputs[teacher.name] for outputs in by_file if teacher.name in outputs]
        if rows and not teacher.is_probability:
            values = np.concatenate(rows, dtype=np.float32)
            mean[columns(teacher.name)] = np.nanmean(values, axis=0, dtype=np.float64)
            spread[columns(teacher.name)] = np.nanstd(values, axis=0, dtype=np.float64) + 1e-6
    return Scale(mean, spread)


def only(soft: Soft, names: Sequence[str]) -> dict[str, Outputs]:
    """The outputs of some teachers."""
    return {name: outputs for name, outputs in soft.items() if name in names}


def soft_at(soft: Soft, start_s: float, scale: Scale) -> Array:
    """The teachers' outputs for a slice that begins `start_s` seconds into the file.

    A slice between two rows gets both, weighted by how much of each it covers; NaN where a teacher
    was not asked. Shape: `(WIDTH,)`
    """
    found = np.full(WIDTH, np.nan, dtype=np.float32)
    for teacher in TEACHERS:
        if (rows := soft.get(teacher.name)) is not None and len(rows):
            found[columns(teacher.name)] = _between(rows, start_s / teacher.hop_s)
    return np.asarray((found - scale.mean) / scale.spread)


def _between(rows: Outputs, position: float) -> Array:
    position = min(max(position, 0.0), len(rows) - 1.0)
    first = int(position)
    second = min(first + 1, len(rows) - 1)
    share = np.float32(position - first)
    below, above = rows[[first, second]].astype(np.float32)
    if np.isnan(below[0]) != np.isnan(above[0]):  # at the edge of what was asked about
        return np.asarray(below if share < 0.5 else above)
    return np.asarray(below * (1 - share) + above * share)
