"""The arrays that a teacher's network is rebuilt from."""

from __future__ import annotations

from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from tagger.errors import DataError


def load_arrays(path: Path, name: str) -> dict[str, npt.NDArray[np.float32]]:
    """All arrays of the teacher of that name; a DataError says how to do without it."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, EOFError, ValueError, BadZipFile) as error:
        reason = getattr(error, "strerror", None) or error
        way_out = "it may be left out of `teachers` in the config"
        raise DataError(f"the {name} teacher cannot be read ({reason}); {way_out}", path) from error
