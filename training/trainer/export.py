"""A trained network -> an ONNX file and its card, as `tagger` reads them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import torch

from tagger.models.card import LabelRule, ModelCard, dump_card
from tagger.models.model import load_model
from tagger.models.self_test import golden_scores
from tagger.vocabulary import Kind
from training.config import Config
from training.data.taxonomy import VOCABULARY
from training.networks import PooledNetwork
from training.networks.onnx_export import export_onnx
from training.trainer.git_commit import commit

LICENCE = "MIT"
DATA = (
    "30-second clips with artist-level genres (TAFFC, Emotify) and game soundtracks, outputs of "
    "the musicnn and MTG-Jamendo taggers on them, isolated instruments, voices, speech and noise, "
    "and rendered General MIDI; see training/RESULTS.md"
)
# Chosen by what they give on held-out tracks, see RESULTS.md.
VOTE_SHARES: dict[Kind, float] = {"genre": 1.0, "instrument": 0.5}
NEUTRAL = LabelRule(slope=1.0, offset=0.0, threshold=0.5)


def export(network: PooledNetwork, config: Config, folder: Path) -> Path:
    """Write the network and a card with neutral rules; returns the card's path."""
    weights = folder / f"{config.name}.onnx"
    example = torch.zeros(2, config.mel.n_mels, config.mel.n_frames)
    export_onnx(network, example, weights, ("logits",))
    card = ModelCard(
        name=config.name,
        version=config.version,
        licence=LICENCE,
        data=DATA,
        trained_at=commit(),
        mel=config.mel,
        vocabulary=VOCABULARY,
        rules=(NEUTRAL,) * len(VOCABULARY),
        weights=weights.name,
        sha256=hashlib.sha256(weights.read_bytes()).hexdigest(),
        golden=(0.0,) * len(VOCABULARY),
        metrics={},
        vote_shares=VOTE_SHARES,
    )
    path = weights.with_suffix(".json")
    dump_card(card, path)
    scores = golden_scores(load_model(str(path), self_test=False))
    dump_card(replace(card, golden=tuple(round(float(s), 6) for s in scores)), path)
    return path
