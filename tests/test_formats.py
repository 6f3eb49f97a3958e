"""One recording in seven formats: the shipped model must hear the same in each."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from click.testing import CliRunner

from tagger.cli import main
from tagger.demo import render, write_audio
from tagger.demo.synth import RATE

LOSSLESS, LOSSY = (".wav", ".flac", ".aiff"), (".mp3", ".ogg", ".opus", ".m4a")
# Largest difference of any label's probability. Lossless formats differ by 16-bit rounding only.
MOST_LOSSLESS, MOST_LOSSY = 0.01, 0.15


def predict(path: Path) -> npt.NDArray[np.float64]:
    done = CliRunner().invoke(main, ["predict", str(path), "--json"], catch_exceptions=False)
    scores = json.loads(done.stdout)["scores"]
    return np.array([*scores["genre"].values(), *scores["instrument"].values()])


@pytest.mark.parametrize("style", ["rock", "piano", "techno"])
def test_same_music_gets_the_same_scores_in_every_format(style: str, tmp_path: Path) -> None:
    sound = render(style, 12.0)
    scores = {}
    for suffix in LOSSLESS + LOSSY:
        write_audio(tmp_path / f"song{suffix}", sound, RATE)
        scores[suffix] = predict(tmp_path / f"song{suffix}")
    assert scores[".wav"].max() > 0.3, "a model that hears nothing passes any such test"
    for suffix in LOSSLESS:
        assert np.abs(scores[suffix] - scores[".wav"]).max() <= MOST_LOSSLESS, suffix
    for suffix in LOSSY:
        assert np.abs(scores[suffix] - scores[".wav"]).max() <= MOST_LOSSY, suffix


def test_volume_makes_no_difference(tmp_path: Path) -> None:
    sound = render("jazz", 9.0)
    write_audio(tmp_path / "loud.wav", sound, RATE)
    write_audio(tmp_path / "quiet.wav", sound * np.float32(0.05), RATE)
    difference = np.abs(predict(tmp_path / "loud.wav") - predict(tmp_path / "quiet.wav"))
    assert difference.max() <= 0.02
