"""Losses that pass over what is not known."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from training.data.taxonomy import GENRE_SLICE, INSTRUMENT_SLICE
from training.data.teacher_outputs import N_PROBABILITIES, TEACHERS, columns


def masked_bce(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Binary cross-entropy, averaged over the known targets only.

    Args:
        logits: of any shape.
        targets: 0 to 1, or NaN where unknown; same shape.
        weights: how much each counts; same shape.
    """
    known = ~targets.isnan()
    loss = functional.binary_cross_entropy_with_logits(
        logits, torch.where(known, targets, 0.5), reduction="none"
    )
    weights = weights * known
    return (loss * weights).sum() / weights.sum().clamp_min(1e-6)


def label_loss(
    logits: Tensor, targets: Tensor, weights: Tensor, of_kinds: tuple[float, float] = (1.0, 1.0)
) -> Tensor:
    """Genres and instruments count as `of_kinds` says, however many labels or examples they have.

    Shape: `(B, K)`, `(B, K)` and `(B, 1)` in, a scalar out
    """
    weights = weights.expand_as(targets)
    genres, instruments = (
        masked_bce(logits[:, kind], targets[:, kind], weights[:, kind])
        for kind in (GENRE_SLICE, INSTRUMENT_SLICE)
    )
    return of_kinds[0] * genres + of_kinds[1] * instruments


def blended_label_loss(
    logits: Tensor,
    targets: Tensor,
    share: Tensor,
    partner: Tensor,
    of_kinds: tuple[float, float] = (1.0, 1.0),
) -> Tensor:
    """`label_loss` of slices blended with partners: the labels of both count, by their shares.

    Either keeps its own mask of the unknown. Shape: `(B, K)` twice, `(B, 1)` and `(B,)`
    """
    return label_loss(
        torch.cat([logits, logits]),
        torch.cat([targets, targets[partner]]),
        torch.cat([share, 1 - share]),
        of_kinds,
    )


def teacher_loss(outputs: Tensor, soft: Tensor, embedding_weight: float) -> Tensor:
    """Distance from what the teachers said: cross-entropy of tags, squared error of all else.

    Each teacher counts the same, however wide its outputs are.
    Shape: `(B, WIDTH)` twice in, a scalar out; what is NaN (no teacher was asked) does not count
    """
    tags = masked_bce(
        outputs[:, :N_PROBABILITIES],
        soft[:, :N_PROBABILITIES],
        torch.ones_like(soft[:, :N_PROBABILITIES]),
    )
    errors = [
        _squared_error(outputs[:, columns(teacher.name)], soft[:, columns(teacher.name)])
        for teacher in TEACHERS
        if not teacher.is_probability
    ]
    return tags + embedding_weight * torch.stack(errors).sum()


def _squared_error(outputs: Tensor, soft: Tensor) -> Tensor:
    """Mean over what is known; 0 where nothing is."""
    known = ~soft.isnan()
    error = (outputs - torch.where(known, soft, 0)) * known
    return error.square().sum() / known.sum().clamp_min(1)
