"""What other networks said of each clip, to be learned beside its labels.

Their vocabularies are their own, so each teacher gets a head of its own on our network (dropped at
export): it learns to hear what they hear without their words becoming ours. Sources: musicnn (Pons
and Serra 2019, trained on the Million Song Dataset and on MagnaTagATune) and the musicnn of
sota-music-tagging-models (Won et al. 2020, trained on MTG-Jamendo).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from tagger.errors import DataError

Array = npt.NDArray[np.float32]

PATCH_S = 187 * 256 / 16000  # seconds of sound behind one row of a teacher's output


@dataclass(frozen=True, slots=True)
class Teacher:
    """One array of the stored outputs."""

    name: str  # its name in the .npz files
    width: int
    is_probability: bool  # else an embedding, matched by squared error after standardising


TEACHERS = (
    Teacher("msd", 50, True),
    Teacher("mtt", 50, True),
    Teacher("jamendo_musicnn", 50, True),
    Teacher("msd_embedding", 200, False),
    Teacher("mtt_embedding", 200, False),
)
NAMES = tuple(teacher.name for teacher in TEACHERS)
WIDTH = sum(teacher.width for teacher in TEACHERS)
N_PROBABILITIES = sum(teacher.width for teacher in TEACHERS if teacher.is_probability)


def columns(name: str) -> slice:
    """Where one teacher's outputs stand among all."""
    before = sum(t.width for t in TEACHERS[: NAMES.index(name)])
    return slice(before, before + next(t.width for t in TEACHERS if t.name == name))


def load_soft(path: Path) -> Array:
    """All teachers' outputs for one file, side by side. Shape: `(patches, WIDTH)`."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            outputs = [stored[t.name].astype(np.float32) for t in TEACHERS]
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        raise DataError(f"not the teachers' outputs for a file ({error})", path) from error
    # Teachers differ by a patch over whether they pad the end of a file.
    patches = min(len(output) for output in outputs)
    return np.concatenate([output[:patches] for output in outputs], axis=1)


def standardise(soft: dict[str, Array]) -> dict[str, Array]:
    """Give every embedding value zero mean and unit spread over all files."""
    if not soft:
        return {}
    rows = np.concatenate(list(soft.values()))
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    mean[:N_PROBABILITIES], spread[:N_PROBABILITIES] = 0.0, 1.0
    return {key: (value - mean) / spread for key, value in soft.items()}


def only(soft: dict[str, Array], names: Sequence[str]) -> dict[str, Array]:
    """The outputs of some teachers; those of the others are NaN, as if they had heard nothing."""
    hidden = np.ones(WIDTH, dtype=bool)
    for name in names:
        hidden[columns(name)] = False
    return {key: np.where(hidden, np.float32(np.nan), value) for key, value in soft.items()}


def soft_at(soft: Array, start_s: float) -> Array:
    """The teachers' outputs for a slice that begins `start_s` seconds into the file.

    A slice between two patches gets both, weighted by how much of each it covers.
    Shape: `(WIDTH,)`
    """
    position = min(max(start_s / PATCH_S, 0.0), len(soft) - 1.0)
    first = int(position)
    second = min(first + 1, len(soft) - 1)
    share = np.float32(position - first)
    return np.asarray(soft[first] * (1 - share) + soft[second] * share)
