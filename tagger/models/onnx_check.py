"""What an ONNX file holds, read without running or even loading any of it.

A network from somebody else may ask the runtime for more than sums: files from the disk (external
data), loops without end, operators of other libraries. Only what networks of this kind are made
of is let through. The file is read as protocol buffers, by the field numbers of onnx.proto (1.17).
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

LARGEST = 256 << 20  # bytes of a network
_MOST_VALUES = 1 << 26  # of one constant
_LARGEST_SETTING = 1 << 16  # of a kernel, stride, padding or axis

OPERATORS = frozenset(
    {"Abs", "Add", "AveragePool", "BatchNormalization", "Cast", "Clip", "Concat", "Constant",
     "Conv", "ConvInteger", "DequantizeLinear", "Div", "Dropout", "DynamicQuantizeLinear",
     "Elu", "Equal", "Erf", "Exp", "Flatten", "Gather", "Gelu", "Gemm", "GlobalAveragePool",
     "GlobalMaxPool",
     "HardSigmoid", "HardSwish", "Identity", "InstanceNormalization", "LayerNormalization",
     "LeakyRelu", "Log", "LogSoftmax", "MatMul", "MatMulInteger", "Max", "MaxPool", "Mean", "Min",
     "Mul", "Neg", "PRelu", "Pow", "QLinearConv", "QLinearMatMul", "QuantizeLinear", "Reciprocal",
     "ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum",
     "Relu", "Reshape", "Selu", "Shape", "Sigmoid", "Slice", "Softmax", "Softplus", "Split", "Sqrt",
     "Squeeze", "Sub", "Sum", "Tanh", "Transpose", "Unsqueeze", "Where"}
)  # fmt: skip
_DOMAINS = (b"", b"ai.onnx")

Field = tuple[int, int | bytes]


def check_network(content: bytes) -> None:
    """Raise ValueError, saying what, where a file holds anything but a plain network."""
    if len(content) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST >> 20} MB")
    graphs = 0
    for number, value in _fields(content):
        if number == 7:  # graph
            graphs += 1
            _check_graph(_message(value))
        elif number == 8 and _text(_message(value), 1) not in _DOMAINS:  # opset_import
            raise ValueError("it needs operators of another library")
        elif number in (20, 25):  # training_info, functions
            raise ValueError("it defines functions of its own")
    if graphs != 1:
        raise ValueError("it holds no network")


def _check_graph(graph: bytes) -> None:
    for number, value in _fields(graph):
        if number == 1:  # node
            _check_node(_message(value))
        elif number == 5:  # initializer
            _check_constant(_message(value))
        elif number == 15:  # sparse_initializer
            raise ValueError("it holds sparse constants")


def _check_node(node: bytes) -> None:
    operator = _text(node, 4).decode("utf-8", "replace")
    if operator not in OPERATORS or _text(node, 7) not in _DOMAINS:
        raise ValueError(f"it uses the operator {operator[:40]!r}, which no network here needs")
    for number, value in _fields(node):
        if number == 5:  # attribute
            _check_attribute(_message(value))


def _check_attribute(attribute: bytes) -> None:
    for number, value in _fields(attribute):
        if number in (6, 11):  # g, graphs
            raise ValueError("it holds a network inside a network")
        if number in (5, 10):  # t, tensors
            _check_constant(_message(value))
        settings = [value] if number == 3 else _integers(value) if number == 8 else []  # i, ints
        if any(isinstance(x, int) and _LARGEST_SETTING < x < 1 << 63 for x in settings):
            raise ValueError("a setting of it is out of all proportion")


def _check_constant(tensor: bytes) -> None:
    dims: list[int] = []
    for number, value in _fields(tensor):
        if number == 13 or (number == 14 and value != 0):  # external_data, data_location
            raise ValueError("it wants to read other files")
        if number == 1:  # dims
            dims += _integers(value)
    if any(size >= 1 << 63 for size in dims) or prod(dims) > _MOST_VALUES:
        raise ValueError("a constant of it is out of all proportion")


def _fields(message: bytes) -> Iterator[Field]:
    """Field numbers and values: an integer, or the bytes of text, array or inner message."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == 2:
            length, at = _varint(message, at)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise ValueError("it is no ONNX file")
        if at + length > len(message):
            raise ValueError("it is cut short")
        yield number, message[at : at + length]
        at += length


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """An integer of seven bits a byte, the lowest first, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise ValueError("it is cut short")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("it is no ONNX file")


def _integers(value: int | bytes) -> list[int]:
    """One integer, or several packed into bytes."""
    if isinstance(value, int):
        return [value]
    found, at = [], 0
    while at < len(value):
        number, at = _varint(value, at)
        found.append(number)
    return found


def _text(message: bytes, wanted: int) -> bytes:
    """The last value of a field that holds text, as protocol buffers take it; empty if none."""
    text = b""
    for number, value in _fields(message):
        if number == wanted:
            text = _message(value)
    return text


def _message(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("it is no ONNX file")
    return value
