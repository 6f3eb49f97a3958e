from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest

from tagger import DEFAULT_MODEL
from tagger.cli.scan import scan
from tagger.errors import DeviceError, ModelError
from tagger.models.model import Model, find_cards, load_model, mel_shape, user_models
from tagger.models.self_test import TOLERANCE, self_test_scores
from tagger.models.session import DEVICES, Device, Network, providers
from tests.tiny_model import SPEC, write_tiny_model


def test_logits_are_what_the_tiny_graph_says(tiny: Model) -> None:
    mel = np.zeros((2, SPEC.n_mels, SPEC.n_frames), dtype=np.float32)
    mel[0, : SPEC.n_mels // 2] = 1
    np.testing.assert_allclose(tiny.logits(mel), [[5, -5, 5, -5], [0, 0, 0, 0]], atol=1e-5)


@pytest.mark.parametrize("path", [*find_cards()], ids=lambda path: path.stem)
def test_shipped_model_gives_its_self_test_scores(path: Path) -> None:
    model = load_model(str(path))
    np.testing.assert_allclose(self_test_scores(model), model.card.self_test, atol=TOLERANCE)


def test_shipped_model_is_small_and_knows_enough() -> None:
    model = load_model()
    weights = next(path for path in find_cards() if path.stem == DEFAULT_MODEL).with_suffix(".onnx")
    assert weights.stat().st_size <= 4_000_000
    assert len(model.card.vocabulary.names("genre")) >= 14
    assert len(model.card.vocabulary.names("instrument")) >= 8
    assert max(model.card.self_test) - min(model.card.self_test) > 0.1, "scores say nothing"


def test_changed_weights_are_refused(tmp_path: Path) -> None:
    card = write_tiny_model(tmp_path)
    weights = card.with_suffix(".onnx")
    weights.write_bytes(weights.read_bytes() + b"\0")
    with pytest.raises(ModelError, match="checksum") as caught:
        load_model(str(card))
    assert caught.value.path == weights


def test_missing_weights_are_named(tmp_path: Path) -> None:
    card = write_tiny_model(tmp_path)
    card.with_suffix(".onnx").unlink()
    with pytest.raises(ModelError, match=r"tiny\.onnx"):
        load_model(str(card))


def rewrite(card: Path, **changes: object) -> None:
    content = json.loads(card.read_text())
    card.write_text(json.dumps({**content, **changes}))


def test_card_of_another_front_end_is_refused(tmp_path: Path) -> None:
    card = write_tiny_model(tmp_path)
    mel = json.loads(card.read_text())["mel"]
    rewrite(card, mel={**mel, "hop": 64})
    with pytest.raises(ModelError, match=r"its card says mel \[S, 16, 122\]"):
        load_model(str(card))


def test_card_of_other_labels_is_refused(tmp_path: Path) -> None:
    card = write_tiny_model(tmp_path)
    rewrite(card, labels=json.loads(card.read_text())["labels"][:3])
    with pytest.raises(ModelError, match=r"logits \[S, 3\]"):
        load_model(str(card))


@pytest.mark.parametrize("content", [b"", b"junk", b"\x80\x04\x95pickle"])
def test_what_is_no_network_is_refused(tmp_path: Path, content: bytes) -> None:
    import hashlib

    card = write_tiny_model(tmp_path)
    card.with_suffix(".onnx").write_bytes(content)
    rewrite(card, sha256=hashlib.sha256(content).hexdigest())
    with pytest.raises(ModelError, match="its network is refused"):
        load_model(str(card))


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ModelError, match=f"no model named 'grand'.*{DEFAULT_MODEL}"):
        load_model("grand")


def test_own_models_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appdirs.user_data_dir", lambda *_, **__: str(tmp_path))
    folder = user_models() / "tiny"
    folder.mkdir(parents=True)
    write_tiny_model(folder)
    assert load_model("tiny").card.name == "tiny"


class Cramped:
    """A session that has memory for so many slices at once; the rest of it is real."""

    def __init__(self, session: Any, most: int, says: Exception) -> None:
        self.session, self.most, self.says = session, most, says
        self.batches: list[int] = []

    def run(self, names: list[str], inputs: dict[str, Any]) -> Any:
        self.batches.append(len(inputs["mel"]))
        if len(inputs["mel"]) > self.most:
            raise self.says
        return self.session.run(names, inputs)

    def get_outputs(self) -> Any:
        return self.session.get_outputs()


@pytest.mark.parametrize(
    "says",
    [
        RuntimeError("Failed to allocate memory for requested buffer of size 1073741824"),
        RuntimeError("CUDA failure 2: out of memory ; GPU=0"),
        MemoryError(),
    ],
)
def test_short_memory_halves_the_batch_and_nothing_else(tiny: Model, says: Exception) -> None:
    mel = np.random.default_rng(1).random((11, *mel_shape(tiny.card.mel)), dtype=np.float32)
    session = Cramped(tiny.network.session, 3, says)
    found = Network(session).predict(mel).logits
    np.testing.assert_allclose(found, tiny.logits(mel), atol=1e-6)
    assert session.batches == [11, 5, 2, 3, 6, 3, 3]


def test_memory_too_short_for_one_slice_and_other_failures_are_raised(tiny: Model) -> None:
    mel = np.zeros((4, *mel_shape(tiny.card.mel)), dtype=np.float32)
    for most, says in ((0, MemoryError("none")), (1, RuntimeError("odd"))):
        with pytest.raises(type(says), match=str(says)):
            Network(Cramped(tiny.network.session, most, says)).predict(mel)


def test_what_runs_the_network(tiny_card: Path) -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("CUDA is there")
    for device in ("auto", "cpu"):
        session = load_model(str(tiny_card), device=device).network.session
        assert session.get_providers() == ["CPUExecutionProvider"]
    with pytest.raises(DeviceError, match="install onnxruntime-gpu") as raised:
        load_model(str(tiny_card), device="cuda")
    assert raised.value.exit_code == 2


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_cuda_is_taken_where_it_is_there(device: Device) -> None:
    both = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    assert [name for name, _ in providers(device, both)] == both
    assert [name for name, _ in providers("cpu", both)] == ["CPUExecutionProvider"]


def test_scores_do_not_depend_on_the_device() -> None:
    """On CUDA where it is there; else on the one device there is, which "auto" must find."""
    cpu, best = load_model(device="cpu"), load_model(device="auto")
    np.testing.assert_allclose(self_test_scores(best), self_test_scores(cpu), atol=1e-3)


def test_devices_on_the_command_line_are_those_there_are() -> None:
    (option,) = (parameter for parameter in scan.params if parameter.name == "device")
    assert isinstance(option.type, click.Choice)
    assert tuple(option.type.choices) == DEVICES
