"""Where a run draws its slices from: clips with their sound, by what they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from tagger.errors import DataError
from training.config import Config
from training.data.batch_sampler import Pool, Pools
from training.data.datasets import Clip
from training.data.datasets.instruments import is_rendered
from training.data.genre_opinions import genre_opinions
from training.data.mel_cache import Mel
from training.data.split import Split
from training.data.teacher_outputs import Outputs, fit_scale, load_soft, only
from training.trainer.early_stopping import is_validation, validation_slices

Asked = Callable[[Path], dict[str, Outputs]]  # a file -> what a teacher says of it


def make_pools(
    config: Config,
    split: Split,
    features: dict[str, Mel],
    asked: Asked | None = None,
    coded: Mapping[str, Mel] | None = None,
) -> Pools:
    """Pools of the clips that have features; with patience, some songs are for validation alone.

    `asked`: a teacher to be asked about songs and mixes, beside the outputs that are stored.
    `coded`: songs coded once more.
    """
    taught = [clip for clip in split.songs + split.rendered if clip.id in features]
    soft = {clip.id: _soft(clip, config, asked) for clip in taught}
    scale = fit_scale(soft.values())
    opinions = genre_opinions(split.songs, soft) if config.recipe.opinion_weight else {}

    def pool(clips: list[Clip]) -> Pool | None:
        readable = [clip for clip in clips if clip.id in features]
        if not readable:
            return None
        return Pool.of(
            readable, features, soft, config.mel, scale, coded,
            opinions=opinions, recipe=config.recipe,
        )  # fmt: skip

    stops = config.loop.patience > 0
    if not (songs := pool([c for c in split.songs if not (stops and is_validation(c))])):
        raise DataError("there is no song to learn from")
    held = [clip for clip in split.songs if stops and is_validation(clip) and clip.id in features]
    if stops and not held:
        raise DataError("too few artists to watch one in ten of them: set patience = 0")
    return Pools(
        songs=songs,
        solos=pool([clip for clip in split.solos if not _is_talk(clip)]),
        rendered=pool(split.rendered),
        talk=pool([clip for clip in split.solos if _is_talk(clip)]),
        validation=validation_slices(held, features, config.mel) if held else None,
    )


def _soft(clip: Clip, config: Config, asked: Asked | None) -> dict[str, Outputs]:
    """What the teachers of the config say of a clip's file."""
    outputs = load_soft(clip.soft) if clip.soft else {}
    if asked and not is_rendered(clip):
        outputs = asked(clip.path) | outputs
    return only(outputs, config.loop.teachers)


def _is_talk(clip: Clip) -> bool:
    """Whether a clip is speech or noise, of no genre and no instrument."""
    return bool((clip.targets == 0).all())
