"""torchaudio's transforms, which are Python, without its compiled part, which may not load.

torchaudio's wheels for Linux link against CUDA: beside a torch for processors alone, `import
torchaudio` fails although nothing that is used here is compiled. Where that happens, its extension
is replaced by the words "not available", which torchaudio understands.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from tagger.errors import DataError

EXTENSION = "torchaudio._extension"


def functional() -> Any:
    """`torchaudio.functional`; a DataError where torchaudio is not installed."""
    try:
        import torchaudio
    except ModuleNotFoundError as error:
        raise DataError("torchaudio is missing (pip install 'musictag[train]')") from error
    except (ImportError, OSError):
        torchaudio = _without_extension()
    return torchaudio.functional


def _without_extension() -> Any:
    # What was imported before the failure stays behind half made.
    for name in [name for name in sys.modules if name.split(".")[0] == "torchaudio"]:
        del sys.modules[name]
    sys.modules[EXTENSION] = _stub()
    import torchaudio

    return torchaudio


def _stub() -> ModuleType:
    def fail_if_no_align(function: Any) -> Any:
        return function

    stub = ModuleType(EXTENSION)
    stub._IS_TORCHAUDIO_EXT_AVAILABLE = False  # type: ignore[attr-defined]
    stub._IS_ALIGN_AVAILABLE = False  # type: ignore[attr-defined]
    stub._check_cuda_version = lambda: None  # type: ignore[attr-defined]
    stub.fail_if_no_align = fail_if_no_align  # type: ignore[attr-defined]
    return stub
