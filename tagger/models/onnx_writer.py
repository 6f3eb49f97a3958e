"""Graphs written as ONNX files, for sums that ONNX Runtime does faster than numpy.

As protocol buffers, by the field numbers of onnx.proto (1.17); the package `onnx`, which could do
the same, is ten times as large as what is needed of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

IR_VERSION, OPSET = 8, 17
_FLOAT, _INT64 = 1, 7  # TensorProto.DataType
_TYPES: dict[str, int] = {"<f4": _FLOAT, "<i8": _INT64}
_INT, _INTS = 2, 7  # AttributeProto.AttributeType


@dataclass(frozen=True, slots=True)
class Node:
    """One operator: its name, what goes in, what comes out, and its settings."""

    operator: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    settings: Mapping[str, int | Sequence[int]] = field(default_factory=dict)


def write_graph(
    nodes: Sequence[Node],
    constants: Mapping[str, npt.NDArray[np.float32] | npt.NDArray[np.int64]],
    inputs: Mapping[str, Sequence[int]],
    outputs: Mapping[str, Sequence[int]],
) -> bytes:
    """The file of a graph; inputs and outputs are float32, given by their names and shapes."""
    graph = b"".join(
        [
            *(_field(1, _node(node)) for node in nodes),
            _field(2, b"graph"),
            *(_field(5, _tensor(name, array)) for name, array in constants.items()),
            *(_field(11, _value(name, shape)) for name, shape in inputs.items()),
            *(_field(12, _value(name, shape)) for name, shape in outputs.items()),
        ]
    )
    return _field(1, IR_VERSION) + _field(7, graph) + _field(8, _field(2, OPSET))


def _node(node: Node) -> bytes:
    return b"".join(
        [
            *(_field(1, name.encode()) for name in node.inputs),
            *(_field(2, name.encode()) for name in node.outputs),
            _field(4, node.operator.encode()),
            *(_field(5, _attribute(name, value)) for name, value in node.settings.items()),
        ]
    )


def _attribute(name: str, value: int | Sequence[int]) -> bytes:
    if isinstance(value, int):
        return _field(1, name.encode()) + _field(3, value) + _field(20, _INT)
    values = b"".join(_field(8, number) for number in value)
    return _field(1, name.encode()) + values + _field(20, _INTS)


def _tensor(name: str, array: npt.NDArray[np.float32] | npt.NDArray[np.int64]) -> bytes:
    dims = b"".join(_field(1, size) for size in array.shape)
    kind = _TYPES[array.dtype.newbyteorder("<").str]
    content = array.astype(array.dtype.newbyteorder("<")).tobytes()
    return dims + _field(2, kind) + _field(8, name.encode()) + _field(9, content)


def _value(name: str, shape: Sequence[int]) -> bytes:
    dims = b"".join(_field(1, _field(1, size)) for size in shape)
    return _field(1, name.encode()) + _field(2, _field(1, _field(1, _FLOAT) + _field(2, dims)))


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; negative numbers as 64 bits."""
    value &= (1 << 64) - 1
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])
