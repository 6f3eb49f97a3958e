"""ONNX Runtime, which only this module imports: what runs a network, on which device.

By itself it looks up a telemetry host ten seconds after its start, and leaves a device id and a
store of events in the cache folder. `tagger/__init__` forbids it that before anything can import
it (`ORT_DISABLE_TELEMETRY`), in every process; a program that had imported it before us gets the
second best, no more events.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, get_args

from tagger.errors import DeviceError, ModelError

Device = Literal["auto", "cpu", "cuda"]
DEVICES: tuple[Device, ...] = get_args(Device)

_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
# Each process of a scan has an arena of its own: it takes what a batch needs and no more than a
# gigabyte. TF32 would round the products to ten bits, and scores would differ from the CPU's.
_CUDA_OPTIONS = {
    "arena_extend_strategy": "kSameAsRequested",
    "gpu_mem_limit": str(2**30),
    "cudnn_conv_algo_search": "HEURISTIC",
    "use_tf32": "0",
}


def open_session(content: bytes, path: Path, threads: int, device: Device = "cpu") -> Any:
    """An ONNX Runtime session for a network; `path` is what an error names."""
    onnxruntime = _onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only: they come back as exceptions too
    chosen = providers(device, onnxruntime.get_available_providers())
    try:
        session = onnxruntime.InferenceSession(content, options, providers=chosen)
    except Exception as error:  # its exceptions share no narrower base
        raise ModelError(f"not a network ONNX Runtime can run ({error})", path) from error
    if device == "cuda" and _CUDA not in session.get_providers():
        raise DeviceError(
            "CUDA could not be started: its libraries or the card are missing; use --device cpu"
        )
    return session


def providers(device: Device, available: list[str]) -> list[tuple[str, dict[str, str]]]:
    """What is to run the network, the first choice first."""
    if device == "cuda" and _CUDA not in available:
        raise DeviceError(
            "this ONNX Runtime cannot use CUDA: install onnxruntime-gpu in place of onnxruntime, "
            "or use --device cpu"
        )
    wanted = [(_CUDA, _CUDA_OPTIONS)] if device != "cpu" and _CUDA in available else []
    return [*wanted, (_CPU, {})]


def uses_cuda(device: Device) -> bool:
    """Whether a network on this device would run with CUDA."""
    available = _onnxruntime().get_available_providers()
    return any(name == _CUDA for name, _ in providers(device, available))


def _onnxruntime() -> Any:
    # Loaded here so that `musictag --help` does not wait for it.
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime
