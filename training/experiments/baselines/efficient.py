"""A network of EfficientNet's blocks (inverted bottlenecks with gates), with augmentation.

Published, wider and trained longer, as 86.9 % on GTZAN, 70/20/10 stratified. Source: Tan and Le
2019, "EfficientNet".
"""

from __future__ import annotations

from training.experiments.baselines.augmenting import Augmenting
from training.experiments.baselines.pictured import Pictured
from training.networks import MobileConfig
from training.networks.mobile import Stage

EFFICIENT = Pictured(
    "efficient",
    "EfficientNet",
    MobileConfig(
        stem=(8, 16),
        embedding=192,
        stages=(Stage(24, 2, 3, (2, 2)), Stage(40, 2, 3, (2, 1)), Stage(64, 2, 3, (2, 1))),
    ),
    Augmenting(),
)
