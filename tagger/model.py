"""A model: its card, and its network checked against it and ready to run.

A network is an ONNX graph, which holds numbers and operators and can run no code of its own; its
bytes must have the hash its card states.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import appdirs
import numpy as np
import numpy.typing as npt

from tagger import CHOSEN, DEFAULT_MODEL
from tagger.card import ModelCard, load_card
from tagger.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tagger.card import MelSpec

Array = npt.NDArray[np.float32]

SHIPPED = Path(__file__).with_name("models")


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A card with a running network."""

    card: ModelCard
    session: Any  # onnxruntime.InferenceSession

    def logits(self, mel: Array) -> Array:
        """The network's answers. Shape: `(S, M, F)` in, `(S, K)` out."""
        (logits,) = self.session.run(["logits"], {"mel": mel})
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


def load_model(name: str = DEFAULT_MODEL, *, threads: int = 1) -> Model:
    """Load a model by name or by the path of its card, refusing one that differs from its card."""
    path = find_card(name)
    card = load_card(path)
    weights = path.with_name(card.weights)
    session = open_session(_verified(weights, card.sha256), weights, threads)
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


def open_session(content: bytes, path: Path, threads: int) -> Any:
    """An ONNX Runtime session for a network; `path` is what an error names."""
    # Loaded here so that `musictag --help` does not wait for it.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only: they come back as exceptions too
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions share no narrower base
        raise ModelError(f"not a network ONNX Runtime can run ({error})", path) from error


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
