"""The checkpoint to go on from, of a model of which only the exported network is there.

An exporter folds batch normalisation into the convolutions. Taken up as they are, such weights
would be scaled anew by the first batch that is learned from, so the moments of each convolution
are measured on slices and written back beside weights that undo them: the network says the same
while it learns. The head that answers the teachers was dropped; a ridge regression fits it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper
from scipy.special import logit
from sklearn.linear_model import Ridge
from torch import Tensor, nn

from tagger.errors import DataError
from training.config import Config
from training.data.taxonomy import label_names
from training.data.teacher_outputs import TEACHERS, Teacher, columns
from training.trainer.checkpoints import write_checkpoint
from training.trainer.loop import Student

Floats = npt.NDArray[np.float64]
Slices = Iterable[tuple[Tensor, npt.NDArray[np.float32]]]  # log-mel (B, M, F), teachers (B, WIDTH)
FEWEST = 200  # slices a teacher was asked about, for its head
ALPHA = 300.0  # of the ridge regression
_FOLDED = ".weight_bias"  # the exporter's name for what it folded, after the convolution's
_LEAST = 2e-3  # a teacher's probability, for its logit


def write_start(exported: Path, config: Config, slices: Slices, path: Path) -> None:
    """Write a checkpoint that a run may begin with or learn from.

    Args:
        exported: an ONNX network, with today's labels.
        config: of the network's shape.
        slices: some thousand as they are learned from.
        path: the checkpoint.

    Raises DataError where the network is of another shape.
    """
    student = Student(config).eval()
    with torch.no_grad():
        pairs = _read_folded(exported, student)
        embeddings, asked = _measured(student, pairs, slices)
        _fit_teachers(student.teacher_head, embeddings, asked)
    write_checkpoint({"average": student.state_dict(), "labels": label_names()}, path)


def _read_folded(exported: Path, student: Student) -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    """Weights by name; each normalisation adds what was folded and does nothing else."""
    network = onnx.load(str(exported))
    given = {c.name: _tensor(c) for c in network.graph.initializer}
    values = {**dict(student.network.named_parameters()), **dict(student.network.named_buffers())}
    pairs = list(_normalised(student.network))
    names = {module: name for name, module in student.network.named_modules()}
    folded = {names[norm] for _, norm in pairs}
    try:
        for name, value in values.items():
            if name.rpartition(".")[0] not in folded and value.is_floating_point():
                value.copy_(given[name])
        for convolution, norm in pairs:
            norm.weight.fill_((1 + norm.eps) ** 0.5)
            norm.bias.copy_(given[names[convolution] + _FOLDED])
    except (KeyError, RuntimeError) as error:
        raise DataError(f"is of a network of another shape ({error})", exported) from error
    return pairs


def _tensor(constant: onnx.TensorProto) -> Tensor:
    return torch.from_numpy(numpy_helper.to_array(constant).copy())


def _normalised(module: nn.Module) -> Iterator[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    """Each convolution that batch normalisation follows."""
    layers = list(module.children())
    for layer, following in pairwise(layers):
        if isinstance(layer, nn.Conv2d) and isinstance(following, nn.BatchNorm2d):
            yield layer, following
    for layer in layers:
        yield from _normalised(layer)


def _measured(
    student: Student, pairs: Sequence[tuple[nn.Conv2d, nn.BatchNorm2d]], slices: Slices
) -> tuple[Floats, Floats]:
    """Give the normalisations their moments; returns embeddings and what teachers said of them."""
    moments: dict[nn.BatchNorm2d, list[Tensor]] = {norm: [] for _, norm in pairs}

    def note(convolution: nn.Module, inputs: object, maps: Tensor) -> None:
        power = maps.square().mean(dim=(0, 2, 3))
        moments[norm_of[convolution]].append(torch.stack([maps.mean(dim=(0, 2, 3)), power]))

    norm_of: dict[nn.Module, nn.BatchNorm2d] = dict(pairs)
    hooks = [convolution.register_forward_hook(note) for convolution in norm_of]
    embeddings, asked = [], []
    for mel, soft in slices:
        embeddings.append(student.network.embed(mel).double().numpy())
        asked.append(soft.astype(np.float64))
    for hook in hooks:
        hook.remove()
    for norm, found in moments.items():
        _restore(norm, torch.stack(found).double().mean(dim=0))
    return np.concatenate(embeddings), np.concatenate(asked)


def _restore(norm: nn.BatchNorm2d, moments: Tensor) -> None:
    """Let a normalisation have these moments and do what it did without. Shape: `(2, C)`."""
    mean = moments[0]
    variance = (moments[1] - mean.square()).clamp_min(1e-8)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
    norm.weight.copy_((variance + norm.eps).sqrt())
    norm.bias.add_(mean.to(norm.bias))


def _fit_teachers(head: nn.Linear, embeddings: Floats, asked: Floats) -> None:
    mean, spread = embeddings.mean(axis=0), embeddings.std(axis=0) + 1e-6
    head.weight.zero_()
    head.bias.zero_()
    for teacher in TEACHERS:
        own = asked[:, columns(teacher.name)]
        known = np.isfinite(own).all(axis=1)
        if known.sum() < FEWEST:
            continue
        scaled = (embeddings[known] - mean) / spread
        found = Ridge(alpha=ALPHA).fit(scaled, _aim(teacher, own[known]))
        weights = found.coef_ / spread
        head.weight[columns(teacher.name)] = torch.from_numpy(weights).float()
        offset = found.intercept_ - weights @ mean
        head.bias[columns(teacher.name)] = torch.from_numpy(offset).float()


def _aim(teacher: Teacher, own: Floats) -> Floats:
    """What the head gives: logits of tags, all else as it is."""
    if not teacher.is_probability:
        return own
    return np.asarray(logit(np.clip(own, _LEAST, 1 - _LEAST)))
