"""A model: its card, and its network checked against it and ready to run.

A network is an ONNX graph, which holds numbers and operators and can run no code of its own; its
bytes must have the hash its card states.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import appdirs
import numpy as np
import numpy.typing as npt

from tagger import CHOSEN, DEFAULT_MODEL
from tagger.card import ModelCard, load_card
from tagger.errors import DeviceError, ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tagger.card import MelSpec

Array = npt.NDArray[np.float32]

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
# How ONNX Runtime, CUDA and C++ say it.
_OUT_OF_MEMORY = ("out of memory", "failed to allocate memory", "bad allocation", "bad_alloc")

SHIPPED = Path(__file__).with_name("models")


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A card with a running network."""

    card: ModelCard
    session: Any  # onnxruntime.InferenceSession

    def logits(self, mel: Array) -> Array:
        """The network's answers, in halves where memory is short.

        Shape: `(S, M, F)` in, `(S, K)` out
        """
        try:
            (logits,) = self.session.run(["logits"], {"mel": mel})
        except Exception as error:  # its exceptions share no narrower base
            if len(mel) < 2 or not _is_out_of_memory(error):
                raise
            half = len(mel) // 2
            return np.concatenate([self.logits(mel[:half]), self.logits(mel[half:])])
        return np.asarray(logits, dtype=np.float32)


def user_models() -> Path:
    """The folder in which a person's own models live, one folder each."""
    return Path(appdirs.user_data_dir("musictag", appauthor=False)) / "models"


def choice_file() -> Path:
    """Where the name of the model a person has chosen is kept."""
    return user_models().with_name("model")


def chosen_model() -> str:
    """The model that is used unless another is named: the person's choice, else the shipped one."""
    try:
        return choice_file().read_text(encoding="utf-8").strip() or DEFAULT_MODEL
    except FileNotFoundError:
        return DEFAULT_MODEL
    except (OSError, ValueError) as error:
        raise ModelError(
            f"the choice of a model cannot be read ({error})", choice_file()
        ) from error


def find_cards() -> Iterator[Path]:
    """Card files of all models there are: the shipped ones, then the person's own."""
    yield from sorted(SHIPPED.glob("*.json"))
    yield from sorted(user_models().glob("*/*.json"))


def find_card(name: str) -> Path:
    """The card file of a model, given by its name, by a path to its card, or as "default"."""
    if name == CHOSEN:
        return find_card(chosen_model())
    if name.endswith(".json"):
        return Path(name)
    for path in find_cards():
        if path.stem == name:
            return path
    known = ", ".join(path.stem for path in find_cards()) or "none"
    raise ModelError(f"there is no model named {name!r} (there are: {known})")


def load_model(name: str = DEFAULT_MODEL, *, threads: int = 1, device: Device = "cpu") -> Model:
    """Load a model by name or by the path of its card, refusing one that differs from its card."""
    path = find_card(name)
    card = load_card(path)
    weights = path.with_name(card.weights)
    session = open_session(_verified(weights, card.sha256), weights, threads, device)
    _check_shapes(session, card, weights)
    return Model(card, session)


def _verified(path: Path, sha256: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"the network cannot be read ({error.strerror})", path) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError("the network is not the one its card describes (checksum differs)", path)
    return content


def open_session(content: bytes, path: Path, threads: int, device: Device = "cpu") -> Any:
    """An ONNX Runtime session for a network; `path` is what an error names."""
    # Loaded here so that `musictag --help` does not wait for it.
    import onnxruntime

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


def _is_out_of_memory(error: Exception) -> bool:
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(sign in text for sign in _OUT_OF_MEMORY)


def _check_shapes(session: Any, card: ModelCard, path: Path) -> None:
    inputs = {value.name: value.shape for value in session.get_inputs()}
    outputs = {value.name: value.shape for value in session.get_outputs()}
    wanted_in, wanted_out = mel_shape(card.mel), [len(card.vocabulary)]
    if inputs.get("mel", [])[1:] != wanted_in or outputs.get("logits", [])[1:] != wanted_out:
        raise ModelError(
            f"the network takes {inputs} and gives {outputs}; its card says mel [S, "
            f"{wanted_in[0]}, {wanted_in[1]}] and logits [S, {wanted_out[0]}]",
            path,
        )


def mel_shape(spec: MelSpec) -> list[int]:
    """Axes M and F of the network's input."""
    return [spec.n_mels, spec.n_frames]
