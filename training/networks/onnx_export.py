"""A network of torch -> an ONNX file whose first axis is of any length."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tagger.writing.atomic_file import replacing

INPUT = "mel"
MOST = 4096  # slices at once


def export_onnx(
    network: nn.Module, example: Tensor, path: Path, outputs: tuple[str, ...] | None = None
) -> None:
    """Write a network whole or not at all; `example` is an input of two slices or more.

    Shape: `example` `(B, ...)`
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part:
        part.write_bytes(_exported(network.eval(), example, outputs))


def _exported(network: nn.Module, example: Tensor, outputs: tuple[str, ...] | None) -> bytes:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        # The exporter warns of its own internals, which nobody here can act on.
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            network,
            (example,),
            dynamo=True,
            input_names=[INPUT],
            output_names=outputs,
            dynamic_shapes={INPUT: {0: torch.export.Dim("slices", min=1, max=MOST)}},
            verbose=False,
        )
    assert program is not None
    content: bytes = without_traces(program.model_proto).SerializeToString()
    return content


def without_traces(model: Any) -> Any:
    """The ONNX model without the exporter's notes on each node.

    They hold the stack of the export: paths of the machine it ran on, as much text as weights.
    """
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.value_info, *graph.input, *graph.output):
        del part.metadata_props[:]
        part.doc_string = ""
    return model
