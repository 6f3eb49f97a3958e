"""Cross-validation by artist: each track is scored by a head trained on other artists."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from tagger.errors import DataError
from training.evaluation.calibration import fit_platt
from training.finetune.examples import Array, Examples, Indices
from training.finetune.heads import PULLS, Start, fit_head, votes

N_FOLDS = 5
WEAK, WIDE = 0.005, ((-20.0, 20.0),) * 2  # calibration that may undo any scale of votes
SIZES = (10, 20, 50, 100)  # tracks a label of the learning curve, before all of them


@dataclass(frozen=True, slots=True, eq=False)
class CrossValidation:
    """Votes of heads trained on other artists, and the best pull of each label.

    Shape: `votes` `(N, K)`, `folds` `(N,)`, `pulls` `(K,)`
    """

    votes: Array
    folds: Indices
    pulls: Array


def cross_validate(
    examples: Examples, start: Start, progress: Callable[[], object] = lambda: None
) -> CrossValidation:
    """Cross-validation over artists, which also finds how strong the pull of each label should be.

    The pulls are chosen on the votes they are then reported by. Choosing them fold by fold would
    put votes of different scales side by side, which cost more average precision than the choice of
    one in six can lend. `progress` is called `N_FOLDS * len(PULLS)` times.
    """
    folds = fold_of(examples)
    tried = np.zeros((len(PULLS), *examples.targets.shape), dtype=np.float32)
    for fold in range(N_FOLDS):
        train, held_out = examples.take(_where(folds != fold)), _where(folds == fold)
        for i, pull in enumerate(PULLS):
            head = fit_head(train, start, np.full(len(start.slope), pull, dtype=np.float32))
            if len(held_out):
                tried[i, held_out] = votes(head, examples.take(held_out))
            progress()
    losses = np.stack([calibrated_loss(examples.targets, one) for one in tried])  # (P, N, K)
    best = best_pulls(losses)
    chosen = np.take_along_axis(tried, best[None, None], axis=0)[0]
    pulls = np.array(PULLS, dtype=np.float32)[best]
    return CrossValidation(chosen, folds, pulls)


def best_pulls(losses: Array) -> Indices:
    """The strongest pull of each label that is not worse than the best one by a standard error.

    Of few tracks the best is mostly luck: on labels the base model did not know, this rule lost
    nothing of average precision to the best fixed pull, and taking the best 0.02 to 0.06.
    Source: Breiman et al. 1984, the one-standard-error rule.
    Shape: `(P, N, K)` in, `(K,)` indices of pulls out
    """
    best = np.nanmean(losses, axis=1).argmin(axis=0)
    excess = losses - np.take_along_axis(losses, best[None, None], axis=0)
    labelled = np.maximum((~np.isnan(excess)).sum(axis=1), 1)
    error = np.nanstd(excess, axis=1) / np.sqrt(labelled)
    good = np.nanmean(excess, axis=1) <= error
    last = len(losses) - 1 - good[::-1].argmax(axis=0)  # pulls rise, so the last is strongest
    return np.asarray(last, dtype=np.int64)


def learn_from_fewer(
    examples: Examples, start: Start, validation: CrossValidation, size: int, seed: int
) -> Array:
    """Votes of heads trained on at most `size` tracks per label. Shape: `(N, K)`."""
    found = np.zeros_like(examples.targets)
    for fold in range(N_FOLDS):
        train, held_out = _where(validation.folds != fold), _where(validation.folds == fold)
        rng = np.random.default_rng((seed, size, fold))
        chosen = train[draw(examples.targets[train], size, rng)]
        if len(held_out) and len(chosen):
            head = fit_head(examples.take(chosen), start, validation.pulls)
            found[held_out] = votes(head, examples.take(held_out))
    return found


def draw(targets: Array, size: int, rng: np.random.Generator) -> Indices:
    """Tracks such that each label has so many of them, or all it has."""
    chosen: set[int] = set()
    for column in targets.T:
        chosen |= {int(i) for i in rng.permutation(_where(column == 1))[:size]}
    return np.array(sorted(chosen), dtype=np.int64)


def fold_of(examples: Examples) -> Indices:
    """A fold for each track, all tracks of a group in one, labels spread evenly. Shape: `(N,)`."""
    members: dict[str, list[int]] = {}
    for i, group in enumerate(examples.groups):
        members.setdefault(group, []).append(i)
    if len(members) < 2:
        raise DataError(
            "all tracks are of one artist, so nothing can be said of how a model hears others"
        )
    present = np.nan_to_num(examples.targets) / np.maximum(np.nansum(examples.targets, axis=0), 1)
    present = np.concatenate([present, np.full((len(examples), 1), 1 / len(examples))], axis=1)
    load = np.zeros((N_FOLDS, present.shape[1]))
    folds = np.zeros(len(examples), dtype=np.int64)
    # Large groups first; the checksum settles ties without regard to the order of names.
    for group in sorted(members, key=lambda g: (-len(members[g]), zlib.crc32(g.encode()), g)):
        weight = present[members[group]].sum(axis=0)
        fold = int(((load + weight) ** 2 - load**2).sum(axis=1).argmin())
        load[fold] += weight
        folds[members[group]] = fold
    return folds


def calibrated_loss(targets: Array, votes: Array) -> Array:
    """The loss of each target once each label's votes are calibrated; NaN where it is unknown.

    Without calibration a weak pull would look better than it ranks, merely for being more certain.
    Shape: `(N, K)` in and out
    """
    scores = logit(np.clip(votes, 1e-5, 1 - 1e-5).astype(np.float64))
    losses = np.full(targets.shape, np.nan, dtype=np.float32)
    for k in range(targets.shape[1]):
        labelled = ~np.isnan(targets[:, k])
        truth, score = targets[labelled, k].astype(np.float64), scores[labelled, k]
        slope, offset = fit_platt(truth, score, weight=WEAK, limits=WIDE)
        losses[labelled, k] = cross_entropy(truth, expit(slope * score + offset))
    return losses


def cross_entropy(targets: Array, probabilities: Array) -> Array:
    """The loss of each target, NaN where it is unknown; the same shape."""
    sure = np.clip(probabilities, 1e-4, 1 - 1e-4)
    return np.asarray(-(targets * np.log(sure) + (1 - targets) * np.log1p(-sure)), dtype=np.float32)


def _where(mask: npt.NDArray[np.bool_]) -> Indices:
    return np.flatnonzero(mask).astype(np.int64)
