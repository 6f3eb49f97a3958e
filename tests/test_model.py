from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tagger import DEFAULT_MODEL
from tagger.errors import ModelError
from tagger.golden import TOLERANCE, golden_scores
from tagger.model import Model, find_cards, load_model, user_models
from tests.tiny_model import SPEC, write_tiny_model


def test_logits_are_what_the_tiny_graph_says(tiny: Model) -> None:
    mel = np.zeros((2, SPEC.n_mels, SPEC.n_frames), dtype=np.float32)
    mel[0, : SPEC.n_mels // 2] = 1
    np.testing.assert_allclose(tiny.logits(mel), [[5, -5, 5, -5], [0, 0, 0, 0]], atol=1e-5)


@pytest.mark.parametrize("path", [*find_cards()], ids=lambda path: path.stem)
def test_shipped_model_gives_its_golden_scores(path: Path) -> None:
    model = load_model(str(path))
    np.testing.assert_allclose(golden_scores(model), model.card.golden, atol=TOLERANCE)


def test_shipped_model_is_small_and_knows_enough() -> None:
    model = load_model()
    weights = next(path for path in find_cards() if path.stem == DEFAULT_MODEL).with_suffix(".onnx")
    assert weights.stat().st_size <= 4_000_000
    assert len(model.card.vocabulary.names("genre")) >= 14
    assert len(model.card.vocabulary.names("instrument")) >= 8
    assert max(model.card.golden) - min(model.card.golden) > 0.1, "golden scores say nothing"


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
    with pytest.raises(ModelError, match="not a network"):
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
