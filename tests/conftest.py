"""What several tests share: synthesised music and a small model made on the spot."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagger.demo import write_demo
from tagger.model import Model, load_model
from tests.tiny_model import write_tiny_model


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo library of short tracks in seven formats; not to be changed by a test."""
    folder = tmp_path_factory.mktemp("demo") / "music"
    write_demo(folder, seconds=6.0)
    return folder


@pytest.fixture(scope="session")
def tiny_card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The card of a model that tells low sound from high."""
    return write_tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def tiny(tiny_card: Path) -> Model:
    return load_model(str(tiny_card))
