"""Checkpoints: written whole, and taken up as the weights that another run begins with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tagger.errors import DataError
from tagger.writing.atomic_file import replacing
from training.data.taxonomy import label_names

_HEAD = ("network.head.weight", "network.head.bias")  # a row for each label


def write_checkpoint(state: dict[str, Any], path: Path) -> None:
    """Write the state of a run so that an interrupted write leaves the old one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part:
        torch.save(state, part)


def mean_weights(
    paths: Sequence[Path], own: Mapping[str, Tensor], device: torch.device
) -> dict[str, Tensor]:
    """The mean of the averaged weights in checkpoints, by name, in the shapes of `own`.

    The row of a label that a checkpoint does not know is `own`. Runs that began with the same
    weights may be averaged (Wortsman 2022, "Model soups"). A checkpoint of a network of another
    shape is a DataError that names it.
    """
    found = [_weights(path, own, device) for path in paths]
    return {
        name: torch.stack([weights[name].double() for weights in found]).mean(dim=0).to(value)
        for name, value in own.items()
    }


def _weights(path: Path, own: Mapping[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    state = torch.load(path, map_location=device, weights_only=True)
    known = {name.removeprefix("module."): value for name, value in state["average"].items()}
    for name in set(_HEAD) & set(known):
        known[name] = _fit(known[name], own[name], state["labels"])
    if any(name not in known or known[name].shape != value.shape for name, value in own.items()):
        raise DataError("is of a network of another shape", path)
    return {name: known[name] for name in own}


def _fit(old: Tensor, new: Tensor, labels: list[str]) -> Tensor:
    """Rows of a head by label: those of labels the old one had, else the new one's own.

    Shape: `(K_old, ...)` and `(K, ...)` in, `(K, ...)` out
    """
    rows = dict(zip(labels, old, strict=True))
    names = label_names()
    return torch.stack([rows.get(name, own) for name, own in zip(names, new, strict=True)])
