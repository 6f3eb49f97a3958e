"""The network of a model as an ONNX graph: its embedding read out, a new head put on.

Done on the graph rather than in torch, so that any model will do whose labels are read off by one
linear layer: no checkpoint is needed, the body stays the very one that was measured, and what comes
out is one network as `tagger` takes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnx.compose
from onnx import TensorProto, helper, numpy_helper

from tagger.errors import ModelError
from tagger.models.session import EMBEDDING, LOGITS

Array = npt.NDArray[np.float32]

BASE_LOGITS = "base_logits"
OWN_LOGITS = "personal.logits"
_BESIDE = "base."
FAR = -1e4  # the logit of what is not asked


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """How labels are read off a slice: what the base model says, and a correction.

    logit = max over the base labels (slope * base logit + shift) + weights . embedding + bias

    The first part is the base model's own answer: the surest of the labels that this one is like. A
    shift of `FAR` takes a base label out; a label with all of them out has no such part.
    Shape: `slope` and `shift` `(K, base K)`, `weights` `(K, D)`, `bias` `(K,)`
    """

    slope: Array
    shift: Array
    weights: Array
    bias: Array


def read_network(path: Path) -> Any:
    """The ONNX model of a file whose checksum `tagger.models.model` has verified."""
    return load_network(path.read_bytes())


def load_network(content: bytes) -> Any:
    """The ONNX model in the bytes of a file."""
    return onnx.load_from_string(content)


def embedding_of(network: Any, path: Path) -> str:
    """The name of the values from which the labels are read off."""
    constants = {constant.name for constant in network.graph.initializer}
    name = LOGITS
    while node := next((n for n in network.graph.node if name in n.output), None):
        inputs = [value for value in node.input if value not in constants]
        if len(inputs) != 1 or node.op_type not in ("Gemm", "MatMul", "Add"):
            break
        name = inputs[0]
        if node.op_type != "Add":
            return str(name)
    raise ModelError(
        "its labels are not read off by one linear layer, so no other can be put there; "
        "start from the model that ships",
        path,
    )


def with_embedding(network: Any, path: Path) -> bytes:
    """The network with its embedding as a second output, to be run.

    Shape of the output "embedding": `(S, D)`
    """
    told = _copy(network)
    _rename(told, embedding_of(network, path), EMBEDDING)
    told.graph.output.append(helper.make_tensor_value_info(EMBEDDING, TensorProto.FLOAT, None))
    return bytes(told.SerializeToString())


def with_head(network: Any, head: Head, path: Path) -> bytes:
    """The network with another head; its own stays inside, as what the new one starts from."""
    made = _copy(network)
    _rename(made, embedding_of(network, path), EMBEDDING)
    _rename(made, LOGITS, BASE_LOGITS)
    del made.graph.output[:]
    made.graph.output.append(
        helper.make_tensor_value_info(LOGITS, TensorProto.FLOAT, ["S", len(head.bias)])
    )
    constants: dict[str, npt.NDArray[Any]] = {
        "personal.slope": head.slope[None],
        "personal.shift": head.shift[None],
        "personal.known": np.asarray((head.shift > FAR).any(axis=1), dtype=np.float32),
        "personal.weights": head.weights,
        "personal.bias": head.bias,
        "personal.axis": np.array([1], dtype=np.int64),
        "personal.last": np.array([2], dtype=np.int64),
    }
    made.graph.initializer.extend(
        numpy_helper.from_array(value, name) for name, value in constants.items()
    )
    made.graph.node.extend(_nodes())
    onnx.checker.check_model(made)
    return bytes(made.SerializeToString())


def with_base_labels(network: Any, kept: Sequence[int], base: Any | None = None) -> bytes:
    """A network of `with_head`, followed by some of the base model's labels, untouched.

    Args:
        network: whose base model inside gives these labels, unless `base` is given.
        kept: the outputs of the base model to keep.
        base: the base model itself, where that inside the network has been trained further. It
            runs beside it, so what it says stays the same to the last digit.
    """
    made, values = _copy(network), BASE_LOGITS
    _rename(made, LOGITS, OWN_LOGITS)
    if base is not None:
        beside, values = _beside(made, base), _BESIDE + LOGITS
        made.graph.node.extend(beside.node)
        made.graph.initializer.extend(beside.initializer)
    n_own = made.graph.output[0].type.tensor_type.shape.dim[1].dim_value
    del made.graph.output[:]
    made.graph.output.append(
        helper.make_tensor_value_info(LOGITS, TensorProto.FLOAT, ["S", n_own + len(kept)])
    )
    chosen = numpy_helper.from_array(np.array(kept, dtype=np.int64), "personal.kept")
    made.graph.initializer.append(chosen)
    made.graph.node.extend(
        [
            helper.make_node("Gather", [values, chosen.name], ["personal.others"], axis=1),
            helper.make_node("Concat", [OWN_LOGITS, "personal.others"], [LOGITS], axis=1),
        ]
    )
    onnx.checker.check_model(made)
    return bytes(made.SerializeToString())


def _beside(network: Any, base: Any) -> Any:
    """The graph of the base model under names of its own, on the same input."""
    graph = onnx.compose.add_prefix(base, _BESIDE).graph
    for node in graph.node:
        for i, value in enumerate(node.input):
            if value == _BESIDE + base.graph.input[0].name:
                node.input[i] = network.graph.input[0].name
    return graph


def _nodes() -> list[Any]:
    """The head, node by node."""
    wide, scaled, each, surest = (
        f"personal.{name}" for name in ("wide", "scaled", "each", "surest")
    )
    return [
        helper.make_node("Unsqueeze", [BASE_LOGITS, "personal.axis"], [wide]),
        helper.make_node("Mul", [wide, "personal.slope"], [scaled]),
        helper.make_node("Add", [scaled, "personal.shift"], [each]),
        helper.make_node("ReduceMax", [each, "personal.last"], [surest], keepdims=0),
        helper.make_node("Mul", [surest, "personal.known"], ["personal.start"]),
        helper.make_node(
            "Gemm", [EMBEDDING, "personal.weights", "personal.bias"], ["personal.change"], transB=1
        ),
        helper.make_node("Add", ["personal.start", "personal.change"], [LOGITS]),
    ]


def _copy(network: Any) -> Any:
    copy = onnx.ModelProto()
    copy.CopyFrom(network)
    return copy


def _rename(network: Any, old: str, new: str) -> None:
    for node in network.graph.node:
        for values in (node.input, node.output):
            for i, value in enumerate(values):
                if value == old:
                    values[i] = new
    # Shapes noted for inner values have no use once the graph is made, and would need renaming.
    del network.graph.value_info[:]
