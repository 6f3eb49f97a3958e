"""A card and its network on disk: first a draft in a folder of its own, then published whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tagger.models.card import ModelCard, dump_card
from tagger.models.model import load_model
from tagger.models.self_test import self_test_scores
from tagger.writing.atomic_file import replacing


def write_draft(card: ModelCard, folder: Path) -> ModelCard:
    """Write a card beside its network; returns it with the self-test that the network gives."""
    path = (folder / card.weights).with_suffix(".json")
    dump_card(card, path)
    scores = self_test_scores(load_model(str(path), self_test=False))
    finished = replace(card, self_test=tuple(round(float(score), 6) for score in scores))
    dump_card(finished, path)
    return finished


def publish(card: ModelCard, drafts: Path, folder: Path) -> Path:
    """Move a draft's network into a folder, then write its finished card; returns the card's path.

    Each is whole or not there, and a card beside another network is refused by its checksum.
    """
    (drafts / card.weights).replace(folder / card.weights)
    path = (folder / card.weights).with_suffix(".json")
    with replacing(path) as part:
        dump_card(card, part)
    return path
