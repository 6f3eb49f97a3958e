from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tagger.errors import ModelError
from tagger.models.card import dump_card, load_card


def test_card_comes_back_equal(tiny_card: Path, tmp_path: Path) -> None:
    card = load_card(tiny_card)
    dump_card(card, tmp_path / "copy.json")
    assert load_card(tmp_path / "copy.json") == card


def change(content: Any, *keys: str, value: Any) -> None:
    for key in keys[:-1]:
        content = content[int(key) if key.isdigit() else key]
    if value is None:
        del content[keys[-1]]
    else:
        content[keys[-1]] = value


@pytest.mark.parametrize(
    ("keys", "value", "reason"),
    [
        (("format",), 99, "format 99"),
        (("format",), None, "'format' is missing"),
        (("mel", "hop"), None, "hop"),
        (("mel", "hop"), -1, "positive"),
        (("mel", "surprise"), 1, "surprise"),
        (("labels",), [], "empty"),
        (("labels", "0", "name"), "Rock/Pop", "separator"),
        (("labels", "1", "name"), "Low", "twice"),
        (("labels", "0", "kind"), "mood", "mood"),
        (("labels", "0", "threshold"), 1.5, "threshold"),
        (("labels", "0", "slope"), -1.0, "ranking"),
        (("labels", "0", "offset"), None, "'offset' is missing"),
        (("labels", "0", "golden"), "much", "much"),
        (("weights",), "../../etc/passwd", "not the name"),
        (("weights",), "weights.pkl", "not the name"),
        (("licence",), None, "licence"),
        (("hook",), "os.system", "hook"),
        (("mel", "rate"), 10**9, "proportion|whole"),
        (("mel", "rate"), 8000.5, "whole numbers"),
        (("mel", "slice_samples"), 10**400, "out of all proportion"),
        (("mel", "slice_samples"), 8000 * 61, "out of all proportion"),
        (("mel", "n_mels"), 1 << 40, "out of all proportion"),
        (("mel", "fmax"), 10**400, "range"),
        (("mel", "power_floor"), float("inf"), "power_floor"),
        (("labels", "0", "slope"), float("inf"), "not finite"),
        (("labels", "0", "slope"), 10**400, "too large"),
        (("labels", "0", "offset"), float("nan"), "not finite"),
        (("labels", "0", "golden"), float("nan"), "not finite"),
        (("labels", "0", "name"), "Rock" * 100, "longer than"),
        (("labels", "0", "name"), "Rock\x1b[2J", "control"),
        (("labels",), [{"kind": "genre"}] * 20_000, "name"),
        (("name",), "small\x1b[2J", "control"),
        (("name",), "s" * 1000, "too long"),
        (("version",), 4, "no len"),
        (("data",), ["a"], "text"),
        (("sha256",), "0", "SHA-256"),
        (("metrics",), [], "table"),
        (("vote_shares", "genre"), float("nan"), "share"),
    ],
)
def test_damaged_card_is_refused_by_name(
    tiny_card: Path, tmp_path: Path, keys: tuple[str, ...], value: Any, reason: str
) -> None:
    content = json.loads(tiny_card.read_text())
    change(content, *keys, value=value)
    path = tmp_path / "card.json"
    path.write_text(json.dumps(content))
    with pytest.raises(ModelError, match=reason) as caught:
        load_card(path)
    assert str(path) in str(caught.value)
    assert caught.value.exit_code == 3
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[1]", b"null", b"\xff\xfe", b'"text"', b"[" * 100_000, b" " * (5 << 20)],
)
def test_what_is_no_card_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "card.json"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="card"):
        load_card(path)


def test_missing_card_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model card there"):
        load_card(tmp_path / "none.json")
