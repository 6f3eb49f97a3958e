"""Training slices: random crops, sums of clips, and the targets of a sum.

Sounds add in power, so a mix of two clips is the sum of their mel powers (up to the phases, which
no listener could tell apart). Of a sum of clips, a label is present if it is known to be in one,
absent only if it is known to be absent from all, and unknown otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
import numpy.typing as npt

from tagger.models.card import MelSpec
from training.augment.noise import make_noise
from training.data.datasets import Clip
from training.data.genre_opinions import opinion_at
from training.data.mel_cache import Mel
from training.data.taxonomy import LISTED_GENRES, VOCABULARY, Targets
from training.data.teacher_outputs import PLAIN, WIDTH, Outputs, Scale, Soft, soft_at
from training.trainer.early_stopping import Validation

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """One training example."""

    power: Array  # (M, F)
    targets: Targets  # (K,)
    soft: Array  # (WIDTH,), NaN where no teacher was asked


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Clips of one kind, to draw slices from."""

    clips: tuple[Clip, ...]
    features: Mapping[str, Mel]
    soft: Mapping[str, Soft]
    spec: MelSpec
    scale: Scale
    weights: npt.NDArray[np.float64]  # (len(clips),), chance of each clip
    coded: Mapping[str, Mel] = field(default_factory=dict)  # the same sound, coded once more
    opinions: Mapping[str, Outputs] = field(default_factory=dict)  # on the listed genres
    opinion_weight: float = 0.5  # of an opinion beside what people said

    @classmethod
    def of(
        cls,
        clips: list[Clip],
        features: Mapping[str, Mel],
        soft: Mapping[str, Soft],
        spec: MelSpec,
        scale: Scale = PLAIN,
        coded: Mapping[str, Mel] | None = None,
        *,
        opinions: Mapping[str, Outputs] | None = None,
        recipe: Recipe | None = None,
    ) -> Pool:
        """A pool in which clips of rare labels, and long ones, come more often."""
        lengths = np.array([len(features[clip.id]) for clip in clips])
        weights = rarity(clips) * np.maximum(1.0, lengths * spec.hop / spec.rate / USUAL_S) ** 0.7
        recipe = recipe or Recipe()
        weights = with_share(weights, np.array([_is_listed(clip) for clip in clips]), recipe.listed)
        return cls(
            tuple(clips), features, soft, spec, scale, weights, coded or {},
            opinions or {}, recipe.opinion_weight,
        )  # fmt: skip

    def draw(self, rng: np.random.Generator) -> Slice:
        """A random slice of a random clip, or as often of its coded copy where it has one."""
        clip = self.clips[rng.choice(len(self.clips), p=self.weights)]
        is_coded = clip.id in self.coded and rng.random() < 0.5
        mel = (self.coded if is_coded else self.features)[clip.id]
        start = int(rng.integers(max(1, len(mel) - self.spec.n_frames + 1)))
        soft = np.full(WIDTH, np.nan, dtype=np.float32)
        start_s = clip.start_s + start * self.spec.hop / self.spec.rate
        if clip.id in self.soft:
            soft = soft_at(self.soft[clip.id], start_s, self.scale)
        return Slice(crop(mel, start, self.spec, rng), self._targets(clip, start_s), soft)

    def _targets(self, clip: Clip, start_s: float) -> Targets:
        """What people said of a clip, tilted toward the opinion on this part of it."""
        if clip.id not in self.opinions:
            return clip.targets
        opinion = opinion_at(self.opinions[clip.id], start_s)
        given = clip.targets[: len(LISTED_GENRES)]
        both = (1 - self.opinion_weight) * given + self.opinion_weight * opinion
        targets = clip.targets.copy()
        targets[: len(LISTED_GENRES)] = np.where(np.isnan(given), opinion, both)
        return targets


def _is_listed(clip: Clip) -> bool:
    return bool((~np.isnan(clip.targets[: len(LISTED_GENRES)])).any())


def with_share(
    weights: npt.NDArray[np.float64], chosen: npt.NDArray[np.bool_], share: float
) -> npt.NDArray[np.float64]:
    """Weights that add up to 1, those of the chosen to `share` at least.

    >>> with_share(np.array([1.0, 1.0, 2.0]), np.array([True, False, False]), 0.5).tolist()
    [0.5, 0.16666666666666666, 0.3333333333333333]
    """
    weights = weights / weights.sum()
    own = weights[chosen].sum()
    if not chosen.any() or chosen.all() or own >= share:
        return np.asarray(weights)
    return np.asarray(np.where(chosen, weights * share / own, weights * (1 - share) / (1 - own)))


# Seconds of a usual clip; whole recordings come more often, though less than their length says.
USUAL_S = 30.0

# A label with fewer clips than this does not make them come more often still, or they would be
# learned by heart.
FEWEST = 20


def rarity(clips: list[Clip]) -> npt.NDArray[np.float64]:
    """Chance of each clip: inverse to the root of how many share its rarest label."""
    present = np.stack([clip.targets == 1 for clip in clips])
    counts = np.maximum(present.sum(axis=0), FEWEST)
    weights = np.where(present, 1 / np.sqrt(counts), 0).max(axis=1)
    labelled = weights > 0
    weights[~labelled] = np.median(weights[labelled]) if labelled.any() else 1.0
    return np.asarray(weights / weights.sum())


def crop(mel: Mel, start: int, spec: MelSpec, rng: np.random.Generator) -> Array:
    """Mel power of one slice; a shorter sound lands anywhere in it, with silence around.

    Shape: `(F', M)` of log10 in, `(M, F)` of power out
    """
    part = mel[start : start + spec.n_frames].astype(np.float32)
    power = np.zeros((spec.n_mels, spec.n_frames), dtype=np.float32)
    offset = int(rng.integers(spec.n_frames - len(part) + 1))
    power[:, offset : offset + len(part)] = np.power(np.float32(10), part.T)
    return power


def combine(first: Targets, second: Targets) -> Targets:
    """The targets of a sum of two sounds.

    >>> first = np.array([1, 1, 1, 0, 0, np.nan], dtype=np.float32)
    >>> second = np.array([1, 0, np.nan, 0, np.nan, np.nan], dtype=np.float32)
    >>> combine(first, second).tolist()
    [1.0, 1.0, 1.0, 0.0, nan, nan]
    """
    either = np.where((first == 1) | (second == 1), np.float32(1), np.float32(np.nan))
    return np.where((first == 0) & (second == 0), np.float32(0), either)


def mix(slices: list[Slice], gains_db: npt.NDArray[np.float64]) -> Slice:
    """The sum of slices, each brought to the same loudness and then to its gain in dB."""
    power = sum(
        (s.power * np.float32(10 ** (g / 10) / max(float(s.power.mean()), 1e-9)))
        for s, g in zip(slices, gains_db, strict=True)
    )
    targets = reduce(combine, (s.targets for s in slices))
    # No teacher has scored the sum.
    soft = slices[0].soft if len(slices) == 1 else np.full(WIDTH, np.nan, dtype=np.float32)
    return Slice(np.asarray(power, dtype=np.float32), targets, soft)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a batch is made of."""

    songs: int = 44  # slices of full mixes with genre labels or teachers
    rendered: int = 32  # slices of rendered MIDI
    solos: int = 16  # sums of isolated instruments
    noise: int = 4  # slices of speech and noise: nothing to name
    most_solos: int = 3  # sounds in one such sum
    solo_range_db: float = 12.0  # how much quieter one of them may be
    listed: float = 0.0  # least share of the songs whose genres people listed
    opinion_weight: float = 0.5  # of the teachers' regression beside what people listed
    overlay: float = 0.15  # share of songs with an isolated instrument laid over them
    rendered_overlay: float = 0.25  # the same of rendered MIDI


@dataclass(frozen=True, slots=True, eq=False)
class Pools:
    """Where slices are drawn from."""

    songs: Pool
    solos: Pool | None = None
    rendered: Pool | None = None
    talk: Pool | None = None  # speech and noise
    validation: Validation | None = None  # asked about now and then, never learned from


def draw_batch(pools: Pools, recipe: Recipe, rng: np.random.Generator) -> list[Slice]:
    """All slices of one batch, songs first; more songs where there are no solos."""
    batch = [_laid_over(pools.songs, pools, recipe.overlay, rng) for _ in range(recipe.songs)]
    n_solos = recipe.solos if pools.rendered else recipe.solos + recipe.rendered
    batch += [_solos(pools, recipe, rng) for _ in range(n_solos)]
    batch += [_nothing(pools, rng) for _ in range(recipe.noise)]
    if pools.rendered:
        share = recipe.rendered_overlay
        batch += [_laid_over(pools.rendered, pools, share, rng) for _ in range(recipe.rendered)]
    return batch


def _laid_over(pool: Pool, pools: Pools, share: float, rng: np.random.Generator) -> Slice:
    """A slice of a mix, now and then with an isolated instrument laid over it."""
    mixed = pool.draw(rng)
    if rng.random() >= share or not pools.solos:
        return mixed
    return mix([mixed, pools.solos.draw(rng)], np.array([0.0, rng.uniform(-6, 6)]))


def _nothing(pools: Pools, rng: np.random.Generator) -> Slice:
    """Speech, noise from outdoors, or noise made here: of no genre and no instrument."""
    if pools.talk and rng.random() < 0.5:
        return pools.talk.draw(rng)
    unscored = np.full(WIDTH, np.nan, dtype=np.float32)
    targets = np.zeros(len(VOCABULARY), dtype=np.float32)
    return Slice(make_noise(pools.songs.spec, rng), targets, unscored)


def _solos(pools: Pools, recipe: Recipe, rng: np.random.Generator) -> Slice:
    if not pools.solos:
        return pools.songs.draw(rng)
    n = int(rng.integers(1, recipe.most_solos + 1))
    gains = rng.uniform(-recipe.solo_range_db, 0, size=n)
    return mix([pools.solos.draw(rng) for _ in range(n)], gains)
