"""Where a run draws its slices from: clips with their sound, by what they are."""

from __future__ import annotations

from tagger.errors import DataError
from training.config import Config
from training.datasets import Clip
from training.features import Mel
from training.mixing import Pool, Pools
from training.split import Split
from training.teachers import Array, load_soft, only, standardise
from training.watch import is_watched, watched


def make_pools(config: Config, split: Split, features: dict[str, Mel]) -> Pools:
    """Pools of the clips that have features; with patience, some songs are only watched."""
    soft = standardise({clip.id: load_soft(clip.soft) for clip in split.songs if clip.soft})
    soft = only(soft, config.loop.teachers)

    def pool(clips: list[Clip], soft: dict[str, Array]) -> Pool | None:
        readable = [clip for clip in clips if clip.id in features]
        return Pool.of(readable, features, soft, config.mel) if readable else None

    stops = config.loop.patience > 0
    if not (songs := pool([c for c in split.songs if not (stops and is_watched(c))], soft)):
        raise DataError("there is no song to learn from")
    heard = [clip for clip in split.songs if stops and is_watched(clip) and clip.id in features]
    if stops and not heard:
        raise DataError("too few artists to watch one in ten of them: set patience = 0")
    return Pools(
        songs=songs,
        solos=pool([clip for clip in split.solos if not _is_talk(clip)], {}),
        rendered=pool(split.rendered, {}),
        talk=pool([clip for clip in split.solos if _is_talk(clip)], {}),
        watched=watched(heard, features, config.mel) if heard else None,
    )


def _is_talk(clip: Clip) -> bool:
    """Whether a clip is speech or noise, of no genre and no instrument."""
    return bool((clip.targets == 0).all())
