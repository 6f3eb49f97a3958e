"""torchaudio as a referee of our own transforms.

Its wheels for Linux link against CUDA: beside a torch for processors alone `import torchaudio`
fails, although all that is asked of it here is Python. It works where its folder of compiled
libraries is missing, so there it is imported from a copy without that folder.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any


@cache
def reference(module: str) -> Any:
    """A module of torchaudio by its full name."""
    try:
        return import_module(module)
    except (ImportError, OSError):
        # What was imported before the failure stays behind half made.
        for name in [name for name in sys.modules if name.split(".")[0] == "torchaudio"]:
            del sys.modules[name]
    spec = find_spec("torchaudio")
    assert spec
    assert spec.submodule_search_locations
    folder = Path(tempfile.mkdtemp(prefix="torchaudio-"))
    without = shutil.ignore_patterns("lib", "__pycache__")
    shutil.copytree(spec.submodule_search_locations[0], folder / "torchaudio", ignore=without)
    sys.path.insert(0, str(folder))
    try:
        return import_module(module)
    finally:
        sys.path.remove(str(folder))
