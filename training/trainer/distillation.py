"""What other runs of the same kind of network say of a slice, to be learned beside its labels.

They score the very slice that the student does, changed and blended, at every step anew. Source:
Beyer et al. 2022, "Knowledge distillation: A good teacher is patient and consistent".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from training.config import Config
from training.data.taxonomy import INSTRUMENT_SLICE, VOCABULARY
from training.networks import PooledNetwork, build
from training.trainer.checkpoints import mean_weights

_BODY = "network."  # what comes before the names of a network's weights in a checkpoint


@dataclass(frozen=True, slots=True, eq=False)
class Ensemble:
    """Networks that no longer learn."""

    networks: tuple[PooledNetwork, ...]

    @torch.no_grad()
    def opinion(self, mel: Tensor, targets: Tensor) -> Tensor:
        """The mean of their probabilities; NaN where they are known to be wrong.

        Labels of instruments are exact, and an ensemble that contradicts one teaches nothing; those
        of genres are of artists, and what it hears of a song may be nearer the truth. Of noise and
        talk it teaches nothing at all.

        Shape: `(B, M, F)` and `(B, K)` in, `(B, K)` out
        """
        votes = torch.stack([torch.sigmoid(network(mel).float()) for network in self.networks])
        opinion = votes.mean(dim=0)
        wrong = (targets == 0).all(dim=1, keepdim=True).repeat(1, targets.shape[1])
        contradicted = ((opinion - targets).abs() > 0.5)[:, INSTRUMENT_SLICE]  # False for unknown
        wrong[:, INSTRUMENT_SLICE] |= contradicted
        return opinion.masked_fill(wrong, torch.nan)


def load_ensemble(paths: Sequence[Path], config: Config, device: torch.device) -> Ensemble | None:
    """The averaged networks in checkpoints, of the shape of `config`; None where there is none."""
    networks = tuple(_load(path, config, device) for path in paths)
    return Ensemble(networks) if networks else None


def _load(path: Path, config: Config, device: torch.device) -> PooledNetwork:
    network = build(config.network, len(VOCABULARY), config.mel.n_mels).to(device)
    own = {_BODY + name: value for name, value in network.state_dict().items()}
    weights = mean_weights([path], own, device)
    network.load_state_dict({name.removeprefix(_BODY): value for name, value in weights.items()})
    return network.eval()
