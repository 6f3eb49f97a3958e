"""A fixed signal whose scores are stored with each model.

If the front end, the runtime or the network changes, the scores of this signal change with it, so a
test can tell; without it a changed front end only gives somewhat wrong tags.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tagger.inference.mel_spectrogram import log_mel
from tagger.inference.slice_scores import sigmoid
from tagger.models.card import MelSpec

if TYPE_CHECKING:
    from tagger.models.model import Model

TOLERANCE = 1e-3  # in probability: other processors round float32 sums in another order


def self_test_signal(spec: MelSpec) -> npt.NDArray[np.float32]:
    """One slice with a rising harmonic tone and four clicks a second, made without a generator.

    Shape: `(1, T)`
    """
    time = np.arange(spec.slice_samples) / spec.rate
    phase = 2 * np.pi * (110 * time + 40 * time**2)  # 110 Hz, rising by 80 Hz each second
    tone = sum(np.sin(n * phase) / n for n in range(1, 9))
    clicks = np.exp(-40 * (time % 0.25)) * np.sin(2 * np.pi * 2500 * (time % 0.25))
    return (0.2 * tone + 0.5 * clicks).astype(np.float32)[None]


def self_test_scores(model: Model) -> npt.NDArray[np.float32]:
    """The model's probabilities, before calibration, for the self-test signal. Shape: `(K,)`."""
    mel = log_mel(self_test_signal(model.card.mel), model.card.mel)
    return np.asarray(sigmoid(model.logits(mel))[0], dtype=np.float32)
