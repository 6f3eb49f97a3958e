"""Early stopping: while it learns, a network is validated on artists it does not learn from.

They are taken out of what is learned, not out of what is held out in the end: a figure that chose
when to stop says nothing of other music.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from tagger.models.card import MelSpec
from training.data.datasets import Clip
from training.data.mel_cache import Mel, spread
from training.evaluation.metrics import macro, roc_auc

Array = npt.NDArray[np.float32]

ONE_IN = 10  # groups
SLICES = 10  # of a clip, evenly spread


@dataclass(frozen=True, slots=True, eq=False)
class Validation:
    """Slices to validate on, and what is known of them. Shape: `(N, S, M, F)` and `(N, K)`."""

    mels: Tensor
    targets: Array

    @torch.no_grad()
    def roc_auc(self, network: nn.Module, device: torch.device) -> float:
        """Mean over the labels that some clips have and some have not; 0.5 where none is."""
        network.eval()
        votes = np.stack(
            [torch.sigmoid(network(mel.to(device))).mean(dim=0).cpu().numpy() for mel in self.mels]
        )
        value = macro(roc_auc, self.targets, votes)
        return 0.5 if np.isnan(value) else value


def is_validation(clip: Clip) -> bool:
    """Whether a clip's group is one of those for validation; the same in every run."""
    return zlib.crc32(clip.group.encode()) % ONE_IN == 0


def validation_slices(clips: Sequence[Clip], features: dict[str, Mel], spec: MelSpec) -> Validation:
    """Slices of clips of whose labels something is known."""
    known = [clip for clip in clips if not np.isnan(clip.targets).all()]
    mels = [spread(features[clip.id], spec, SLICES) for clip in known]
    return Validation(torch.stack(mels), np.stack([clip.targets for clip in known]))


@dataclass(slots=True)
class Best:
    """The best validation so far; goes into the checkpoint, so that a resumed run stops as well."""

    value: float = -1.0
    since: int = 0  # validations that were no better
    weights: dict[str, Tensor] | None = None

    def update(self, value: float, network: nn.Module) -> None:
        """Keep the weights if they are the best yet."""
        if value > self.value:
            best = {name: x.detach().cpu().clone() for name, x in network.state_dict().items()}
            self.value, self.since, self.weights = value, 0, best
        else:
            self.since += 1

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        return {"value": self.value, "since": self.since, "weights": self.weights}
