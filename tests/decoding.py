"""The samples of a file, by FFmpeg."""

from __future__ import annotations

from pathlib import Path

import av


def decoded(path: Path) -> bytes:
    """All samples."""
    with av.open(path) as container:
        return b"".join(frame.to_ndarray().tobytes() for frame in container.decode(audio=0))
