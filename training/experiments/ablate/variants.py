"""What is changed, by name: nothing but what is named differs from the recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from training.config import Config
from training.networks import Conv5Config, MobileConfig, ResNetConfig
from training.networks.mobile import Stage

RATE = 16000  # Hz, of the recipe

RECIPE = "the recipe"  # the variant that all others are held against


@dataclass(frozen=True, slots=True)
class Variant:
    """Changes to a config, by its parts, and to the labels."""

    name: str
    part: str  # of the recipe: the table it stands in
    weak: bool = True  # with labels that the teachers leave little doubt of
    changes: Mapping[str, Any] = field(default_factory=dict)

    def of(self, config: Config) -> Config:
        """The config with the changes."""
        new = {}
        for part, change in self.changes.items():
            old = getattr(config, part)
            new[part] = replace(old, **change) if isinstance(change, Mapping) else change
        return replace(config, **new)


def _labels(name: str, *teachers: str) -> Variant:
    return Variant(
        name, "labels and teachers", weak=False, changes={"loop": {"teachers": teachers}}
    )


def _augment(name: str, **changes: Any) -> Variant:
    return Variant(name, "augmentation", changes={"augment": changes})


def _slices(seconds: float) -> Variant:
    samples = round(seconds * RATE)
    return Variant(
        f"{seconds:g} s", "length of a slice", changes={"mel": {"slice_samples": samples}}
    )


MSD, MTT = ("msd", "msd_embedding"), ("mtt", "mtt_embedding")
PLAIN = {"eq_db": 0.0, "low_pass": 0.0, "noise": 0.0, "transpose": 0.0, "masks": 0}
WIDER = MobileConfig(
    stages=(Stage(64, 2, 3, (2, 2)), Stage(112, 3, 3, (2, 1)), Stage(176, 2, 3, (2, 1))),
    embedding=512,
)

VARIANTS = (
    Variant(RECIPE, ""),
    _labels("hard labels only"),
    _labels("hard labels, tags of MSD", "msd"),
    _labels("hard labels, MSD with its embedding", *MSD),
    _labels("hard labels, MagnaTagATune with its embedding", *MTT),
    _labels("hard labels, tags of MTG-Jamendo", "jamendo_musicnn"),
    _labels("hard labels, all teachers", *MSD, *MTT, "jamendo_musicnn"),
    Variant(
        "hard and weak labels, no teachers", "labels and teachers",
        changes={"loop": {"teachers": ()}},
    ),
    Variant("no augmentation", "augmentation", changes={"augment": PLAIN, "loop": {"mixup": 0.0}}),
    Variant("without mixup", "augmentation", changes={"loop": {"mixup": 0.0}}),
    _augment("without masks", masks=0),
    _augment("without noise and low-pass", noise=0.0, low_pass=0.0),
    _augment("without the equaliser", eq_db=0.0),
    _augment("without transposition", transpose=0.0),
    Variant("with CutMix", "augmentation", changes={"loop": {"cutmix": 0.5}}),
    _augment("with MixStyle", mix_style=0.4),
    _augment("with jitter of the mel range", mel_range=3.0),
    Variant("mobile network, wider", "networks", changes={"network": WIDER}),
    Variant("five convolutions", "networks", changes={"network": Conv5Config()}),
    Variant("residual network", "networks", changes={"network": ResNetConfig()}),
    _slices(1.5),
    _slices(5.0),
    Variant("no rendered MIDI", "sound", changes={"recipe": {"rendered": 0}}),
    Variant("nothing laid over", "sound",
            changes={"recipe": {"overlay": 0.0, "rendered_overlay": 0.0}}),
)  # fmt: skip
BY_NAME = {variant.name: variant for variant in VARIANTS}
