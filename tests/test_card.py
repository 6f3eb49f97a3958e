from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tagger.card import dump_card, load_card
from tagger.errors import ModelError


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


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"null", b"\xff\xfe", b'"text"'])
def test_what_is_no_card_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "card.json"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="card"):
        load_card(path)


def test_missing_card_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model card there"):
        load_card(tmp_path / "none.json")
