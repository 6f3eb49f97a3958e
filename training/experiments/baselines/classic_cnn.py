"""The classic network: five convolutions over pictures of 128 mel bands, without augmentation.

Published as 81.5 % on GTZAN, random 80/20 of tracks.
"""

from __future__ import annotations

from training.experiments.baselines.pictured import Pictured
from training.networks import Conv5Config

CLASSIC_CNN = Pictured("classic-cnn", "classic CNN", Conv5Config(widths=(8, 16, 32, 64, 64)))
