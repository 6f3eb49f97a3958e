"""musictag classifies music files by genre and instrument, with a small neural network, offline.

For other programs and notebooks: `tag(path)` gives the Track of one file, `scan(paths)` the Result
of many, `load_model(name)` a model for both; all errors are a MusicTagError. See docs/python.md.

The modules in the order in which data flows through them:

- `vocabulary`  the labels of a model: the only taxonomy
- `audio`       path -> windows of sound
- `models`      a model: its card, its network, and where models are stored
- `inference`   windows -> log-mel slices -> slice scores -> track scores -> tags
- `scanning`    many paths -> the result of each, in parallel, cached
- `tags`        which tags a file holds today, and which of its bytes are sound
- `writing`     results -> plan -> journal -> files, and all of it back
- `report`      results and plans -> table, CSV, JSON, HTML
- `review`      the page that scans, plays, writes and undoes, served on this machine
- `explain`     path -> when and where in the spectrum each tag is found
- `plotting`    pictures as SVG and PNG
- `beam`        the scan on a cluster, as an Apache Beam pipeline (extra `[beam]`)
- `demo`        a synthesised music library to try all of it on
- `cli`         the `musictag` command
- `errors`      what can go wrong, in words for the person at the terminal

Axis letters, the same in every docstring: B batch, S slices, T samples, M mel bands, F frames,
K labels, C channels. Units are written out: Hz, seconds, samples, dBFS.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tagger.errors import MusicTagError
    from tagger.models.model import Model
    from tagger.scanning.api import load_model, scan, tag
    from tagger.scanning.results import Result, Track

# ONNX Runtime would report to its makers. It reads this when it is imported, by whomever: by us,
# by Beam, by a test; all of them import this package first, and processes inherit it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = "0.1.0"

DEFAULT_MODEL = "small"  # the name of the model that ships
CHOSEN = "default"  # stands for the model a person has chosen, the shipped one if they have not

__all__ = [
    "Model", "MusicTagError", "Result", "Track", "__version__", "load_model", "scan", "tag",
]  # fmt: skip

# Where each is imported from when it is first asked for: numpy and the rest take a while.
_LAZY = {
    "tag": "tagger.scanning.api",
    "scan": "tagger.scanning.api",
    "load_model": "tagger.scanning.api",
    "Model": "tagger.models.model",
    "Result": "tagger.scanning.results",
    "Track": "tagger.scanning.results",
    "MusicTagError": "tagger.errors",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'tagger' has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(_LAZY[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
