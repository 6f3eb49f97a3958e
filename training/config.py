"""The settings of a training run, read from one TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tagger.errors import DataError
from tagger.models.card import MelSpec
from tagger.vocabulary import KINDS, Kind
from training.augment.spectrogram import AugmentConfig
from training.data.batch_sampler import Recipe
from training.data.teacher_outputs import NAMES as TEACHERS
from training.evaluation.calibration import PRECISION_TARGETS
from training.networks import KINDS as NETWORKS
from training.networks import MobileConfig, NetworkConfig
from training.networks.mobile import Stage
from training.trainer.amp import NAMES

DEFAULT = Path(__file__).with_name("configs") / "default.toml"


@dataclass(frozen=True, slots=True)
class LoopConfig:
    """The optimiser and its schedule."""

    steps: int = 6000
    learning_rate: float = 2e-3  # at the end of the warm-up, then down a cosine to zero
    warm_up: float = 0.05  # share of all steps
    weight_decay: float = 0.02
    clip_norm: float = 2.0
    average_decay: float = 0.997  # of the running average of weights that is kept in the end
    mixup: float = 0.5  # share of songs blended with another song
    mixup_alpha: float = 0.4
    cutmix: float = 0.0  # share of the other songs that lose a stretch to another song
    teachers: tuple[str, ...] = TEACHERS  # whose outputs are learned beside the labels
    genre_weight: float = 1.0  # of the loss on genres
    instrument_weight: float = 1.0
    head_strength: float = 0.0  # 1 / alpha of the ridge that replaces the head for genres; 0: none
    teacher_weight: float = 1.0
    embedding_weight: float = 0.5
    ensemble_weight: float = 1.0  # of what other runs say of the same slices, where there are any
    ensemble_genre_weight: float = 1.0  # 0: nothing of genres, of runs that know songs by heart
    seed: int = 1
    save_every: int = 250  # steps
    precision: str = "auto"  # float32, bfloat16 or float16 instead
    patience: int = 0  # validations without progress after which a run stops; 0: it never does
    watch_every: int = 250  # steps between two validations

    def __post_init__(self) -> None:
        if self.precision not in NAMES:
            raise ValueError(f"precision {self.precision!r} is not one of {', '.join(NAMES)}")
        if unknown := set(self.teachers) - set(TEACHERS):
            raise ValueError(f"teacher {unknown.pop()!r} is not one of {', '.join(TEACHERS)}")


@dataclass(frozen=True, slots=True)
class DecisionConfig:
    """How windows vote and what thresholds aim at; the card tells both."""

    # Chosen by what they give on held-out tracks, see RESULTS.md.
    vote_shares: Mapping[Kind, float] = field(
        default_factory=lambda: {"genre": 1.0, "instrument": 0.5}
    )
    precision: Mapping[Kind, float] = field(default_factory=lambda: dict(PRECISION_TARGETS))

    def __post_init__(self) -> None:
        for name, shares in (("vote_shares", self.vote_shares), ("precision", self.precision)):
            if set(shares) != set(KINDS) or not all(0 < share <= 1 for share in shares.values()):
                raise ValueError(f"{name} {dict(shares)} is not a share for each of {KINDS}")


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that shapes a model besides the data."""

    name: str
    version: str
    mel: MelSpec
    network: NetworkConfig = field(default_factory=MobileConfig)
    loop: LoopConfig = field(default_factory=LoopConfig)
    recipe: Recipe = field(default_factory=Recipe)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    # It shapes no weight, and checkpoints name the settings that do.
    decision: DecisionConfig = field(default_factory=DecisionConfig, repr=False)


def load_config(path: Path = DEFAULT) -> Config:
    """Read a TOML file; an unknown key or a bad value is a DataError naming the file."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return _parse(content)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DataError(f"not a valid training config ({error})", path) from error


def _parse(content: dict[str, Any]) -> Config:
    loop = content.pop("loop", {})
    if "teachers" in loop:
        loop["teachers"] = tuple(loop["teachers"])
    return Config(
        name=content.pop("name"),
        version=content.pop("version"),
        mel=MelSpec(**content.pop("mel")),
        network=_network(**content.pop("network", {})),
        loop=LoopConfig(**loop),
        recipe=Recipe(**content.pop("recipe", {})),
        augment=AugmentConfig(**content.pop("augment", {})),
        decision=DecisionConfig(**content.pop("decision", {})),
        **content,
    )


def _network(kind: str = "mobile", **content: Any) -> NetworkConfig:
    """The network's shape; TOML has arrays where it has tuples."""
    for name in ("stem", "widths"):
        if name in content:
            content[name] = tuple(content[name])
    if "stages" in content:
        content["stages"] = tuple(
            Stage(width, depth, kernel, tuple(stride))
            for width, depth, kernel, stride in content["stages"]
        )
    if kind not in NETWORKS:
        raise ValueError(f"network kind {kind!r} is not one of {', '.join(NETWORKS)}")
    return NETWORKS[kind](**content)
