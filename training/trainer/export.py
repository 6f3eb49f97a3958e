"""A trained network -> an ONNX file and its card, as `tagger` reads them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch

from tagger.models.card import LabelRule, ModelCard
from training.config import Config
from training.data.taxonomy import VOCABULARY
from training.networks import PooledNetwork
from training.networks.onnx_export import export_onnx
from training.trainer.drafts import write_draft
from training.trainer.git_commit import commit

LICENCE = "MIT"
NEUTRAL = LabelRule(slope=1.0, offset=0.0, threshold=0.5)


def export(network: PooledNetwork, config: Config, folder: Path, data: str = "") -> Path:
    """Write the network and a draft of its card; returns the card's path.

    The draft has neutral rules and no figures: it belongs into a folder of its own until it is
    judged and published. `data`: what the network learned from, in words.
    """
    weights = folder / f"{config.name}.onnx"
    example = torch.zeros(2, config.mel.n_mels, config.mel.n_frames)
    export_onnx(network, example, weights, ("logits",))
    card = ModelCard(
        name=config.name,
        version=config.version,
        licence=LICENCE,
        data=data,
        trained_at=commit(),
        mel=config.mel,
        vocabulary=VOCABULARY,
        rules=(NEUTRAL,) * len(VOCABULARY),
        weights=weights.name,
        sha256=hashlib.sha256(weights.read_bytes()).hexdigest(),
        self_test=(0.0,) * len(VOCABULARY),
        metrics={},
        vote_shares=dict(config.decision.vote_shares),
    )
    write_draft(card, folder)
    return weights.with_suffix(".json")
