"""A model small enough to reason about: it compares the low half of the bands with the high.

Its four labels are "Low" and "High" as genres, and the same as instruments; each logit is the
difference of the two halves' mean log-mel, times five.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tagger.models.card import LabelRule, MelSpec, ModelCard, dump_card
from tagger.models.model import load_model
from tagger.models.self_test import self_test_scores
from tagger.vocabulary import Kind, Label, Vocabulary

SPEC = MelSpec(
    rate=8000,
    slice_samples=8000,
    n_fft=256,
    hop=128,
    n_mels=16,
    fmin=50.0,
    fmax=4000.0,
    power_floor=1e-6,
    log_gain=1e4,
)
EVERY_SLICE: dict[Kind, float] = {"genre": 1.0, "instrument": 1.0}
VOCABULARY = Vocabulary(
    (
        Label("genre", "Low"),
        Label("genre", "High"),
        Label("instrument", "Low Horn"),
        Label("instrument", "High Whistle"),
    )
)


def write_tiny_model(
    folder: Path,
    name: str = "tiny",
    mel: MelSpec = SPEC,
    vote_shares: Mapping[Kind, float] | None = None,
) -> Path:
    """Write network and card; returns the card's path."""
    weights = folder / f"{name}.onnx"
    weights.write_bytes(_graph().SerializeToString())
    card = ModelCard(
        name=name,
        version="1",
        licence="MIT",
        data="nothing: made by hand",
        trained_at="tests",
        mel=mel,
        vocabulary=VOCABULARY,
        rules=(LabelRule(1.0, 0.0, 0.5),) * 4,
        weights=weights.name,
        sha256=hashlib.sha256(weights.read_bytes()).hexdigest(),
        self_test=(0.0,) * 4,
        metrics={},
        vote_shares=dict(vote_shares or EVERY_SLICE),
    )
    path = folder / f"{name}.json"
    dump_card(card, path)
    self_test = tuple(
        float(score) for score in self_test_scores(load_model(str(path), self_test=False))
    )
    dump_card(replace(card, self_test=self_test), path)
    return path


def _graph() -> onnx.ModelProto:
    half = SPEC.n_mels // 2
    low = np.repeat([5.0, -5.0], half).astype(np.float32) / half
    readout = np.stack([low, -low, low, -low], axis=1)
    nodes = [
        helper.make_node("ReduceMean", ["mel", "time"], ["bands"], keepdims=0),
        helper.make_node("MatMul", ["bands", "readout"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [
            helper.make_tensor_value_info(
                "mel", TensorProto.FLOAT, ["S", SPEC.n_mels, SPEC.n_frames]
            )
        ],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["S", 4])],
        [
            numpy_helper.from_array(np.array([2], dtype=np.int64), "time"),
            numpy_helper.from_array(readout, "readout"),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
