"""What a model votes on held-out sound beside what is known of it: all that measuring needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from tagger.errors import DataError

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """One row a clip."""

    targets: Array  # (N, K): 1 present, 0 absent, NaN unknown
    votes: Array  # (N, K), before calibration
    groups: npt.NDArray[np.str_]  # (N,): artists, songs, instruments
    real: npt.NDArray[np.bool_]  # (N,): recorded, not rendered from MIDI

    def __len__(self) -> int:
        return len(self.targets)

    def rows(self, chosen: npt.NDArray[np.bool_]) -> HeldOut:
        """Some of the clips."""
        return HeldOut(
            self.targets[chosen], self.votes[chosen], self.groups[chosen], self.real[chosen]
        )

    def only(self, labels: Iterable[int]) -> HeldOut:
        """The same clips, with nothing known of other labels."""
        targets = np.full_like(self.targets, np.nan)
        kept = list(labels)
        targets[:, kept] = self.targets[:, kept]
        return HeldOut(targets, self.votes, self.groups, self.real)


def join(parts: Sequence[HeldOut]) -> HeldOut:
    """All clips of several parts."""
    return HeldOut(
        np.concatenate([part.targets for part in parts]),
        np.concatenate([part.votes for part in parts]),
        np.concatenate([part.groups for part in parts]),
        np.concatenate([part.real for part in parts]),
    )


def save_votes(held_out: dict[str, HeldOut], path: Path) -> None:
    """Save the votes, part by part, so that rules can be fitted on several runs together."""
    arrays = {
        f"{name}.{field}": getattr(part, field)
        for name, part in held_out.items()
        for field in HeldOut.__slots__
    }
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)


def load_votes(path: Path) -> dict[str, HeldOut]:
    """What `save_votes` wrote."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            names = dict.fromkeys(name.rpartition(".")[0] for name in stored.files)
            return {
                name: HeldOut(*(stored[f"{name}.{field}"] for field in HeldOut.__slots__))
                for name in names
            }
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise DataError(f"not the votes of a run ({error})", path) from error
