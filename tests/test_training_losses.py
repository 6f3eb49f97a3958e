from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from training.data.taxonomy import GENRE_SLICE, INSTRUMENT_SLICE, VOCABULARY
from training.data.teacher_outputs import N_PROBABILITIES, WIDTH, columns
from training.trainer.losses import blended_label_loss, label_loss, masked_bce, teacher_loss

K = len(VOCABULARY)
NAN = float("nan")


def _rng() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def _logits(n: int = 6, width: int = K) -> Tensor:
    return torch.randn(n, width, generator=_rng()).requires_grad_()


def _targets(n: int = 6) -> Tensor:
    return (torch.rand(n, K, generator=_rng()) < 0.3).float()


def _value(loss: Tensor) -> float:
    return float(loss.detach())


def _gradient(loss: Tensor, of: Tensor) -> Tensor:
    (gradient,) = torch.autograd.grad(loss, of)
    assert gradient.isfinite().all()
    return gradient


def test_all_known_is_plain_cross_entropy() -> None:
    logits, targets = _logits(), _targets()
    found = masked_bce(logits, targets, torch.ones(6, K))
    expected = functional.binary_cross_entropy_with_logits(logits, targets)
    assert _value(found) == pytest.approx(_value(expected), rel=1e-6)
    gradient = _gradient(found, logits)
    torch.testing.assert_close(gradient, _gradient(expected, logits))


def test_unknown_targets_have_no_gradient_and_no_share_in_the_mean() -> None:
    logits, targets = _logits(), _targets()
    hidden = torch.rand(6, K, generator=_rng().manual_seed(2)) < 0.5
    loss = masked_bce(logits, targets.masked_fill(hidden, NAN), torch.ones(6, K))
    gradient = _gradient(loss, logits)
    assert (gradient[hidden] == 0).all()
    assert (gradient[~hidden] != 0).all()
    expected = functional.binary_cross_entropy_with_logits(logits[~hidden], targets[~hidden])
    assert _value(loss) == pytest.approx(_value(expected), rel=1e-6)


def test_weights_say_how_much_each_counts() -> None:
    logits, targets = _logits(), _targets()
    weights = torch.rand(6, K, generator=_rng())
    each = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    found = masked_bce(logits, targets, weights)
    assert _value(found) == pytest.approx(_value((each * weights).sum() / weights.sum()), rel=1e-5)


def test_nothing_known_is_no_loss_and_no_gradient() -> None:
    logits = _logits()
    loss = label_loss(logits, torch.full((6, K), NAN), torch.ones(6, 1))
    assert _value(loss) == 0
    assert (_gradient(loss, logits) == 0).all()


def test_genres_and_instruments_count_the_same() -> None:
    logits, targets = _logits(), _targets()
    targets[1:, GENRE_SLICE] = NAN  # one slice with genres, six with instruments
    kinds = (GENRE_SLICE, INSTRUMENT_SLICE)
    parts = [
        functional.binary_cross_entropy_with_logits(logits[:1, kinds[0]], targets[:1, kinds[0]]),
        functional.binary_cross_entropy_with_logits(logits[:, kinds[1]], targets[:, kinds[1]]),
    ]
    found = label_loss(logits, targets, torch.ones(6, 1))
    assert _value(found) == pytest.approx(_value(parts[0] + parts[1]), rel=1e-6)


def test_blended_slices_learn_the_labels_of_both() -> None:
    logits = _logits(3, K)
    targets = (torch.rand(3, K, generator=_rng()) < 0.5).float()
    share, partner = torch.tensor([0.6, 0.9, 1.0]), torch.tensor([2, 0, 2])
    each = functional.binary_cross_entropy_with_logits(
        logits, targets * share[:, None] + targets[partner] * (1 - share[:, None]), reduction="none"
    )
    expected = each[:, GENRE_SLICE].mean() + each[:, INSTRUMENT_SLICE].mean()
    found = blended_label_loss(logits, targets, share[:, None], partner)
    assert _value(found) == pytest.approx(_value(expected), rel=1e-6)


def test_each_partner_of_a_mixup_keeps_its_own_mask() -> None:
    logits = torch.zeros(2, K, requires_grad=True)
    targets = torch.full((2, K), NAN)
    targets[0, 0], targets[1, 1] = 1.0, 1.0
    # The first is three quarters itself and a quarter the second, which is wholly the first.
    loss = (
        blended_label_loss(logits, targets, torch.tensor([[0.75], [0.0]]), torch.tensor([1, 0])) * 2
    )
    gradient = _gradient(loss, logits)[0]
    # What only one of the two knows counts by its share: d BCE / d logit is -0.5 at 0.
    assert gradient[:2].tolist() == pytest.approx([-0.375, -0.125])
    assert not gradient[2:].any()


def test_teachers_tags_and_embeddings() -> None:
    outputs = _logits(4, WIDTH)
    soft = torch.rand(4, WIDTH, generator=_rng())
    tags = slice(0, N_PROBABILITIES)
    errors = [
        ((outputs[:, columns(name)] - soft[:, columns(name)]) ** 2).mean()
        for name in ("msd_embedding", "mtt_embedding", "audioset", "audioset_embedding")
    ]
    expected = functional.binary_cross_entropy_with_logits(
        outputs[:, tags], soft[:, tags]
    ) + 0.5 * sum(errors)
    found = teacher_loss(outputs, soft, 0.5)
    assert _value(found) == pytest.approx(_value(expected), rel=1e-5)


def test_slice_without_a_teacher_does_not_count() -> None:
    outputs, soft = _logits(4, WIDTH), torch.rand(4, WIDTH, generator=_rng())
    soft[1] = NAN
    loss = teacher_loss(outputs, soft, 0.5)
    heard = torch.tensor([0, 2, 3])
    assert _value(loss) == pytest.approx(_value(teacher_loss(outputs[heard], soft[heard], 0.5)))
    assert not _gradient(loss, outputs)[1].any()


def test_teacher_that_was_not_asked_takes_no_share_from_the_others() -> None:
    outputs, soft = _logits(4, WIDTH), torch.full((4, WIDTH), NAN)
    of = columns("audioset_embedding")
    soft[:, of] = torch.rand(4, of.stop - of.start, generator=_rng())
    loss = teacher_loss(outputs, soft, 0.5)
    expected = 0.5 * ((outputs[:, of] - soft[:, of]) ** 2).mean()
    assert _value(loss) == pytest.approx(_value(expected), rel=1e-5)
    assert not _gradient(loss, outputs)[:, : of.start].any()


def test_no_teacher_at_all_is_no_loss() -> None:
    outputs = _logits(4, WIDTH)
    loss = teacher_loss(outputs, torch.full((4, WIDTH), NAN), 0.5)
    assert _value(loss) == 0
    assert not _gradient(loss, outputs).any()
