"""The kinds of `--source KIND:PATH`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from tagger.errors import DataError
from training.data.datasets import fma, gtzan, irmas, jamendo, magnatagatune, openmic, own_library
from training.data.datasets.source import Source

KINDS: dict[str, Callable[..., Source]] = {
    "beets": own_library.load_beets,
    "fma": fma.load,
    "folders": own_library.load_folders,
    "gtzan": gtzan.load,
    "irmas": irmas.load,
    "jamendo": jamendo.load,
    "csv": own_library.load_table,
    "magnatagatune": magnatagatune.load,
    "openmic": openmic.load,
}


def load_source(text: str, *, weak: bool = False, gtzan_split: Path | None = None) -> Source:
    """What `KIND:PATH` names; a DataError where the kind is none of ours or there is no data."""
    kind, _, path = text.partition(":")
    if kind not in KINDS or not path:
        raise DataError(f"{text!r} is not KIND:PATH with a KIND of {', '.join(KINDS)}")
    load = partial(KINDS[kind], split=gtzan_split) if kind == gtzan.NAME else KINDS[kind]
    return load(Path(path), weak=weak)
