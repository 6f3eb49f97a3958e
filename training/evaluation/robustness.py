"""A model over sound that has been through something, heard exactly as a scan hears a file."""

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
from training.evaluation.predict import HeardClip, hear
from training.evaluation.sound_changes import RATE, Change


def hear_changed(
    model: Model,
    clips: Sequence[Clip],
    change: Change,
    progress: Callable[[], object] = lambda: None,
) -> list[HeardClip]:
    """Clips of whole files, each changed before it is heard as a scan would hear it."""
    heard: list[HeardClip] = []
    with tempfile.TemporaryDirectory() as folder:
        # The tagger reads files: each changed one stands in this place for a moment.
        place = Path(folder) / "changed.wav"
        for clip in clips:
            if _write_changed(clip, change, place):
                heard += hear(model, [replace(clip, path=place)])
            progress()
    return heard


def _write_changed(clip: Clip, change: Change, place: Path) -> bool:
    try:
        samples = read_mono(clip.path, RATE)
    except DataError:  # told already, when it was heard as it is
        return False
    soundfile.write(place, change.apply(samples), RATE, subtype="FLOAT")
    return True
