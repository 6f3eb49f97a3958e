"""The README says what there is, and what it says is true."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from tagger.cli import main
from tagger.demo import write_demo
from tagger.models.model import load_model
from tests.console_sessions import Session, fits, pages, run, sessions

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


def test_pages_state_the_figures_of_the_shipped_card() -> None:
    card = load_model().card
    genres, accuracy = card.metrics["genres"], ROOT / "docs" / "accuracy.md"
    for page in (README, accuracy.read_text(encoding="utf-8")):
        assert f"{genres['macro_roc_auc']:.3f}" in page
        assert f"{genres['macro_ap']:.3f}" in page
        assert f"{len(card.vocabulary.names('genre'))} genres" in page
        assert f"{len(card.vocabulary.names('instrument'))} instruments" in page
    for name in card.vocabulary.names("genre") + card.vocabulary.names("instrument"):
        assert name in " ".join(page.split())


def test_page_of_the_shipped_model_is_that_of_its_card() -> None:
    page = pytest.importorskip("training.evaluation.model_page", reason="needs the [train] extra")
    path = ROOT / "tagger" / "models" / "weights" / "small.md"
    assert path.read_text(encoding="utf-8") == page.page_text(load_model("small").card)


def test_labels_called_measured_were_recognised_well() -> None:
    card = load_model("small").card
    measured = {x.name for x, r in zip(card.vocabulary.labels, card.rules, strict=True)
                if r.evidence == "measured"}  # fmt: skip
    parts = [card.metrics[name] for name in ("genres_in_all_runs", "instruments_in_recordings")]
    found = {row["label"]: row["roc_auc"] for part in parts for row in part["labels"]}
    assert {name: found[name] for name in measured if found[name] < 0.75} == {}


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_readme_is_short_and_the_site_has_every_page() -> None:
    assert len(README.splitlines()) < 150
    site = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in pages()[1:]:
        assert f" {page.name}\n" in site, page.name


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the sessions are run in, with the demo library as a newcomer has it."""
    folder = tmp_path_factory.mktemp("sessions")
    write_demo(folder / "music")
    return folder


def test_there_are_sessions() -> None:
    assert any(session.page.name == "README.md" for session in sessions())


@pytest.mark.parametrize("session", list(sessions()), ids=lambda session: session.page.name)
def test_session_shows_what_is_printed(session: Session, library: Path) -> None:
    printed = run(session.command, library)
    assert fits(session.shown, printed), printed


def test_session_that_shows_something_else_does_not_fit() -> None:
    assert fits("a 1\n...\nz\n", "a 2\nb\nc\nz\n")
    assert not fits("a 1\n...\nz\n", "b\nc\nz\n")
    assert not fits("a\n", "a\nb\n")
    assert fits("a\n...\n", "a\nb\n")


def test_changelog_speaks_of_this_version_or_the_next() -> None:
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_path_in_contributing_exists() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:tagger|training|tests|benchmarks)/[^`\s]+)`", text)
    assert len(named) >= 10
    assert [path for path in named if not (ROOT / path).exists()] == []
