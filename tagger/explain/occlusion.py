"""What each part of a slice adds to a label: hide it, and see how far the label's logit falls.

Source: M. Zeiler and R. Fergus, Visualizing and Understanding Convolutional Networks, 2014, section
4.2. A class-activation map (Zhou et al. 2016) would be cheaper, but needs the network's last
feature map as an output of the graph and a head that is a plain mean; ours also takes the maximum
over time, and has pooled frequency to 3 rows by then. Hiding needs only logits: it is true of any
model, those exported without feature maps included, and resolves frequency as finely as asked.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tagger.models.model import Model

Array = npt.NDArray[np.float32]

# 72 parts a slice: 10 slices take 0.7 s on one core. A quarter of a second tells drum hits of a
# slow beat apart; a sixth of the mel scale tells bass from voice from cymbals.
ROWS, STEPS = 6, 12


def occlusion_maps(model: Model, mel: Array, labels: Sequence[int], skip: Sequence[bool]) -> Array:
    """Fall of each label's logit when a part of a slice is hidden; negative where it rises.

    Slices in `skip` stay zero. Shape:
        - Input: `mel` is `(S, M, F)`, `skip` has S entries
        - Output: `(len(labels), S, ROWS, STEPS)`, low frequencies first
    """
    maps = np.zeros((len(labels), len(mel), ROWS, STEPS), dtype=np.float32)
    for index in np.flatnonzero(~np.array(skip, dtype=bool)):
        logits = model.logits(_hidden(mel[index]))[:, list(labels)]
        maps[:, index] = (logits[:1] - logits[1:]).T.reshape(len(labels), ROWS, STEPS)
    return maps


def _hidden(mel: Array) -> Array:
    """The slice, then the slice once for each part with that part hidden. `(1 + parts, M, F)`.

    Hidden is half of what each band usually holds, in the slice's own measure (the logarithm of
    power): the edges of a gap of silence would sound like drums, and the whole of it would leave a
    held tone as it is.
    """
    batch = np.repeat(mel[None], 1 + ROWS * STEPS, axis=0)
    usual = np.median(mel, axis=1, keepdims=True)
    rows = np.linspace(0, mel.shape[0], ROWS + 1).round().astype(int)
    steps = np.linspace(0, mel.shape[1], STEPS + 1).round().astype(int)
    for row in range(ROWS):
        for step in range(STEPS):
            bands = slice(rows[row], rows[row + 1])
            part = batch[1 + row * STEPS + step]
            part[bands, steps[step] : steps[step + 1]] = usual[bands] / 2
    return batch
