"""ONNX Runtime, which only this module imports: a network that runs, on which device.

By itself it resolves a telemetry host ten seconds after its start, and leaves a device id and a
store of events in the cache folder. `tagger/__init__` forbids it that before anything can import
it (`ORT_DISABLE_TELEMETRY`), in every process; a program that had imported it before us gets the
second best, no more events.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from tagger.errors import DeviceError, ModelError

Device = Literal["auto", "cpu", "cuda"]
DEVICES: tuple[Device, ...] = get_args(Device)

Array = npt.NDArray[np.float32]

# The names of a network's input and outputs; few networks have the last.
MEL, LOGITS, EMBEDDING = "mel", "logits", "embedding"

# How ONNX Runtime, CUDA and C++ say it.
_OUT_OF_MEMORY = ("out of memory", "failed to allocate memory", "bad allocation", "bad_alloc")

_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
# Each process of a scan has an arena of its own: it takes what a batch needs and no more than a
# gigabyte. TF32 would round the products to ten bits, and scores would differ from the CPU's.
_CUDA_OPTIONS = {
    "arena_extend_strategy": "kSameAsRequested",
    "gpu_mem_limit": str(2**30),
    "cudnn_conv_algo_search": "HEURISTIC",
    "use_tf32": "0",
}


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """A network's answers: `logits` `(S, K)`, `embeddings` `(S, D)` where it gives them."""

    logits: Array
    embeddings: Array | None = None


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)  # Beam shares it by weak reference
class Network:
    """A network that is ready to run."""

    session: Any  # onnxruntime.InferenceSession

    @property
    def n_labels(self) -> int:
        """K, the number of its logits for a slice."""
        shapes = {output.name: output.shape for output in self.session.get_outputs()}
        return int(shapes[LOGITS][-1])

    def predict(self, mel: Array) -> Output:
        """Logits of slices, and their embeddings where the network has such an output.

        In halves where memory is short. Shape: `mel` `(S, M, F)`
        """
        offered = {output.name for output in self.session.get_outputs()}
        names = [name for name in (LOGITS, EMBEDDING) if name in offered]
        try:
            values = self.session.run(names, {MEL: mel})
        except Exception as error:  # its exceptions share no narrower base
            if len(mel) < 2 or not _is_out_of_memory(error):
                raise
            half = len(mel) // 2
            return joined([self.predict(mel[:half]), self.predict(mel[half:])])
        return Output(*(np.asarray(value, dtype=np.float32) for value in values))


def joined(outputs: list[Output]) -> Output:
    """The outputs of several batches as one."""
    embeddings = [output.embeddings for output in outputs if output.embeddings is not None]
    return Output(
        np.concatenate([output.logits for output in outputs]),
        np.concatenate(embeddings) if embeddings else None,
    )


def _is_out_of_memory(error: Exception) -> bool:
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(sign in text for sign in _OUT_OF_MEMORY)


def open_network(content: bytes, path: Path, threads: int = 1, device: Device = "cpu") -> Network:
    """A network ready to run; `path` is what an error names.

    Raises ModelError where ONNX Runtime cannot run it, DeviceError where the device is not there.
    """
    return Network(open_session(content, path, threads, device))


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
