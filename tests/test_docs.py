"""The README says what there is, and what it says is true."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from tagger.cli import main
from tagger.models.model import load_model

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    context = click.Context(main)
    return main.list_commands(context)


@pytest.mark.parametrize("name", commands())
def test_command_is_in_the_readme_and_has_help(name: str) -> None:
    assert f"musictag {name}" in README
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.help


@pytest.mark.parametrize("name", ["scan", "predict", "demo"])
def test_every_option_has_help(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


def test_readme_states_the_figures_of_the_shipped_card() -> None:
    card = load_model().card
    genres = card.metrics["genres"]
    assert f"{genres['macro_roc_auc']:.3f}" in README
    assert f"{genres['macro_ap']:.3f}" in README
    assert f"{len(card.vocabulary.names('genre'))} genres" in README
    assert f"{len(card.vocabulary.names('instrument'))} instruments" in README
    for name in card.vocabulary.names("genre") + card.vocabulary.names("instrument"):
        assert name in README


def test_page_of_the_shipped_model_is_that_of_its_card() -> None:
    page = pytest.importorskip("training.evaluation.model_page", reason="needs the [train] extra")
    path = ROOT / "tagger" / "models" / "weights" / "small.md"
    assert path.read_text(encoding="utf-8") == page.page_text(load_model("small").card)


def test_labels_called_measured_were_heard_well() -> None:
    card = load_model("small").card
    measured = {x.name for x, r in zip(card.vocabulary.labels, card.rules, strict=True)
                if r.evidence == "measured"}  # fmt: skip
    parts = [card.metrics[name] for name in ("genres_in_all_runs", "instruments_in_recordings")]
    found = {row["label"]: row["roc_auc"] for part in parts for row in part["labels"]}
    assert {name: found[name] for name in measured if found[name] < 0.75} == {}


def test_links_in_the_readme_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_changelog_speaks_of_this_version_or_the_next() -> None:
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
