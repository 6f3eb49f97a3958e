"""A model: its card, and its network checked against it and ready to run.

A network is an ONNX graph of the plain operators that `network_file` lets through; its bytes must
have the hash its card states, and it must hear a known signal as its card says.
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
from tagger.errors import ModelError
from tagger.models.card import ModelCard, load_card
from tagger.models.onnx_check import LARGEST, check_network
from tagger.models.self_test import TOLERANCE, golden_scores
from tagger.models.session import Device, Network, open_network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tagger.models.card import MelSpec

Array = npt.NDArray[np.float32]

SHIPPED = Path(__file__).with_name("weights")


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A card with a running network."""

    card: ModelCard
    network: Network

    def logits(self, mel: Array) -> Array:
        """The network's logits. Shape: `(S, M, F)` in, `(S, K)` out."""
        return self.network.predict(mel).logits


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


def load_model(
    name: str = DEFAULT_MODEL,
    *,
    threads: int = 1,
    device: Device = "cpu",
    self_test: bool = True,
) -> Model:
    """Load a model by name or by the path of its card: the one door, wherever it comes from.

    Raises ModelError for one that is broken, hostile, or hears other than its card says. Without
    `self_test` the last is not asked: for those who make a card and do not know its scores yet.
    """
    path = find_card(name)
    card = load_card(path)
    weights = path.with_name(card.weights)
    content = _verified(weights, card.sha256)
    try:
        check_network(content)  # before the runtime sees any of it
    except ValueError as error:
        raise ModelError(f"its network is refused: {error}", weights) from error
    model = Model(card, open_network(content, weights, threads, device))
    _check_shapes(model.network.session, card, weights)
    if self_test and not np.allclose(golden_scores(model), card.golden, atol=TOLERANCE):
        raise ModelError("it does not hear the golden signal as its card says", path)
    return model


def _verified(path: Path, sha256: str) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise ModelError(f"the network cannot be read ({error.strerror})", path) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError("the network is not the one its card describes (checksum differs)", path)
    return content


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
