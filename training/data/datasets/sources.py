"""The kinds of `--source KIND:PATH`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from tagger.errors import DataError
from training.data.datasets import (
    beets_library,
    fma,
    folders,
    gtzan,
    irmas,
    jamendo,
    listing,
    magnatagatune,
    openmic,
)
from training.data.datasets.source import Source

KINDS: dict[str, Callable[..., Source]] = {
    module.NAME: module.load
    for module in (
        beets_library, fma, folders, gtzan, irmas, jamendo, listing, magnatagatune, openmic,
    )
}  # fmt: skip


def load_source(text: str, *, weak: bool = False, gtzan_split: Path | None = None) -> Source:
    """What `KIND:PATH` names; a DataError where the kind is none of ours or there is no data."""
    kind, _, path = text.partition(":")
    if kind not in KINDS or not path:
        raise DataError(f"{text!r} is not KIND:PATH with a KIND of {', '.join(KINDS)}")
    load = partial(KINDS[kind], split=gtzan_split) if kind == gtzan.NAME else KINDS[kind]
    return load(Path(path), weak=weak)
