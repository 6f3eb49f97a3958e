"""Models that come and go: one's own, a friend's, a stranger's."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from tagger import DEFAULT_MODEL
from tagger.cli import main
from tagger.errors import ModelError
from tagger.models import store
from tagger.models.model import (
    SHIPPED,
    choice_file,
    chosen_model,
    find_cards,
    load_model,
    user_models,
)  # fmt: skip
from tagger.models.onnx_check import check_network
from tagger.models.self_test import self_test_scores
from tagger.scanning import limits
from tests.tiny_model import write_tiny_model


def musictag(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appdirs.user_data_dir", lambda *_, **__: str(tmp_path / "data"))


@pytest.fixture
def card(tmp_path: Path) -> Path:
    (tmp_path / "made").mkdir()
    return write_tiny_model(tmp_path / "made")


def change_network(card: Path, change: Callable[[onnx.ModelProto], object]) -> None:
    """Change a network, its card's checksum with it, as a hostile sender would."""
    weights = card.with_suffix(".onnx")
    network = onnx.load_from_string(weights.read_bytes())
    change(network)
    weights.write_bytes(network.SerializeToString())
    content = json.loads(card.read_text())
    content["sha256"] = hashlib.sha256(weights.read_bytes()).hexdigest()
    card.write_text(json.dumps(content))


def test_a_model_goes_from_hand_to_hand(card: Path, tmp_path: Path) -> None:
    assert musictag("models", "add", card, "--as", "mine").exit_code == 0
    file = tmp_path / "mine.musictag"
    assert musictag("models", "export", "mine", file).exit_code == 0
    assert musictag("models", "remove", "mine").exit_code == 0
    assert not (user_models() / "mine").exists()
    assert musictag("models", "add", file).exit_code == 0
    assert load_model("mine").card.name == "mine"
    np.testing.assert_array_equal(
        self_test_scores(load_model("mine")), load_model(str(card)).card.self_test
    )


@pytest.mark.parametrize(
    ("size", "times", "said"), [(4096, 4000, "not loaded within 5 s"), (65536, 1, "memory|alloc")]
)
def test_a_network_of_plain_operators_may_still_take_for_ever(
    size: int, times: int, said: str, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hours of products, or all memory: one line each, and nothing is taken up."""
    monkeypatch.setattr(limits, "_LOAD_S", 5.0)
    change_network(card, lambda network: multiply(network, size, times))
    for command in (["add", card, "--as", "mine"], ["use", card], ["export", card, "x"]):
        started = time.monotonic()
        done = musictag("models", *command)
        assert done.exit_code == 3
        assert len(done.stderr.splitlines()) == 1
        assert re.search(said, done.stderr), done.stderr
        assert time.monotonic() - started < 20
    assert not user_models().exists()


def multiply(network: onnx.ModelProto, size: int, times: int) -> None:
    """Let the answer wait for so many products of square matrices, made of two constants."""
    graph = network.graph
    ones = np.full((size, 1), 1 / size, np.float32)
    graph.initializer.append(numpy_helper.from_array(ones, "column"))
    graph.initializer.append(numpy_helper.from_array(ones.T.copy(), "row"))
    made = [helper.make_node("MatMul", ["column", "row"], ["square 0"])]
    for i in range(times):
        made.append(helper.make_node("MatMul", [f"square {i}", "square 0"], [f"square {i + 1}"]))
    made.append(helper.make_node("ReduceMean", [f"square {times}"], ["mean"], keepdims=0))
    graph.node[-1].output[0] = "plain"
    graph.node.extend([*made, helper.make_node("Add", ["plain", "mean"], ["logits"])])


def test_exports_of_one_model_are_the_same_file(card: Path, tmp_path: Path) -> None:
    store.add(card, "mine")
    for name in ("a", "b"):
        store.export("mine", tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_choice_is_used_and_goes_with_the_model(card: Path) -> None:
    store.add(card, "mine")
    assert chosen_model() == DEFAULT_MODEL
    assert musictag("models", "use", "mine").exit_code == 0
    assert "Low Horn" in musictag("labels").stdout
    assert "* mine" in musictag("models", "list").stdout
    assert musictag("models", "remove", "mine").exit_code == 0
    assert chosen_model() == DEFAULT_MODEL
    store.add(card, "mine")
    store.choose("mine")
    store.choose(DEFAULT_MODEL)
    assert load_model("default").card.name == DEFAULT_MODEL


def test_choice_of_a_model_that_is_gone_is_said(card: Path) -> None:
    store.add(card, "mine")
    store.choose("mine")
    shutil.rmtree(user_models() / "mine")
    done = musictag("labels")
    assert done.exit_code == 3
    assert "no model named 'mine'" in done.stderr


def test_a_name_in_use_is_not_overwritten_unless_asked(card: Path) -> None:
    store.add(card, "mine")
    with pytest.raises(ModelError, match="already"):
        store.add(card, "mine")
    store.add(card, "mine", replace=True)
    assert [path.stem for path in find_cards()] == [DEFAULT_MODEL, "mine"]


@pytest.mark.parametrize(
    "name", ["..", "a/b", "-x", DEFAULT_MODEL, "default", "x.json", "a\nb", ""]
)
def test_names_that_lead_astray_are_refused(card: Path, name: str) -> None:
    with pytest.raises(ModelError):
        store.check_name(name)
    with pytest.raises(ModelError):
        store.remove(name)
    assert (SHIPPED / f"{DEFAULT_MODEL}.onnx").exists()


def external(network: onnx.ModelProto) -> None:
    constant = network.graph.initializer[1]
    constant.ClearField("raw_data")
    constant.data_location = TensorProto.EXTERNAL
    entry = constant.external_data.add()
    entry.key, entry.value = "location", "/etc/passwd"


def endless(network: onnx.ModelProto) -> None:
    body = helper.make_graph([], "body", [], [])
    network.graph.node.append(helper.make_node("Loop", ["", ""], ["x"], body=body))


def foreign(network: onnx.ModelProto) -> None:
    network.graph.node.append(helper.make_node("Mul", ["logits"], ["x"], domain="com.evil"))


def library(network: onnx.ModelProto) -> None:
    network.opset_import.append(helper.make_opsetid("com.evil", 1))


def function(network: onnx.ModelProto) -> None:
    network.functions.add().name = "f"


def padded(network: onnx.ModelProto) -> None:
    node = helper.make_node("MaxPool", ["mel"], ["x"], kernel_shape=[2], pads=[1 << 40, 0])
    network.graph.node.append(node)


def vast(network: onnx.ModelProto) -> None:
    network.graph.initializer[1].dims[:] = [1 << 40, 1 << 20]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (external, "read other files"),
        (endless, "'Loop'"),
        (foreign, "no network here needs"),
        (library, "another library"),
        (function, "functions of its own"),
        (padded, "out of all proportion"),
        (vast, "out of all proportion"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("door", [store.add, store.choose, load_model])
def test_hostile_networks_are_refused_before_anything_is_loaded(
    card: Path,
    change: Callable[[onnx.ModelProto], object],
    reason: str,
    door: Callable[[Any], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    change_network(card, change)
    monkeypatch.setattr("tagger.models.model.open_network", lambda *_: pytest.fail("it was loaded"))
    with pytest.raises(ModelError, match=reason):
        door(card if door is store.add else str(card))
    assert not (user_models() / card.stem).exists()
    assert not choice_file().exists()


def test_a_network_that_hears_otherwise_than_its_card_says_is_refused(card: Path) -> None:
    content = json.loads(card.read_text())
    content["labels"][0]["golden"] = 0.123
    card.write_text(json.dumps(content))
    doors: list[Callable[[Any], object]] = [store.add, store.choose, load_model]
    for door in doors:
        with pytest.raises(ModelError, match="self-test signal"):
            door(card if door is store.add else str(card))


@pytest.mark.parametrize("names", [["../up.json", "m.onnx"], ["m.json"], ["m.json", "m.onnx", "x"]])
def test_archives_of_another_kind_are_refused(card: Path, tmp_path: Path, names: list[str]) -> None:
    file = tmp_path / "odd.musictag"
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, card.read_bytes())
    with pytest.raises(ModelError, match="no exported model"):
        store.add(file)
    assert not (tmp_path / "up.json").exists()


def test_a_front_end_out_of_proportion_is_refused(card: Path) -> None:
    content = json.loads(card.read_text())
    content["mel"]["slice_samples"] = 10**12
    card.write_text(json.dumps(content))
    with pytest.raises(ModelError, match="out of all proportion"):
        store.add(card, "vast")


def test_shipped_network_passes() -> None:
    check_network((SHIPPED / f"{DEFAULT_MODEL}.onnx").read_bytes())


@given(st.binary(max_size=300))
def test_any_bytes_are_a_network_or_a_reason(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"^it "):
        check_network(content)


@given(st.integers(0, 400), st.integers(0, 255))
def test_any_changed_byte_is_survived(place: int, value: int) -> None:
    content = bytearray((SHIPPED / f"{DEFAULT_MODEL}.onnx").read_bytes()[:4000])
    content[place] = value
    with pytest.raises(ValueError, match=r"^it "):
        check_network(bytes(content))
