"""An ONNX network as a torch module that can be trained on, and its weights put back.

Only the operators that networks of this package are made of. The graph stays the one that `tagger`
runs: nothing is exported anew, the trained numbers take the place of the old ones. That is why the
operators are here: onnx2torch 1.5 needs torchvision and has no ReduceMean of opset 18 and later,
and a checkpoint beside the model would serve only those who have it, not a model that was imported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from tagger.errors import ModelError

FIXED = ("personal.slope", "personal.shift", "personal.known")  # what the base model says stays
Attributes = dict[str, Any]


class GraphModule(nn.Module):
    """The network of an ONNX model.

    Shape: `(B, M, F)` in; the named values out
    """

    def __init__(self, network: Any, outputs: tuple[str, ...]) -> None:
        super().__init__()
        self.outputs = outputs
        self.nodes = [
            (node.op_type, list(node.input), list(node.output), _attributes(node))
            for node in network.graph.node
        ]
        if unknown := {operator for operator, *_ in self.nodes} - set(_OPERATORS):
            raise ModelError(f"a network with {', '.join(sorted(unknown))} cannot be trained on")
        trained = _trained(network)
        self.names: dict[str, str] = {}
        for i, constant in enumerate(network.graph.initializer):
            value = torch.from_numpy(numpy_helper.to_array(constant).copy())
            self.names[constant.name] = f"value{i}"
            if constant.name in trained:
                self.register_parameter(f"value{i}", nn.Parameter(value))
            else:
                self.register_buffer(f"value{i}", value)

    def forward(self, mel: Tensor) -> tuple[Tensor, ...]:
        """Return the named values."""
        values: dict[str, Tensor] = {"mel": mel}
        values |= {name: getattr(self, place) for name, place in self.names.items()}
        for operator, inputs, outputs, attributes in self.nodes:
            arguments = [values[name] for name in inputs if name]
            values[outputs[0]] = _OPERATORS[operator](arguments, attributes)
        return tuple(values[name] for name in self.outputs)


def put_back(network: Any, trained: GraphModule) -> bytes:
    """The ONNX model with the module's numbers in place of its own."""
    made = onnx.ModelProto()
    made.CopyFrom(network)
    for constant in made.graph.initializer:
        value = getattr(trained, trained.names[constant.name]).detach().cpu().numpy()
        constant.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(value), constant.name))
    return bytes(made.SerializeToString())


def _trained(network: Any) -> set[str]:
    """Names of the constants that are learned: weights and biases, not statistics nor axes.

    The moments of batch normalisation stay: a person's few tracks would make them worse.
    """
    names: set[str] = set()
    for node in network.graph.node:
        if node.op_type in ("Conv", "Gemm", "MatMul"):
            names |= set(node.input[1:])
        elif node.op_type == "BatchNormalization":
            names |= set(node.input[1:3])
    floats = {c.name for c in network.graph.initializer if c.data_type == onnx.TensorProto.FLOAT}
    return (names & floats) - set(FIXED)


def _attributes(node: Any) -> Attributes:
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def _convolve(inputs: list[Tensor], attributes: Attributes) -> Tensor:
    pads = attributes.get("pads", [0] * 4)
    n = len(pads) // 2
    if list(pads[:n]) != list(pads[n:]):
        raise ModelError("a network with uneven padding cannot be trained on")
    bias = inputs[2] if len(inputs) > 2 else None
    convolve = functional.conv2d if inputs[1].dim() == 4 else functional.conv1d
    return convolve(
        inputs[0], inputs[1], bias, tuple(attributes.get("strides", [1] * n)), tuple(pads[:n]),
        tuple(attributes.get("dilations", [1] * n)), int(attributes.get("group", 1)),
    )  # fmt: skip


def _gemm(inputs: list[Tensor], attributes: Attributes) -> Tensor:
    left = inputs[0].T if attributes.get("transA") else inputs[0]
    right = inputs[1].T if attributes.get("transB") else inputs[1]
    out: Tensor = float(attributes.get("alpha", 1.0)) * (left @ right)
    return out + float(attributes.get("beta", 1.0)) * inputs[2] if len(inputs) > 2 else out


def _normalise(inputs: list[Tensor], attributes: Attributes) -> Tensor:
    weight, bias, mean, variance = inputs[1:5]
    epsilon = float(attributes.get("epsilon", 1e-5))
    return functional.batch_norm(
        inputs[0], mean, variance, weight, bias, training=False, eps=epsilon
    )


def _axes(inputs: list[Tensor], attributes: Attributes) -> tuple[int, ...]:
    axes = inputs[1].tolist() if len(inputs) > 1 else attributes.get("axes")
    return tuple(axes) if axes else tuple(range(inputs[0].dim()))


def _mean(inputs: list[Tensor], attributes: Attributes) -> Tensor:
    return inputs[0].mean(
        dim=_axes(inputs, attributes), keepdim=bool(attributes.get("keepdims", 1))
    )


def _sum(inputs: list[Tensor], attributes: Attributes) -> Tensor:
    return inputs[0].sum(dim=_axes(inputs, attributes), keepdim=bool(attributes.get("keepdims", 1)))


def _most(inputs: list[Tensor], attributes: Attributes) -> Tensor:
    return inputs[0].amax(
        dim=_axes(inputs, attributes), keepdim=bool(attributes.get("keepdims", 1))
    )


def _unsqueeze(inputs: list[Tensor], attributes: Attributes) -> Tensor:
    out = inputs[0]
    for axis in sorted(_axes(inputs, attributes)):
        out = out.unsqueeze(axis)
    return out


def _squeeze(inputs: list[Tensor], attributes: Attributes) -> Tensor:
    return inputs[0].squeeze(_axes(inputs, attributes))


_OPERATORS: dict[str, Callable[[list[Tensor], Attributes], Tensor]] = {
    "Add": lambda x, _: x[0] + x[1],
    "BatchNormalization": _normalise,
    "Concat": lambda x, a: torch.cat(x, dim=int(a["axis"])),
    "Conv": _convolve,
    "Div": lambda x, _: x[0] / x[1],
    "Flatten": lambda x, a: x[0].flatten(int(a.get("axis", 1))),
    "Gemm": _gemm,
    "GlobalAveragePool": lambda x, _: x[0].mean(dim=tuple(range(2, x[0].dim())), keepdim=True),
    "HardSigmoid": lambda x, a: (a.get("alpha", 0.2) * x[0] + a.get("beta", 0.5)).clamp(0, 1),
    "HardSwish": lambda x, _: functional.hardswish(x[0]),
    "Identity": lambda x, _: x[0],
    "MatMul": lambda x, _: x[0] @ x[1],
    "Mul": lambda x, _: x[0] * x[1],
    "ReduceMax": _most,
    "ReduceMean": _mean,
    "ReduceSum": _sum,
    "Relu": lambda x, _: torch.relu(x[0]),
    "Sigmoid": lambda x, _: torch.sigmoid(x[0]),
    "Softmax": lambda x, a: x[0].softmax(dim=int(a.get("axis", -1))),
    "Squeeze": _squeeze,
    "Sub": lambda x, _: x[0] - x[1],
    "Transpose": lambda x, a: x[0].permute(*a["perm"]),
    "Unsqueeze": _unsqueeze,
}
