"""A model over changed sound, scored exactly as a scan scores a file."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import soundfile

from tagger.errors import DataError
from tagger.models.model import Model
from training.data.datasets import Clip
from training.data.mel_cache import read_mono
from training.evaluation.predict import ClipScores, predict_clips
from training.evaluation.sound_changes import RATE, Change


def predict_changed(
    model: Model,
    clips: Sequence[Clip],
    change: Change,
    progress: Callable[[], object] = lambda: None,
) -> list[ClipScores]:
    """Clips of whole files, each changed before it is scored as in a scan."""
    held_out: list[ClipScores] = []
    with tempfile.TemporaryDirectory() as folder:
        # The tagger reads files: each changed one stands in this place for a moment.
        place = Path(folder) / "changed.wav"
        for clip in clips:
            if _write_changed(clip, change, place):
                held_out += predict_clips(model, [replace(clip, path=place)])
            progress()
    return held_out


def _write_changed(clip: Clip, change: Change, place: Path) -> bool:
    try:
        samples = read_mono(clip.path, RATE)
    except DataError:  # reported already, when it was scored as it is
        return False
    soundfile.write(place, change.apply(samples), RATE, subtype="FLOAT")
    return True
