"""A model: its card, and its network checked against it and ready to run.

A network is an ONNX graph of the plain operators that `onnx_check` lets through; its bytes must
have the hash its card states, and it must score a fixed signal as its card says.
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
from tagger.models.self_test import TOLERANCE, self_test_scores
from tagger.models.session import Device, Network, open_network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tagger.models.card import MelSpec

Array = npt.NDArray[np.float32]

SHIPPED = Path(__file__).with_name("weights")


@dataclass(frozen=True, slots=True, eq=False)
class CardFile:
    """A model's card as it was read, and where its files lie."""

    path: Path
    card: ModelCard

    @property
    def weights(self) -> Path:
        """The ONNX file."""
        return self.path.with_name(self.card.weights)

    def read_weights(self) -> bytes:
        """The bytes of the ONNX file; a ModelError where they are not those the card states."""
        try:
            with self.weights.open("rb") as file:
                content = file.read(LARGEST + 1)
        except OSError as error:
            raise ModelError(
                f"the network cannot be read ({error.strerror})", self.weights
            ) from error
        if hashlib.sha256(content).hexdigest() != self.card.sha256:
            raise ModelError(
                "the network is not the one its card describes (checksum differs)", self.weights
            )
        return content


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Model:
    """A card with a running network."""

    card: ModelCard
    network: Network

    def logits(self, mel: Array) -> Array:
        """The network's logits. Shape: `(S, M, F)` in, `(S, K)` out."""
        return self.network.predict(mel).logits

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres it knows, by name."""
        return self.card.vocabulary.names("genre")

    @property
    def instruments(self) -> tuple[str, ...]:
        """The instruments it knows, by name."""
        return self.card.vocabulary.names("instrument")

    def __repr__(self) -> str:
        counts = f"{len(self.genres)} genres, {len(self.instruments)} instruments"
        return f"Model({self.card.id!r}, {counts})"


def user_models() -> Path:
    """The folder in which a person's own models live, one folder each."""
    return Path(appdirs.user_data_dir("musictag", appauthor=False)) / "models"


def choice_file() -> Path:
    """Where the name of the model a person has chosen is stored."""
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
    names = ", ".join(path.stem for path in find_cards()) or "none"
    raise ModelError(f"there is no model named {name!r} (there are: {names})")


def read_card(name: str) -> CardFile:
    """The card of a model, given as in `find_card`; raises ModelError."""
    path = find_card(name)
    return CardFile(path, load_card(path))


def load_model(
    model: str | CardFile = DEFAULT_MODEL,
    *,
    threads: int = 1,
    device: Device = "cpu",
    self_test: bool = True,
) -> Model:
    """Load a model by its name, the path of its card, or a card that was read: the one door.

    Raises ModelError for one that is broken, hostile, or scores other than its card says. Without
    `self_test` the last is not asked: for those who make a card and do not know its scores yet.
    """
    file = read_card(model) if isinstance(model, str) else model
    card, weights, content = file.card, file.weights, file.read_weights()
    try:
        check_network(content)  # before the runtime sees any of it
    except ValueError as error:
        raise ModelError(f"its network is refused: {error}", weights) from error
    loaded = Model(card, open_network(content, weights, threads, device))
    _check_shapes(loaded.network.session, card, weights)
    if self_test and not np.allclose(self_test_scores(loaded), card.self_test, atol=TOLERANCE):
        raise ModelError("it does not score the self-test signal as its card says", file.path)
    return loaded


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
