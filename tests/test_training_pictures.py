from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tagger.models.card import ModelCard
from tagger.models.model import Model
from tests.training_data import held_out_of
from training.evaluation.calibration import N_BINS
from training.evaluation.diagrams import confusion, reliability
from training.evaluation.held_out_votes import HeldOut
from training.evaluation.predict import measure
from training.trainer.run_figures import read_losses, write_pictures


@pytest.fixture
def held_out() -> HeldOut:
    """A hundred sounds that are as often what they are heard as as the votes say."""
    rng = np.random.default_rng(1)
    votes = rng.uniform(0, 1, (1000, 4)).astype(np.float32)
    targets = (rng.uniform(0, 1, votes.shape) < votes).astype(np.float32)
    targets[::7, 2] = np.nan
    return held_out_of(targets, votes)


def measured(card: ModelCard, held_out: HeldOut) -> ModelCard:
    return replace(card, metrics={"genres": measure(held_out, card, "genre")})


def test_page_has_every_picture(held_out: HeldOut, tiny: Model, tmp_path: Path) -> None:
    log = tmp_path / "loss.csv"
    log.write_text("".join(f"{step},{2 / step}\n" for step in range(1, 300)))
    page = tmp_path / "pictures.html"
    parts = {"genres": held_out, "instruments": held_out}
    write_pictures(page, log, parts, measured(tiny.card, held_out))
    text = page.read_text("utf-8")
    root = ET.fromstring(text[text.index("<svg") : text.index("</body>")])
    words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    for name in ("Learning curve", "Reliability: genres", "Held-out genres", "ROC-AUC"):
        assert name in words
    assert any("true (row)" in (word or "") for word in words)
    write_pictures(page, tmp_path / "none.csv", parts, measured(tiny.card, held_out))
    assert "Learning curve</text>" not in page.read_text("utf-8")


def test_losses_of_a_run_that_went_on_are_read_once(tmp_path: Path) -> None:
    log = tmp_path / "loss.csv"
    log.write_text("1,3.0\n2,2.5\n3,2.2\n2,2.4\n3,2.1\n4,")
    assert read_losses(log).round(3).tolist() == pytest.approx(
        np.array([[1, 3.0], [2, 2.4], [3, 2.1]])
    )


def test_good_probabilities_lie_on_the_diagonal(held_out: HeldOut, tiny: Model) -> None:
    bins = reliability(held_out, tiny.card, "instrument")
    assert len(bins) == N_BINS
    assert sum(each.count for each in bins) == 2000 - len(range(0, 1000, 7))
    assert all(abs(each.probability - each.share) < 0.12 for each in bins)


def test_confusion_counts_what_is_heard_for_what_is_there() -> None:
    targets = np.array([[1, 0, np.nan], [1, 0, 0], [0, 1, 0]], dtype=np.float32)
    votes = np.array([[0.9, 0.1, 0.2], [0.1, 0.8, 0.2], [0.1, 0.8, 0.2]], dtype=np.float32)
    assert confusion(held_out_of(targets, votes), [0, 1]).tolist() == [[1, 1], [0, 1]]
    empty = held_out_of(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32))
    assert confusion(empty, [0, 1]).sum() == 0
