"""A trained network -> an ONNX file and its card, as `tagger` reads them: a draft, then whole."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import torch

from tagger.models.card import LabelRule, ModelCard, dump_card
from tagger.models.model import load_model
from tagger.models.self_test import self_test_scores
from tagger.writing.atomic_file import replacing
from training.config import Config
from training.data.taxonomy import VOCABULARY
from training.networks import PooledNetwork
from training.networks.onnx_export import export_onnx
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
    path = weights.with_suffix(".json")
    dump_card(card, path)
    scores = self_test_scores(load_model(str(path), self_test=False))
    dump_card(replace(card, self_test=tuple(round(float(s), 6) for s in scores)), path)
    return path


def publish(card: ModelCard, drafts: Path, folder: Path) -> Path:
    """Move a draft's network into a folder, then write its finished card; returns the card's path.

    Each is whole or not there, and a card beside another network is refused by its checksum.
    """
    (drafts / card.weights).replace(folder / card.weights)
    path = (folder / card.weights).with_suffix(".json")
    with replacing(path) as part:
        dump_card(card, part)
    return path
